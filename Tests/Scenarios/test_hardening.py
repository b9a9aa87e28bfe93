"""Past failures of gateways that need a whole gateway to be shown: see docs/hardening.md."""

import socket
import threading

import pytest

from harness.client import request
from harness.site import block

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
REFUSALS = {
    "no route": ("/nowhere", 404),
    "a wrong method": ("/get", 405),
    "a body over the limit": ("/small", 413),
    "an answer of our own": ("/own", 200),
    "a redirect": ("/away", 308),
}


@pytest.mark.parametrize("target, status", REFUSALS.values(), ids=REFUSALS.keys())
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_refusal_before_the_body_never_makes_a_request_of_it(
    start, origin, target, status, framing
):
    """Record 16: the body looks like a request, and another request comes behind it."""
    site = start(
        routes=(
            block("route get", "match path=/get method=GET", "auth none", "to origin")
            + block("route small", "match path=/small", "auth none", "body max=4B", "to origin")
            + block("route own", "match path=/own", "auth none", 'respond 200 body="own"')
            + block("route away", "match path=/away", "auth none", 'redirect to="/get" status=308')
        )
    )
    if framing == "length":
        body = SMUGGLED
        head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    else:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
        head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with site.connect() as client:
        client.send(head, body, request("/get"))
        answer = client.response("POST")
        assert answer.status == status
        if answer.value("connection") == "close":
            assert client.is_closed()
        else:
            assert client.response().status == 200
    assert "/smuggled" not in [seen.target for seen in origin.requests]


def test_no_part_of_a_request_chooses_the_upstream(start, origin):
    """Record 43: whatever names another server, the one of the config is asked."""
    with start().connect() as client:
        for number, (target, fields) in enumerate(
            [
                ("http://192.0.2.1:1/a", {}),
                ("/a", {"X-Forwarded-Host": "192.0.2.1:1"}),
                ("/a", {"Forwarded": "host=192.0.2.1"}),
                ("/@192.0.2.1/a", {}),
                ("/a?url=http://192.0.2.1/", {"X-Original-Url": "http://192.0.2.1/"}),
                ("/unix:/run/other.sock|http://a/", {}),
            ]
        ):
            host = "192.0.2.1:1" if target.startswith("http") else "localhost"
            assert client.ask(target, fields=fields, host=host).status in (200, 400)
            if "|" not in target:
                assert len(origin.requests) == number + 1


def test_plain_bytes_before_the_upstream_s_handshake_are_no_answer(start, authority):
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            try:
                while True:
                    accepted, _ = server.accept()
                    accepted.sendall(forged)
                    accepted.settimeout(2)
                    with accepted:
                        while accepted.recv(4096):
                            pass
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        site = start(
            origin=f"127.0.0.1:{server.getsockname()[1]}",
            upstream=f'tls server-name=localhost ca="{authority.certificate}"',
        )
        with site.connect() as client:
            answer = client.ask()
        assert answer.status == 502
        assert b"forged" not in answer.body
