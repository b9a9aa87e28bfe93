"""WebSocket through the gateway: real clients and servers, and handshakes that break a rule."""

import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from harness import responses
from harness.answers import problem
from harness.client import request
from harness.websocket import (
    EchoServer,
    HANDSHAKE,
    KEY,
    acceptance,
    dial,
    handshake,
    raw_echo,
    switching,
    tunnel,
)

ROUTE = "upgrade websocket"


# Real peers.


@pytest.fixture(scope="module")
def server():
    with EchoServer(max_size=None) as made:
        yield made


@pytest.mark.parametrize("compression", ["deflate", None])
def test_messages_of_all_sizes_come_back(start, server, compression):
    site = start(origin=server.address, route=ROUTE)
    with dial(site, compression=compression) as socket:
        for message in ("", "hello", "é" * 200, b"\x00\xff" * 40_000, b"z" * (1 << 20)):
            socket.send(message)
            assert socket.recv() == message
        wait = socket.ping()
        assert wait.wait(5)
        assert bool(socket.protocol.extensions) == (compression == "deflate")
    line = site.gateway.log_line(status=101)
    assert line["reason"] is None
    assert line["flags"] and "closed_by_upstream" in line["flags"]
    assert line["bytes_in"] > (80_000 if compression is None else 100)
    assert line["bytes_out"] > (80_000 if compression is None else 100)
    assert site.gateway.metric("sluice_http_requests_total", code="101") == 1


def test_fragments_pass_as_they_are(start):
    seen = []

    def gather(connection):
        for fragment in connection.recv_streaming():
            seen.append(fragment)
        connection.send(iter(["one ", "two ", "three"]))

    with EchoServer(gather, compression=None) as server:
        site = start(origin=server.address, route=ROUTE)
        with dial(site, compression=None) as socket:
            socket.send(iter(["a", "b", "c"]))
            parts = [part for part in socket.recv_streaming() if part]
            assert parts == ["one ", "two ", "three"]
    assert [part for part in seen if part] == ["a", "b", "c"]


def test_a_subprotocol_is_agreed_between_the_ends(start):
    with EchoServer(subprotocols=["chat.v2", "chat.v1"]) as server:
        site = start(origin=server.address, route=ROUTE)
        with dial(site, subprotocols=["chat.v1"]) as socket:
            assert socket.subprotocol == "chat.v1"
            assert socket.response.headers["Connection"] == "Upgrade"
            assert socket.response.headers.get_all("Upgrade") == ["websocket"]


def test_over_tls_on_both_sides(start, authority):
    pair = authority.leaf("websocket", "localhost", "127.0.0.1")
    with EchoServer(ssl=authority.server_context(*pair), max_size=None) as server:
        site = start(
            origin=server.address,
            top=f'certificate edge names=[localhost] cert="{pair[0]}" key="{pair[1]}"\n',
            listener="tls certificates=[edge]",
            upstream=f'tls server-name=localhost ca="{authority.certificate}"',
            route=ROUTE,
        )
        with dial(site, secure=authority.client_context()) as socket:
            message = b"t" * (1 << 20)
            socket.send(message)
            assert socket.recv() == message
    assert site.gateway.log_line(status=101)["reason"] is None


def test_a_slow_reader_holds_the_server_back(start):
    """What the client does not take stays with the server: the gateway keeps one send of it."""
    sent = []
    block = b"x" * (1 << 20)

    def pour(connection):
        for _ in range(64):
            connection.send(block)
            sent.append(1)

    with EchoServer(pour, compression=None) as server:
        site = start(origin=server.address, route=ROUTE)
        before = site.gateway.resident_bytes
        with dial(site, compression=None, max_queue=1) as socket:
            time.sleep(0.7)
            assert len(sent) < 40
            assert site.gateway.resident_bytes - before < 4 << 20
            assert sum(len(socket.recv()) for _ in range(64)) == 64 << 20


def test_a_server_that_refuses_keeps_its_answer(start):
    with EchoServer(process_request=lambda c, r: c.respond(403, "no\n")) as server:
        site = start(origin=server.address, route=ROUTE)
        with pytest.raises(InvalidStatus) as refused:
            dial(site)
        assert refused.value.response.status_code == 403
        assert refused.value.response.body == b"no\n"


def test_an_abrupt_server_is_an_abnormal_closure_for_the_client(start):
    with EchoServer(lambda connection: connection.socket.close()) as server:
        site = start(origin=server.address, route=ROUTE)
        with dial(site) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv()
            assert closed.value.rcvd is None


# Handshakes.


