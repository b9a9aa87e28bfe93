"""WebSocket on streams of HTTP/2 (RFC 8441) to upstreams that speak HTTP/1.1."""

import signal
import socket
import struct
import threading
import time

import pytest

from harness import responses
from harness.http2 import H2Client
from harness.site import block
from harness.waiting import until
from harness.websocket import EchoServer, acceptance, raw_echo, switching, tunnel
from harness.websocket_http2 import H2Sockets

ROUTE = "upgrade websocket"
CANCEL, PROTOCOL_ERROR = 8, 1


@pytest.fixture(scope="module")
def server():
    with EchoServer(max_size=None) as made:
        yield made


def test_messages_of_all_sizes_come_back(clear, server):
    site = clear(origin=server.address, route=ROUTE)
    with H2Sockets(site.address) as client:
        assert client.offers_connect
        talk = client.dial("/chat")
        assert "sec-websocket-accept" not in talk.fields
        assert not {"connection", "upgrade", "content-length"} & set(talk.fields)
        for message in ("", "hello", "é" * 200, b"\x00\xff" * 40_000, b"z" * (1 << 20)):
            talk.say(message)
            assert talk.hear() == message
        talk.ping()
        talk.close()
        talk.until_over()
        assert talk.ended
        talk.finish()
    line = site.gateway.log_line(path="/chat")
    assert (line["status"], line["method"], line["reason"]) == (200, "GET", None)
    assert line["upstream"]["status"] == 101 and line["proto"] == "HTTP/2"
    assert line["bytes_in"] > 1 << 20 and line["bytes_out"] > 1 << 20
    assert site.gateway.metric("sluice_http_requests_total", code="200") == 1


def test_over_tls_with_requests_beside_it(secure_both, authority, server):
    site = secure_both(origin=server.address, route=ROUTE)
    with H2Sockets(site.address, authority.client_context()) as client:
        talks = [client.dial(f"/{number}") for number in range(20)]
        for number, talk in enumerate(talks):
            talk.say(f"message {number}")
        assert [talk.hear() for talk in talks] == [f"message {number}" for number in range(20)]
        # A plain GET to a WebSocket server is told so, on the same connection.
        plain = client.connect("/plain", ends=True)
        plain.answered()


def test_what_the_upstream_is_asked(clear, origin):
    origin.respond = tunnel(raw_echo)
    site = clear(route=ROUTE)
    with H2Sockets(site.address) as client:
        talk = client.dial(
            "/x", fields=[("sec-websocket-key", "bm90IG91cnMuLi4uLi4uLg=="), ("origin", "http://a")]
        )
        talk.write(b"first words")
        assert talk.take(11) == b"first words"
    asked = origin.only_request
    assert (asked.method, asked.target) == ("GET", "/x")
    assert asked.value("connection") == "Upgrade" and asked.value("upgrade") == "websocket"
    assert asked.value("sec-websocket-version") == "13" and asked.value("origin") == "http://a"
    key = asked.value("sec-websocket-key")
    assert len(key) == 24 and key != "bm90IG91cnMuLi4uLi4uLg=="


def test_a_subprotocol_and_an_extension_are_agreed_between_the_ends(clear, origin):
    def respond(asked, peer):
        more = "Sec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Extensions: x\r\n"
        peer.send(switching(acceptance(asked.value("sec-websocket-key")), more))
        raw_echo(peer)
        return False

    origin.respond = respond
    site = clear(route=ROUTE)
    with H2Sockets(site.address) as client:
        talk = client.dial(fields=[("sec-websocket-protocol", "chat.v1")])
        assert talk.fields["sec-websocket-protocol"] == "chat.v1"
        assert talk.fields["sec-websocket-extensions"] == "x"
    assert origin.only_request.value("sec-websocket-protocol") == "chat.v1"


# Ends.


