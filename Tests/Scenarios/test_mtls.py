"""Client certificates: who is taken, what a route demands, what upstreams are told, what happens to
those that were revoked.
"""

import base64
import hashlib
import pathlib
import ssl
import subprocess

import pytest

from harness.answers import problem
from harness.client_certificates import ClientAuthority, context
from harness.site import block
from harness.tls import certificate, handshake
from harness.waiting import free_port, until

ROUTES = block(
    "route devices", "match path=/devices/**", "auth any=[device]", "to origin"
) + block("route open", "match path=/**", "auth none", "to origin")


@pytest.fixture(scope="module")
def devices(tmp_path_factory) -> ClientAuthority:
    return ClientAuthority(tmp_path_factory.mktemp("clients") / "devices")


@pytest.fixture(scope="module")
def pump(devices):
    return devices.client("pump", "URI:spiffe://example.com/device/pump")


@pytest.fixture
def site(secure, devices):
    def start(identity: str = "", ask: str = "optional", authorities=None, **parts):
        ca = authorities or devices.certificate
        parts.setdefault("routes", ROUTES)
        top = parts.pop("top", "")
        return secure(
            tls=f'min=1.2 client-ca="{ca}" client-cert={ask}',
            top=f'{top}identity device mtls ca="{ca}" {identity}\n',
            **parts,
        )

    return start


def asked(site, made, path="/devices/1", session=None, **options):
    with handshake(site, made, session=session) as client:
        return client.ask(path, **options)


def der(pair) -> bytes:
    text = pair[0].read_text()
    end = "-----END CERTIFICATE-----\n"
    return ssl.PEM_cert_to_DER_cert(text[: text.index(end) + len(end)])


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_route_demands_what_the_listener_only_asks_for(site, authority, pump, origin, version):
    site = site('san="spiffe://example.com/device/*" claim-header.x-device=san')
    assert asked(site, context(authority, version=version), "/open").status == 200
    nobody = asked(site, context(authority, version=version))
    assert problem(nobody, 401)["reason"] == "credential_missing"
    assert nobody.value("www-authenticate") == "ClientCertificate"
    answer = asked(site, context(authority, pump, version))
    assert answer.status == 200
    assert origin.requests[-1].value("x-device") == "spiffe://example.com/device/pump"
    line = site.gateway.log_line(status=200, identity="device")
    assert line["subject"] == "spiffe://example.com/device/pump"


