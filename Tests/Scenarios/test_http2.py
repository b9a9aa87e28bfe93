"""HTTP/2 at the edge: over TLS by ALPN, in clear text by prior knowledge, with the same policies,
limits and log as HTTP/1.
"""

import json
import socket
import ssl
import subprocess
import time

import httpx
import pytest
from hyperframe import frame as frames

from harness.answers import API_HEADERS
from harness.http2 import PREFACE, H2Client
from harness.waiting import free_port


def target(answer) -> dict:
    assert answer.status == 200, answer
    return json.loads(answer.body)


# The protocol is found.


def test_alpn_chooses_http2_where_both_sides_have_it(secure_both, authority):
    site = secure_both()
    with H2Client(site.address, authority.client_context()) as client:
        assert target(client.ask("/x"))["method"] == "GET"
        assert target(client.ask("/y?z=1"))["target"] == "/y?z=1"
    line = site.gateway.log_line(path="/x")
    assert line["proto"] == "HTTP/2" and line["status"] == 200
    with site.connect(tls=authority.client_context(), name="localhost") as client:
        assert client.ask("/old").status == 200
    assert site.gateway.log_line(path="/old")["proto"] == "HTTP/1.1"


def test_http2_is_not_spoken_unless_the_bind_offers_it(start, leaf, authority):
    site = start(
        top=f'certificate h2 names=[localhost] cert="{leaf[0]}" key="{leaf[1]}"\n',
        listener="tls certificates=[h2]",
    )
    with pytest.raises((ssl.SSLError, AssertionError)):
        H2Client(site.address, authority.client_context())
    plain = start()
    with H2Client(plain.address) as client:
        assert b"505" in client.socket.recv(4096)


def test_prior_knowledge_and_http1_share_a_clear_text_port(clear):
    site = clear()
    with H2Client(site.address) as client:
        assert target(client.ask("/two"))["target"] == "/two"
    with site.connect() as client:
        assert client.ask("/one").status == 200
        time.sleep(1.2)
        assert client.ask("/late").status == 200


def test_a_preface_may_come_byte_by_byte(clear):
    site = clear()
    with socket.create_connection(site.address, timeout=5) as connection:
        for byte in PREFACE + frames.SettingsFrame().serialize():
            connection.sendall(bytes([byte]))
            time.sleep(0.005)
        assert connection.recv(9)[3] == 4


def test_curl_and_httpx_and_nghttp_are_served(secure_both, authority, tmp_path):
    site = secure_both()
    url = f"https://localhost:{site.edge}/clients"
    ca = str(authority.certificate)
    got = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", ca, "-w", "\n%{http_version}", "-d", "x=1", url],
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    ).stdout
    assert got.endswith("\n2") and json.loads(got.rsplit("\n", 1)[0])["bytes"] == 3
    with httpx.Client(http2=True, verify=ssl.create_default_context(cafile=ca)) as client:
        for number in range(20):
            answer = client.post(url, content=b"z" * number)
            assert answer.http_version == "HTTP/2" and answer.json()["bytes"] == number
    got = subprocess.run(
        ["nghttp", "-nv", "--no-verify-peer", url], capture_output=True, text=True, timeout=10
    ).stdout
    assert ":status: 200" in got


# Messages.


def test_policies_hold_as_on_http1(clear, origin):
    site = clear(defaults="secure-headers profile=api\nbody max=10B\ntimeout idle=20s")
    with H2Client(site.address) as client:
        answer = client.ask("/x", more=[("x-forwarded-for", "1.2.3.4"), ("a_b", "c")])
        for name, value in API_HEADERS.items():
            assert answer.value(name) == value
        assert answer.value("x-request-id") and answer.value("date")
        refused = client.ask("/big", body=b"x" * 11, method="POST")
        assert refused.status == 413 and json.loads(refused.body)["reason"] == "body_too_large"
        assert client.ask("/after").status == 200
    fields = dict(origin.requests[0].fields)
    assert "a_b" not in fields and fields["Via" if "Via" in fields else "via"] == "2.0 sluice"


def test_bodies_go_both_ways_with_trailers(clear, origin):
    seen = {}

    def respond(request, peer):
        peer.read_body(request)
        seen["body"], seen["trailers"] = request.body, request.trailers
        peer.send(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"5\r\nhello\r\n0\r\nX-Sum: 9\r\n\r\n",
        )
        return True

    origin.respond = respond
    with H2Client(clear().address) as client:
        frame = client.headers(client.fields("/t", "POST"), ends=False)
        client.send(frame, client.data(frame.stream_id, b"abc"))
        client.send(client.headers([("x-check", "7")], stream=frame.stream_id))
        answer = client.answer(frame.stream_id)
    assert answer.status == 200 and answer.body == b"hello" and answer.ended
    assert answer.trailers == [("x-sum", "9")]
    assert seen["body"] == b"abc" and dict(seen["trailers"]) == {"x-check": "7"}