def test_the_end_of_either_side_is_passed_on(clear, origin):
    heard = threading.Event()

    def talk_to(peer):
        assert peer.reader.fill() and peer.reader.buffer == b"bye"
        assert not peer.reader.fill()
        heard.set()
        peer.send(b"and bye")

    origin.respond = tunnel(talk_to)
    site = clear(route=ROUTE)
    with H2Sockets(site.address) as client:
        talk = client.dial()
        talk.write(b"bye")
        talk.finish()
        assert heard.wait(5)
        assert talk.take(7) == b"and bye"
        talk.until_over()
        assert talk.ended and talk.reset is None
    line = site.gateway.log_line(path="/")
    assert "closed_by_client" in line["flags"] and "response_cut" not in line["flags"]


def test_a_client_s_reset_is_a_reset_for_the_upstream(clear, origin):
    ended = []

    def talk_to(peer):
        try:
            while peer.reader.fill():
                peer.reader.buffer = b""
            ended.append("in order")
        except ConnectionResetError:
            ended.append("reset")

    origin.respond = tunnel(talk_to)
    site = clear(route=ROUTE)
    with H2Sockets(site.address) as client:
        talk = client.dial()
        talk.write(b"some")
        talk.cancel()
        until(lambda: ended, 5, "the upstream's end")
    assert ended == ["reset"]
    assert "client_gone" in site.gateway.log_line(path="/")["flags"]


def test_an_upstream_s_reset_cancels_the_stream_only(clear, origin):
    def talk_to(peer):
        if peer.reader.fill() and peer.reader.buffer == b"break":
            linger = struct.pack("ii", 1, 0)
            peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            peer.connection.close()
        else:
            raw_echo(peer)

    origin.respond = tunnel(talk_to)
    site = clear(route=ROUTE)
    with H2Sockets(site.address) as client:
        other, broken = client.dial("/other"), client.dial("/broken")
        broken.write(b"break")
        assert broken.until_over().reset == CANCEL
        other.write(b"still")
        assert other.take(5) == b"still"
        assert not client.goaways
    assert site.gateway.log_line(path="/broken")["reason"] == "connection_terminated"


# Handshakes that become none.


def test_an_unknown_protocol_is_not_implemented(clear, origin):
    site = clear(route=ROUTE)
    with H2Sockets(site.address) as client:
        refused = client.connect(protocol="connect-udp").until_over()
        assert refused.status == 501
        assert b"protocol_not_supported" in refused.bytes
    assert not origin.requests


def test_a_route_without_upgrade_takes_no_connect(clear, origin):
    routes = block("route open", "match path=/open", "auth none", ROUTE, "to origin")
    routes += block("route plain", "match path=/plain", "auth none", "to origin")
    routes += block("route own", "match path=/own", "auth none", "respond 204")
    site = clear(routes=routes)
    with H2Sockets(site.address) as client:
        plain = client.connect("/plain").until_over()
        assert plain.status == 501 and b"upgrade_not_served" in plain.bytes
        assert client.connect("/own").until_over().status >= 500
        assert client.connect("/none").until_over().status == 404
    assert not origin.requests


def test_without_any_upgrade_extended_connect_is_not_offered(clear):
    site = clear()
    with H2Client(site.address) as client:
        head = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http")]
        fields = head + [(":path", "/"), (":authority", "localhost")]
        assert client.answer(client.open(fields=fields)).reset == PROTOCOL_ERROR
        assert client.settings.get(8, 0) == 0


def test_policies_hold_for_the_handshake(clear, origin):
    bucket = "bucket few rate=1/m burst=1 key=[client.ip]\n"
    origin.respond = tunnel(raw_echo)
    site = clear(top=bucket, route=ROUTE + "\nlimit few")
    with H2Sockets(site.address) as client:
        client.dial()
        refused = client.connect().until_over()
        assert refused.status == 429 and refused.fields["retry-after"]
    assert len(origin.requests) == 1


def test_an_upstream_that_refuses_keeps_its_answer(clear):
    with EchoServer(process_request=lambda c, r: c.respond(403, "no\n")) as refusing:
        site = clear(origin=refusing.address, route=ROUTE)
        with H2Sockets(site.address) as client:
            refused = client.connect().until_over()
            assert (refused.status, refused.bytes, refused.ended) == (403, b"no\n", True)