@pytest.mark.parametrize("protocol", ["--http1.1", "--http2"])
def test_curl_shows_its_certificate_over_both_protocols(site, authority, pump, origin, protocol):
    port = free_port()
    bind = f"bind 127.0.0.1:{port} protocols=[h2 http/1.1]"
    site = site("forward=leaf", edge=port, bind=bind)
    done = subprocess.run(
        [
            "curl", "-sS", protocol, "--cacert", str(authority.certificate),
            "--cert", str(pump[0]), "--key", str(pump[1]), "-o", "/dev/null",
            "-w", "%{http_code} %{http_version}", "-H", "Client-Cert: :Zm9yZ2Vk:",
            "-H", "Client_Cert: :Zm9yZ2Vk:", f"https://localhost:{site.edge}/devices/1",
        ],
        capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("200 1.1" if protocol == "--http1.1" else "200 2")
    told = [value for name, value in origin.requests[-1].fields if "cert" in name.lower()]
    assert told == [":" + base64.b64encode(der(pump)).decode() + ":"]


def test_a_copy_of_the_field_that_came_from_outside_is_taken_off(site, authority, pump, origin):
    site = site("forward=chain")
    forged = {"Client-Cert": ":Zm9yZ2Vk:", "Client-Cert-Chain": ":Zm9yZ2Vk:"}
    assert asked(site, context(authority), "/open", fields=forged).status == 200
    assert origin.requests[-1].value("client-cert") is None
    assert origin.requests[-1].value("client-cert-chain") is None
    assert asked(site, context(authority, pump), fields=forged).status == 200
    assert origin.requests[-1].value("client-cert") == (
        ":" + base64.b64encode(der(pump)).decode() + ":"
    )
    assert origin.requests[-1].value("client-cert-chain") is None


@pytest.mark.parametrize(
    "rule, passes",
    [
        ('san="spiffe://example.com/device/*"', True),
        ('san="spiffe://example.com/device"', False),
        ('san="spiffe://example.com/sensor/*"', False),
        ('san=["spiffe://example.com/sensor/*" "spiffe://example.com/**"]', True),
        ('subject="CN=pump"', True),
        ('subject="CN=*"', True),
        ('subject="CN=pump,O=Example"', False),
        ('subject="CN=pum"', False),
        ('san="spiffe://example.com/device/*" subject="CN=valve"', False),
    ],
)
def test_rules_say_which_certificates_are_meant(site, authority, pump, origin, rule, passes):
    site = site(rule)
    answer = asked(site, context(authority, pump))
    if passes:
        assert answer.status == 200
    else:
        assert problem(answer, 401)["reason"] == "credential_invalid"
        assert origin.requests == []
        assert site.gateway.log_line(status=401)["deny"] == "certificate_not_meant"


def test_a_fingerprint_names_one_certificate(site, authority, devices, pump):
    other = devices.client("other", "URI:spiffe://example.com/device/other")
    digest = hashlib.sha256(der(pump)).hexdigest()
    colons = ":".join(digest[i : i + 2] for i in range(0, 64, 2)).upper()
    running = site(f'fingerprint="{colons}"')
    assert asked(running, context(authority, pump)).status == 200
    assert asked(running, context(authority, other)).status == 401


def test_a_certificate_of_a_stranger_ends_the_handshake(site, authority, tmp_path, origin):
    stranger = ClientAuthority(tmp_path / "stranger").client("pump")
    with pytest.raises((ssl.SSLError, ConnectionResetError, BrokenPipeError)):
        asked(site(), context(authority, stranger))
    assert origin.requests == []


def test_one_listener_knows_devices_of_two_authorities_apart(
    site, authority, devices, pump, tmp_path
):
    partners = ClientAuthority(tmp_path / "partners", "Partners")
    shop = partners.client("shop")
    both = tmp_path / "both.pem"
    both.write_text(devices.certificate.read_text() + partners.certificate.read_text())
    routes = block(
        "route d", "match path=/d", "auth any=[device]", "to origin"
    ) + block("route p", "match path=/p", "auth any=[partner]", "to origin")
    running = site(
        authorities=both, routes=routes,
        top=f'identity partner mtls ca="{partners.certificate}"\n',
    )  # fmt: skip
    assert asked(running, context(authority, shop), "/p").status == 200
    assert asked(running, context(authority, pump), "/d").status == 200
    assert asked(running, context(authority, pump), "/p").status == 401


def test_a_server_certificate_is_no_client(site, authority, devices, origin):
    server = devices.client("server", use="serverAuth")
    with pytest.raises((ssl.SSLError, ConnectionResetError, BrokenPipeError)):
        asked(site(), context(authority, server))
    assert origin.requests == []


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_resumed_session_keeps_its_identity(site, authority, pump, version):
    site = site("forward=leaf", workers=2)
    made = context(authority, pump, version)
    session, resumed = None, 0
    for _ in range(6):
        with handshake(site, made, session=session) as client:
            assert client.ask("/devices/1").status == 200
            resumed += client.socket.session_reused
            session = client.socket.session
    assert resumed == 5
    assert asked(site, context(authority, version=version)).status == 401


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_session_that_needs_more_than_its_ticket_holds_is_not_resumed(
    site, authority, devices, tmp_path, version
):
    between = ClientAuthority(tmp_path / "between", "Between", issuer=devices)
    pair = between.client("valve")
    site = site("forward=chain")
    made = context(authority, pair, version)
    session = None
    for _ in range(3):
        with handshake(site, made, session=session) as client:
            assert client.ask("/devices/1").status == 200
            assert not client.socket.session_reused
            session = client.socket.session


def s_client(site, authority, *arguments: str, pair=None) -> str:
    shown = ["-cert", str(pair[0]), "-key", str(pair[1])] if pair else []
    done = subprocess.run(
        [
            "openssl", "s_client", "-connect", f"127.0.0.1:{site.edge}", "-servername", "localhost",
            "-CAfile", str(authority.certificate), "-ign_eof", *shown, *arguments,
        ],
        input="GET /devices/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        capture_output=True, text=True, timeout=15, check=False,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_revoked_certificate_neither_passes_nor_resumes(
    site, authority, tmp_path, origin, version
):
    folder: pathlib.Path = tmp_path / "revoking"
    clients = ClientAuthority(folder)
    good, bad = clients.client("good"), clients.client("bad")
    lists = clients.revocations(tmp_path / "devices.crl")
    running = site(f'crl="{lists}"', authorities=clients.certificate)
    kept = tmp_path / "session.pem"
    assert "HTTP/1.1 200" in s_client(
        running, authority, version, "-sess_out", str(kept), pair=bad
    )
    again = s_client(running, authority, version, "-sess_in", str(kept), pair=bad)
    assert "Reused" in again and "HTTP/1.1 200" in again
    # A connection that is open when the list comes is judged by it too.
    with handshake(running, context(authority, bad)) as client:
        assert client.ask("/devices/1").status == 200
        clients.revoke("bad")
        clients.revocations(lists)
        running.gateway.said("identity device: its keys were read again")
        until(lambda: client.ask("/devices/1").status == 401, 5, "the revocation to be heeded")
    seen = len(origin.requests)
    later = s_client(running, authority, version, "-sess_in", str(kept), pair=bad)
    assert "Reused" not in later and "HTTP/1.1 401" in later
    assert "HTTP/1.1 401" in s_client(running, authority, version, pair=bad)
    assert len(origin.requests) == seen
    line = running.gateway.log_line(status=401, deny="certificate_revoked")
    assert line["rule"].startswith("auth routes.conf:")
    assert "HTTP/1.1 200" in s_client(running, authority, version, pair=good)


def test_a_list_that_is_out_of_date_refuses_everyone(site, authority, tmp_path):
    clients = ClientAuthority(tmp_path / "late")
    pair = clients.client("good")
    lists = clients.revocations(tmp_path / "late.crl", "-crl_lastupdate", "20200101000000Z",
                                "-crl_nextupdate", "20200102000000Z")  # fmt: skip
    running = site(f'crl="{lists}"', authorities=clients.certificate)
    assert asked(running, context(authority, pair)).status == 401
    assert running.gateway.log_line(status=401)["deny"] == "certificate_revocation_unknown"


def test_lists_that_cannot_be_read_never_take_the_place_of_good_ones(site, authority, tmp_path):
    clients = ClientAuthority(tmp_path / "broken")
    pair = clients.client("good")
    lists = clients.revocations(tmp_path / "broken.crl")
    running = site(f'crl="{lists}"', authorities=clients.certificate)
    lists.write_text("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    running.gateway.said("identity device: the new keys are refused, the old ones stay")
    assert asked(running, context(authority, pair)).status == 200


@pytest.mark.parametrize(
    "identity, words",
    [('crl="none.crl"', "none.crl cannot be read"), ('crl="routes.conf"', "revocation_list")],
)
def test_a_list_that_is_not_there_stops_the_start(site, identity, words):
    with pytest.raises(AssertionError, match=words):
        site(identity)


def test_a_listener_that_asks_for_nothing_is_a_mistake(secure, devices):
    with pytest.raises(AssertionError, match="A0131"):
        secure(top=f'identity device mtls ca="{devices.certificate}"\n', routes=ROUTES)


def test_a_certificate_that_every_connection_must_have(site, authority, pump):
    running = site(ask="required")
    assert asked(running, context(authority, pump), "/open").status == 200
    with pytest.raises((ssl.SSLError, ConnectionResetError, BrokenPipeError)):
        asked(running, context(authority), "/open")


def test_one_certificate_is_not_two_identities(site, authority, pump, tmp_path):
    other = ClientAuthority(tmp_path / "other", "Other")
    routes = block("route both", "match path=/**", "auth all=[device other]", "respond 200")
    running = site(routes=routes, top=f'identity other mtls ca="{other.certificate}"\n')
    assert asked(running, context(authority, pump)).status == 401
