"""Server-sent events and other long answers: every byte leaves as it comes, and no stream outlives
either end."""

import threading
import time

import pytest

from harness import responses
from harness.waiting import until

HEADS = {
    "chunked": b"Transfer-Encoding: chunked\r\n",
    "close-delimited": b"Connection: close\r\n",
    "counted": b"Content-Length: 1000000\r\n",
}


class Events:
    """Sends an event whenever the test says so; tells when the gateway gave up."""

    def __init__(self, framing: str):
        self.framing = framing
        self.peer = None
        self.ready = threading.Event()
        self.over = threading.Event()

    def __call__(self, request, peer):
        peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            + HEADS[self.framing]
            + b"\r\n"
        )
        self.peer = peer
        self.ready.set()
        if peer.saw_close(20):
            self.over.set()
        return False

    def send(self, text: bytes) -> None:
        framed = b"%x\r\n%b\r\n" % (len(text), text) if self.framing == "chunked" else text
        self.peer.send(framed)


@pytest.mark.parametrize("framing", HEADS)
def test_events_arrive_one_by_one(start, origin, framing):
    events = origin.respond = Events(framing)
    site = start(route="timeout total=off")
    with site.connect() as client:
        client.send("GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        head = client.reader.until(b"\r\n\r\n")
        assert b"text/event-stream" in head
        assert events.ready.wait(5)
        late = []
        for number in range(20):
            text = b"data: %d\n\n" % number
            began = time.monotonic()
            events.send(text)
            client.reader.until(text)
            late.append(time.monotonic() - began)
        assert sorted(late)[10] < 0.02, late


@pytest.mark.parametrize("framing", HEADS)
def test_a_client_that_leaves_ends_the_stream_at_once(start, origin, framing):
    events = origin.respond = Events(framing)
    site = start(route="timeout total=off")
    with site.connect() as client:
        client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.reader.until(b"\r\n\r\n")
        assert events.ready.wait(5)
    assert events.over.wait(1)
    assert "client_gone" in site.gateway.log_line(path="/events")["flags"]


def test_without_a_total_a_stream_outlives_what_others_are_given(start, origin):
    events = origin.respond = Events("chunked")
    site = start(defaults="timeout total=300ms", route="timeout total=off")
    with site.connect() as client:
        client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.reader.until(b"\r\n\r\n")
        time.sleep(0.6)
        events.send(b"data: late\n\n")
        client.reader.until(b"data: late\n\n")


def test_silence_ends_a_stream_all_the_same(start, origin):
    events = origin.respond = Events("chunked")
    site = start(route="timeout total=off idle=300ms")
    with site.connect() as client:
        began = time.monotonic()
        client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.until_closed()
        assert 0.2 < time.monotonic() - began < 1.5
    assert events.over.wait(1)
    assert site.gateway.log_line(path="/events")["reason"] == "http_response_timeout"


@pytest.mark.timeout(120)
def test_a_thousand_idle_streams_cost_little_memory(start, origin):
    """Measured per stream: both connections, the exchange, its task, and two read buffers."""
    held = threading.Event()

    def respond(request, peer):
        peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n"
        )
        held.wait(60)
        return False

    origin.respond = respond
    site = start(
        route="timeout total=off connect=5s",
        listener="limits per-client=2000",
        upstream="connections max=2000",
    )
    before, clients = site.gateway.resident_bytes, []
    try:
        for _ in range(1000):
            client = site.connect()
            clients.append(client)
            client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.reader.until(b"data: 1\n")
        each = (site.gateway.resident_bytes - before) / 1000
        print(f"{each / 1024:.1f} KiB per idle stream")
        assert each < 64 * 1024
    finally:
        held.set()
        for client in clients:
            client.socket.close()
    until(lambda: site.gateway.descriptors < 100, 10, "descriptors to be given back")


def test_a_last_chunk_ends_a_stream_in_order(start, origin):
    origin.respond = responses.chunked(b"data: 1\n\n", b"data: 2\n\n")
    site = start(route="timeout total=off")
    with site.connect() as client:
        assert client.ask().body == b"data: 1\n\ndata: 2\n\n"
        assert client.ask().status == 200