@pytest.mark.parametrize(
    "raw",
    [
        switching("AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        switching().replace(b"websocket", b"h2c"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=["another key's answer", "another protocol", "200", "204"],
)
def test_only_a_sound_101_makes_a_tunnel(clear, origin, raw):
    origin.respond = responses.bytes_of(raw)
    site = clear(route=ROUTE)
    with H2Sockets(site.address) as client:
        assert client.connect().until_over().status == 502


def test_no_byte_reaches_the_upstream_before_its_101(clear, origin):
    early = threading.Event()

    def respond(asked, peer):
        peer.connection.settimeout(0.3)
        try:
            peer.connection.recv(100)
            early.set()
        except TimeoutError:
            pass
        peer.connection.settimeout(5)
        peer.send(switching(acceptance(asked.value("sec-websocket-key"))) + b"greeting")
        raw_echo(peer)
        return False

    origin.respond = respond
    site = clear(route=ROUTE)
    with H2Sockets(site.address) as client:
        talk = client.connect()
        talk.write(b"first words")
        assert talk.answered().status == 200
        assert talk.take(8 + 11) == b"greetingfirst words"
    assert not early.is_set()


# Bounds.


def test_a_slow_reader_holds_the_server_back(clear):
    sent = []

    def pour(connection):
        for _ in range(64):
            connection.send(b"x" * (1 << 20))
            sent.append(1)

    with EchoServer(pour, compression=None) as pouring:
        site = clear(origin=pouring.address, route=ROUTE)
        before = site.gateway.resident_bytes
        with H2Sockets(site.address) as client:
            talk = client.connect()
            talk.reads = False
            talk.answered()
            client.read(0.5)
            time.sleep(0.7)
            assert len(sent) < 40
            assert site.gateway.resident_bytes - before < 4 << 20


def test_a_slow_server_holds_the_client_back(clear, origin):
    release = threading.Event()

    def sleepy(peer):
        release.wait(10)
        raw_echo(peer)

    origin.respond = tunnel(sleepy)
    site = clear(route=ROUTE)
    before = site.gateway.resident_bytes
    with H2Sockets(site.address) as client:
        talk = client.dial()
        # The kernels on both sides and the stream's window hold some of it.
        sent = talk.write(b"x" * (64 << 20), seconds=1.5)
        assert sent < 32 << 20
        assert site.gateway.resident_bytes - before < 4 << 20
        release.set()


@pytest.mark.parametrize(
    "bound, reason", [("idle=300ms", "upgrade_idle"), ("max=300ms", "upgrade_max")]
)
def test_time_ends_a_tunnel_in_order(clear, origin, bound, reason):
    origin.respond = tunnel(raw_echo)
    site = clear(route=f"upgrade websocket {bound}")
    with H2Sockets(site.address) as client:
        talk = client.dial().until_over()
        assert talk.ended or talk.reset == 0
        assert not client.goaways
    assert site.gateway.log_line(path="/")["reason"] == reason


def test_bytes_end_a_tunnel(clear, origin):
    origin.respond = tunnel(raw_echo)
    site = clear(route="upgrade websocket bytes=1KiB")
    with H2Sockets(site.address) as client:
        talk = client.dial()
        talk.write(b"x" * 500)
        assert talk.take(500) == b"x" * 500
        talk.write(b"y" * 100)
        talk.until_over()
    assert site.gateway.log_line(path="/")["reason"] == "upgrade_bytes"


def test_a_drain_gives_a_tunnel_the_grace(clear, origin):
    origin.respond = tunnel(raw_echo)
    site = clear(route=ROUTE)
    with H2Client(site.address) as client:
        head = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http")]
        head += [(":path", "/"), (":authority", "localhost"), ("sec-websocket-version", "13")]
        opening = client.headers(head, ends=False)
        stream = opening.stream_id
        client.send(opening)
        until(lambda: client.read(0.1) and stream in client.answers, 5, "the answer")
        talk = client.answers[stream]
        site.gateway.signal(signal.SIGTERM)
        until(lambda: client.read(0.1) and client.goaways, 5, "GOAWAY")
        client.send(client.data(stream, b"still"))
        until(lambda: client.read(0.1) and talk.body == b"still", 5, "the echo")
        client.send(client.data(stream, b"", ends=True))
        assert client.answer(stream).ended
    assert site.gateway.exit_code() == 0