BAD_HANDSHAKES = {
    "no key": handshake(Sec_WebSocket_Key=None),
    "a short key": handshake(Sec_WebSocket_Key="c2hvcnQ="),
    "a key that is no base64": handshake(Sec_WebSocket_Key="!" * 22 + "=="),
    "no version": handshake(Sec_WebSocket_Version=None),
    "POST": handshake().replace(b"GET", b"POST"),
    "HTTP/1.0": handshake().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a body": request(fields=HANDSHAKE, body=b"hello"),
    "two keys": handshake().replace(b"Upgrade: w", b"Sec-WebSocket-Key: a\r\nUpgrade: w"),
}


@pytest.mark.parametrize("raw", BAD_HANDSHAKES.values(), ids=BAD_HANDSHAKES.keys())
def test_a_handshake_that_breaks_a_rule_is_refused(start, origin, raw):
    site = start(route=ROUTE)
    with site.connect() as client:
        document = problem(client.send(raw).response(), 400)
        assert document["reason"] == "upgrade_malformed"
    assert not origin.requests


@pytest.mark.parametrize("token", ["h2c", "H2C", "websocket, h2c", "h2c,websocket"])
def test_a_switch_to_http2_is_refused(start, origin, token):
    site = start(route=ROUTE)
    with site.connect() as client:
        client.send(handshake(Upgrade=token, HTTP2_Settings="AAMAAABk"))
        assert problem(client.response(), 400)["reason"] == "upgrade_refused"
    assert not origin.requests


def test_without_upgrade_in_the_config_a_handshake_is_a_plain_request(start, origin):
    site = start(route="upgrade off", defaults="upgrade websocket")
    with site.connect() as client:
        assert client.send(handshake()).response().status == 200
        assert client.ask().status == 200
    assert origin.requests[0].value("upgrade") is None
    assert origin.requests[0].value("connection") is None


def test_other_protocols_are_not_passed_on(start, origin):
    site = start(route=ROUTE)
    with site.connect() as client:
        assert client.send(handshake(Upgrade="foo/1")).response().status == 200
        assert client.ask().status == 200
    assert origin.requests[0].value("upgrade") is None


BAD_SWITCHES = {
    "another key's answer": switching(acceptance("AAAAAAAAAAAAAAAAAAAAAA==")),
    "no answer to the key": switching().replace(b"Sec-WebSocket-Accept", b"X-Accept"),
    "two answers": switching(more=f"Sec-WebSocket-Accept: {acceptance(KEY)}\r\n"),
    "another protocol": switching().replace(b"websocket", b"h2c"),
    "no Upgrade": switching().replace(b"Upgrade: websocket\r\n", b""),
    "no Connection": switching().replace(b"Connection: Upgrade\r\n", b""),
    "HTTP/1.0": switching().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a body": switching(more="Content-Length: 5\r\n") + b"hello",
    "garbage": b"\x81\x05hello",
}


@pytest.mark.parametrize("raw", BAD_SWITCHES.values(), ids=BAD_SWITCHES.keys())
def test_a_101_that_breaks_a_rule_is_502(start, origin, raw):
    origin.respond = responses.bytes_of(raw)
    site = start(route=ROUTE)
    with site.connect() as client:
        problem(client.send(handshake()).response(), 502)
        assert client.is_closed()


def test_a_101_that_nobody_asked_for_is_502(start, origin):
    origin.respond = responses.bytes_of(switching())
    site = start(route=ROUTE)
    with site.connect() as client:
        problem(client.ask(), 502)


def test_bytes_behind_a_handshake_that_got_200_are_never_a_request(start, origin):
    site = start(route=ROUTE)
    with site.connect() as client:
        client.send(handshake() + request("/smuggled"))
        answer = client.response()
        assert (answer.status, answer.value("connection")) == (200, "close")
        assert client.is_closed()
    assert [asked.target for asked in origin.requests] == ["/"]


def test_no_byte_reaches_the_upstream_before_its_101(start, origin):
    early = threading.Event()

    def respond(asked, peer):
        peer.connection.settimeout(0.3)
        try:
            peer.connection.recv(100)
            early.set()
        except TimeoutError:
            pass
        peer.connection.settimeout(5)
        peer.send(switching() + b"greeting")
        raw_echo(peer)
        return False

    origin.respond = respond
    site = start(route=ROUTE)
    with site.connect() as client:
        client.send(handshake() + b"first words")
        assert client.response().status == 101
        assert client.reader.take(8 + 11) == b"greetingfirst words"
    assert not early.is_set()
