"""TLS at the edge: versions, names, ALPN, resumption across workers and reloads, hostile
handshakes.
"""

import socket
import ssl
import struct
import subprocess

import pytest

from harness.client import Client, request
from harness.tls import certificate, handshake
from harness.waiting import until


@pytest.mark.parametrize("version, name", [("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")])
def test_both_versions_are_served(secure, authority, version, name):
    with handshake(secure(), authority.client_context(version=version)) as client:
        assert client.socket.version() == name
        assert client.ask("/x").json()["target"] == "/x"


def test_the_least_version_is_kept(secure, authority):
    site = secure(tls="min=1.3")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(site, authority.client_context(version="1.2"))
    with handshake(site, authority.client_context(version="1.3")) as client:
        assert client.ask().status == 200


def test_old_versions_are_refused(secure):
    site = secure()
    for version in ("-tls1", "-tls1_1"):
        done = subprocess.run(
            [
                "openssl",
                "s_client",
                version,
                "-cipher",
                "ALL:@SECLEVEL=0",
                "-connect",
                f"127.0.0.1:{site.edge}",
            ],
            input=b"",
            capture_output=True,
            timeout=10,
            check=False,
        )
        assert b"Cipher is (NONE)" in done.stdout or done.returncode != 0


@pytest.mark.parametrize("cipher", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"])
def test_ciphers_without_forward_secrecy_or_aead_are_refused(secure, authority, cipher):
    context = authority.client_context(version="1.2")
    context.set_ciphers(cipher + ":@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(secure(certificates="ec rsa"), context)


def test_hsts_is_sent_over_tls(secure, authority):
    with handshake(secure(), authority.client_context()) as client:
        assert "max-age=63072000" in client.ask().value("strict-transport-security")


@pytest.mark.parametrize(
    "offer, chosen",
    [
        (("http/1.1",), "http/1.1"),
        (("h3", "http/1.1"), "http/1.1"),
        ((), None),
    ],
)
def test_alpn_chooses_what_both_speak(secure, authority, offer, chosen):
    with handshake(secure(), authority.client_context(alpn=offer)) as client:
        assert client.socket.selected_alpn_protocol() == chosen
        assert client.ask().status == 200


def test_an_alpn_without_a_common_protocol_is_refused(secure, authority):
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(secure(), authority.client_context(alpn=("smtp",)))


def test_rsa_and_ecdsa_serve_one_name(secure, authority):
    site = secure(certificates="ec rsa")
    for cipher, kind in (
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "RSA"),
    ):
        context = authority.client_context(version="1.2")
        context.set_ciphers(cipher)
        with handshake(site, context) as client:
            assert kind in client.socket.cipher()[0]


def resumed(site, context, count: int, session=None) -> tuple[int, ssl.SSLSession]:
    """How many of `count` connections resumed the session of the one before."""
    hits = 0
    for _ in range(count):
        with handshake(site, context, session=session) as client:
            # The ticket of TLS 1.3 comes with the first answer.
            assert client.ask().status == 200
            hits += client.socket.session_reused
            session = client.socket.session
    return hits, session


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_every_session_resumes_over_all_workers_and_a_reload(secure, authority, version):
    site = secure(workers=4)
    context = authority.client_context(version=version)
    _, session = resumed(site, context, 1)
    hits, session = resumed(site, context, 50, session)
    assert hits == 50
    site.gateway.reload(site.text + "# changed\n")
    hits, _ = resumed(site, context, 50, session)
    assert hits == 50


def test_one_ticket_is_sent(secure, authority):
    done = subprocess.run(
        [
            "openssl",
            "s_client",
            "-connect",
            f"127.0.0.1:{secure().edge}",
            "-servername",
            "localhost",
            "-tls1_3",
            "-ign_eof",
            "-CAfile",
            str(authority.certificate),
        ],
        input=request("/", fields={"Connection": "close"}),
        capture_output=True,
        timeout=10,
        check=False,
    )
    assert done.stdout.count(b"New Session Ticket arrived") == 1
    assert b"HTTP/1.1 200" in done.stdout


def test_openssl_and_curl_trust_the_edge(secure, authority):
    site = secure()
    done = subprocess.run(
        [
            "curl",
            "-sS",
            "--cacert",
            str(authority.certificate),
            "-D",
            "-",
            f"https://localhost:{site.edge}/a",
        ],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HTTP/1.1 200")
    assert "x-request-id" in done.stdout.lower()


def test_clear_text_on_a_tls_port_gets_no_answer_from_the_origin(secure, origin):
    site = secure()
    with site.connect() as client:
        client.send(request())
        assert b"200" not in client.until_closed()[:20]
    assert origin.requests == []


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\xff\xff",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x15\x03\x01\x00\x00",
        b"\x16\x03\x01\x00\x00" * 100,
        b"\x17\x03\x03\x00\x05hello",
        b"\x80\x2e\x01\x00\x02",
        b"\x00" * 600,
    ],
    ids=[
        "half a hello",
        "alert first",
        "empty alert",
        "empty records",
        "data first",
        "SSL 2",
        "zeros",
    ],
)
def test_a_hostile_handshake_ends_alone(secure, authority, raw):
    site = secure()
    with site.connect() as client:
        client.send(raw)
        client.socket.shutdown(socket.SHUT_WR)
        client.until_closed()
    with handshake(site, authority.client_context()) as client:
        assert client.ask().status == 200