def test_a_large_body_crosses_both_ways(clear, origin):
    blob = bytes(range(256)) * 4096 * 3

    def respond(request, peer):
        peer.read_body(request)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(blob), blob)
        assert request.body == blob
        return True

    origin.respond = respond
    site = clear(defaults="body max=100MiB")
    got = subprocess.run(
        [
            "curl",
            "-sS",
            "--http2-prior-knowledge",
            "--data-binary",
            "@-",
            f"http://127.0.0.1:{site.edge}/",
        ],
        input=blob,
        capture_output=True,
        timeout=20,
        check=True,
    ).stdout
    assert got == blob


def test_cookie_crumbs_become_one_field(clear, origin):
    with H2Client(clear().address) as client:
        assert client.ask(more=[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")]).status == 200
    cookies = [value for name, value in origin.only_request.fields if name.lower() == "cookie"]
    assert cookies == ["a=1; b=2"]


def test_head_and_no_content_have_no_body(clear, origin):
    with H2Client(clear().address) as client:
        answer = client.ask(method="HEAD")
        assert answer.status == 200 and answer.body == b"" and int(answer.value("content-length"))
        origin.respond = lambda _, peer: peer.send(b"HTTP/1.1 204 No Content\r\n\r\n") or True
        assert client.ask().status == 204


def test_interim_responses_pass(clear, origin):
    def respond(request, peer):
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True

    origin.respond = respond
    with H2Client(clear().address) as client:
        answer = client.ask()
    assert answer.interim == [103] and answer.status == 200


MALFORMED = {
    "upper case": ([("X-A", "b")], "field_name"),
    "connection": ([("connection", "close")], "connection_field"),
    "transfer-encoding": ([("transfer-encoding", "chunked")], "connection_field"),
    "te": ([("te", "gzip")], "te"),
    "late pseudo-field": ([("x", "y"), (":path", "/z")], "misplaced_pseudo_field"),
    "second path": ([(":path", "/z")], "duplicate_pseudo_field"),
    "unknown pseudo-field": ([(":foo", "x")], "unknown_pseudo_field"),
    "line break": ([("x", "a\r\nb: c")], "field_value"),
    "nul": ([("x", "a\0b")], "field_value"),
    "length without body": ([("content-length", "5")], "length_mismatch"),
}


@pytest.mark.parametrize("more, rule", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_request_is_reset_and_logged(edge_h2, more, rule):
    site = edge_h2
    before = len(site.scripted.requests)
    with H2Client(site.address) as client:
        answer = client.ask("/malformed", more=more)
        assert answer.reset == 1, answer
        assert client.ask("/fine").status == 200
    assert [r.target for r in site.scripted.requests[before:]] == ["/fine"]
    site.gateway.log_line(status=400, reason=f"http2_{rule}")


REFUSED = {
    "path": ([(":path", "/a/../b")], 400, "path_not_canonical"),
    "host differs": ([("host", "b.test")], 400, "host_mismatch"),
    "two lengths": ([("content-length", "1"), ("content-length", "1")], 400, "duplicate_field"),
    "authority": ([(":authority", "a@b")], 400, "bad_host"),
}


@pytest.mark.parametrize("more, status, reason", REFUSED.values(), ids=REFUSED.keys())
def test_what_http1_refuses_is_refused(edge_h2, more, status, reason):
    with H2Client(edge_h2.address) as client:
        fields = dict(client.fields("/"))
        regular = [one for one in more if not one[0].startswith(":")]
        fields |= dict(one for one in more if one[0].startswith(":"))
        answer = client.ask(fields=list(fields.items()) + regular)
        assert answer.status == status, answer
        assert json.loads(answer.body)["reason"] == reason


def test_connect_is_refused(edge_h2):
    with H2Client(edge_h2.address) as client:
        answer = client.ask(fields=[(":method", "CONNECT"), (":authority", "a.test:443")])
        assert answer.status == 501


@pytest.mark.parametrize("declared, sent", [(3, b"ab"), (3, b"abcd")])
def test_a_body_that_is_not_as_long_as_declared_reaches_nobody_whole(edge_h2, declared, sent):
    origin = edge_h2.scripted
    ends = []

    def respond(request, peer):
        try:
            peer.read_body(request)
            ends.append("whole")
        except Exception as error:
            ends.append(type(error).__name__)
            raise

    origin.respond = respond
    with H2Client(edge_h2.address) as client:
        stream = client.open(
            "/length", sent, method="POST", more=[("content-length", str(declared))]
        )
        assert client.answer(stream).reset == 1
    assert edge_h2.gateway.log_line(path="/length", reason="http2_length_mismatch")
    assert "whole" not in ends


def test_a_misdirected_request_is_sent_back(start, authority):
    pairs = {name: authority.leaf(name, name) for name in ("a.test", "b.test")}
    top = "".join(
        f'certificate {name[0]} names=[{name}] cert="{cert}" key="{key}"\n'
        for name, (cert, key) in pairs.items()
    )
    port = free_port()
    site = start(
        top=top,
        listener="tls certificates=[a b]",
        bind=f"bind 127.0.0.1:{port} protocols=[h2 http/1.1]",
        edge=port,
    )
    with H2Client(site.address, authority.client_context(), name="b.test") as client:
        assert client.ask("/own").status == 200
        assert client.ask("/other", host="a.test").status == 421
        assert client.ask("/unknown", host="c.test").status == 421