def test_a_reset_during_the_handshake_ends_alone(secure, authority):
    site = secure()
    for _ in range(50):
        with socket.create_connection(site.address) as raw:
            raw.sendall(b"\x16\x03\x01\x02\x00\x01")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with handshake(site, authority.client_context()) as client:
        assert client.ask().status == 200


def test_a_handshake_that_stalls_is_given_up(secure):
    site = secure()
    with site.connect(seconds=20) as client:
        client.send(b"\x16\x03\x01\x02\x00\x01")
        client.until_closed()


def test_a_body_over_tls_returns_whole(secure, authority, origin):
    from harness import responses

    origin.respond = responses.fixed(body=b"x" * 5_000_000)
    with handshake(secure(), authority.client_context()) as client:
        assert client.ask().body == b"x" * 5_000_000


def test_a_body_cut_short_over_tls_is_noticed(secure, authority, origin):
    from harness import responses
    from harness.message import Incomplete

    origin.respond = responses.cut_short(500_000, b"x" * 300_000)
    with handshake(secure(), authority.client_context()) as client:
        with pytest.raises((Incomplete, ConnectionResetError, ssl.SSLError)):
            client.ask()


def test_a_plain_listener_redirects_to_https(start, leaves):
    from harness.waiting import free_port

    port = free_port()
    site = start(
        top=certificate("ec", "localhost", leaves["ec"]),
        listener="tls min=1.2 certificates=[ec]\n}\nlistener plain {\n"
        f"bind 127.0.0.1:{port}\nredirect https",
    )
    with Client(("127.0.0.1", port)) as client:
        answer = client.ask("/a?b=c", host="localhost")
    assert answer.status in (301, 308)
    assert answer.value("location").startswith("https://localhost")
    assert answer.value("location").endswith("/a?b=c")
    assert site.gateway.process.poll() is None


def test_the_upstream_is_verified_by_default(start, authority, leaves):
    from harness.origin import Origin

    stranger = authority.__class__(authority.folder / "stranger")
    pair = stranger.leaf("stranger", "localhost", "127.0.0.1")
    origin = Origin(tls=stranger.server_context(*pair))
    site = start(origin=f"127.0.0.1:{origin.port}", upstream="tls server-name=localhost")
    with site.connect() as client:
        answer = client.ask()
        assert answer.status == 502
        assert "tls_certificate_error" in answer.value("proxy-status")
    assert origin.requests == []
    origin.close()


def test_an_upstream_with_a_known_authority_is_used(start, authority, leaves):
    from harness.origin import Origin

    origin = Origin(tls=authority.server_context(*leaves["ec"]))
    site = start(
        origin=f"127.0.0.1:{origin.port}",
        upstream=f'tls server-name=localhost ca="{authority.certificate}"',
    )
    with site.connect() as client:
        assert [client.ask().status for _ in range(3)] == [200] * 3
    assert origin.accepted == 1
    origin.close()


def test_an_upstream_with_another_name_is_refused(start, authority, leaves):
    from harness.origin import Origin

    origin = Origin(tls=authority.server_context(*leaves["ec"]))
    site = start(
        origin=f"127.0.0.1:{origin.port}",
        upstream=f'tls server-name=other.example ca="{authority.certificate}"',
    )
    with site.connect() as client:
        assert client.ask().status == 502
    assert origin.requests == []
    origin.close()


@pytest.mark.parametrize("name, is_well", [("localhost", True), ("other.example", False)])
def test_checks_of_a_server_see_the_same_tls_as_requests(start, authority, leaves, name, is_well):
    from harness.origin import Origin

    origin = Origin(tls=authority.server_context(*leaves["ec"]))
    site = start(
        origin=f"127.0.0.1:{origin.port}",
        upstream=f'tls server-name={name} ca="{authority.certificate}"\n'
        "health path=/healthz every=100ms timeout=100ms rise=1 fall=1",
    )
    result = "success" if is_well else "failure"
    until(lambda: site.gateway.metric("sluice_upstream_health_checks_total", result=result) > 2)
    assert site.gateway.metric("sluice_upstream_server_healthy") == is_well
    assert {request.value("host") for request in origin.requests} <= {name}
    assert bool(origin.requests) == is_well
    origin.close()
