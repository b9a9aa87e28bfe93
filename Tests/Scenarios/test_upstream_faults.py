"""Upstreams that fail: the client gets a precise answer, and half a body is never passed off as
whole.
"""

import socket
import threading

import pytest

from harness import responses
from harness.answers import problem, proxy_status
from harness.client import request
from harness.message import Incomplete, Response
from harness.waiting import free_port, until

BAD_ANSWERS = {
    "garbage": b"\x00\x01\x02garbage\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "no status": b"HTTP/1.1 \r\n\r\n",
    "a status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "length and encoding": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "a signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
    "another encoding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a bare LF": b"HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok",
    "a folded field": b"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\nok",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
    "a NUL": b"HTTP/1.1 200 OK\r\nX-A: \x00\r\nContent-Length: 2\r\n\r\nok",
    "101 without Upgrade": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
    b"Connection: upgrade\r\n\r\n",
    "a huge head": b"HTTP/1.1 200 OK\r\n" + b"X-A: %b\r\n" % (b"a" * 1000) * 90 + b"\r\n",
    "too many fields": b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 200 + b"\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
}


@pytest.mark.parametrize("raw", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_a_bad_answer_is_502_and_its_connection_is_never_reused(start, origin, raw):
    origin.respond = responses.bytes_of(raw, keep=bool(raw) and raw != BAD_ANSWERS["half a head"])
    site = start()
    with site.connect() as client:
        answer = client.ask("/", "POST", body=b"a")
        document = problem(answer, 502)
        proxy_status(answer)
    origin.respond = responses.fixed()
    before = origin.accepted
    with site.connect() as client:
        assert client.ask().status == 200
    assert origin.accepted == before + 1
    assert site.gateway.log_line(status=502)["reason"] == document["reason"]


def test_a_refused_connection_is_502(start):
    site = start(origin=f"127.0.0.1:{free_port()}")
    with site.connect() as client:
        answer = client.ask()
        document = problem(answer, 502)
        assert proxy_status(answer) == "connection_refused"
    line = site.gateway.log_line(status=502)
    assert line["reason"] == document["reason"]
    assert site.origin in str(line)


def test_a_silent_origin_is_504(start, origin):
    origin.respond = responses.silent
    with start(defaults="timeout response=300ms").connect() as client:
        answer = client.ask()
        problem(answer, 504)
        assert proxy_status(answer) == "http_response_timeout"


def test_an_origin_that_does_not_accept_is_504(start):
    """A full backlog drops the connection attempt without an answer."""
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    others = []
    for _ in range(4):
        other = socket.socket()
        other.setblocking(False)
        other.connect_ex(full.getsockname())
        others.append(other)
    site = start(origin=f"127.0.0.1:{full.getsockname()[1]}", defaults="timeout connect=300ms")
    with site.connect() as client:
        answer = client.ask()
        problem(answer, 504)
        assert proxy_status(answer) == "connection_timeout"
    for other in (*others, full):
        other.close()


def test_the_total_timeout_ends_a_body_that_drips(start, origin):
    def respond(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not peer.saw_close(0.05):
            peer.send(b"x")
        return False

    origin.respond = respond
    with start(defaults="timeout total=500ms response=400ms").connect() as client:
        with pytest.raises((Incomplete, ConnectionResetError)):
            client.ask()


CUT = {
    "counted": (b"Content-Length: 1000\r\n\r\nx", b"xxx"),
    "between chunks": (b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", b"3\r\nxxx\r\n"),
    "in a chunk": (b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", b"3\r\nxx"),
    "a bad chunk": (b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", b"+3\r\nxxx\r\n0\r\n\r\n"),
}


def cut(first: bytes, second: bytes, seen: threading.Event):
    """The second piece leaves, and then the end, once the test has seen the first one."""

    def respond(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\n" + first)
        assert seen.wait(5)
        peer.send(second)
        return False

    return respond


@pytest.mark.parametrize("first, second", CUT.values(), ids=CUT.keys())
def test_a_body_cut_short_is_not_passed_off_as_complete(start, origin, first, second):
    seen = threading.Event()
    origin.respond = cut(first, second, seen)
    site = start()
    with site.connect() as client:
        client.send(request())
        answer = client.reader.head(Response)
        while b"x" not in client.reader.buffer:
            assert client.reader.fill()
        seen.set()
        with pytest.raises((Incomplete, ConnectionResetError)):
            client.reader.read_body(answer, to_the_end=True)
    assert site.gateway.log_line(status=200)["reason"]


@pytest.mark.parametrize("first, second", CUT.values(), ids=CUT.keys())
def test_a_body_cut_before_its_head_went_on_is_502(start, origin, first, second):
    """Head, half a body and the end in one read: the client gets no 200, or a cut one."""
    seen = threading.Event()
    seen.set()
    origin.respond = cut(first, second, seen)
    site = start()
    with site.connect() as client:
        try:
            problem(client.ask(), 502)
        except (Incomplete, ConnectionResetError):
            pass
    until(site.gateway.log, what="the log line")
    assert site.gateway.log()[0]["reason"]


def test_a_body_cut_by_a_reset_is_not_passed_off_as_complete(start, origin):
    def respond(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        peer.saw_close(0.2)
        peer.reset()
        return False

    origin.respond = respond
    with start().connect() as client:
        with pytest.raises((Incomplete, ConnectionResetError)):
            client.ask()


def test_surplus_bytes_after_an_answer_never_reach_the_next_client(start, origin):
    """A reused connection with leftovers would hand one client's answer to another."""
    poison = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
    origin.respond = responses.bytes_of(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + poison, keep=True
    )
    site = start()
    for _ in range(5):
        with site.connect() as client:
            assert client.ask().body == b"ok"


def test_a_client_that_leaves_cancels_its_exchange(start, origin):
    origin.respond = watched = responses.Watched()
    site = start()
    with site.connect() as client:
        client.send("GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
        assert watched.arrived.wait(5)
    assert watched.closed.wait(5), "the origin's connection stayed open"
    assert site.gateway.log_line(path="/left")["status"] == 499


def test_a_client_that_resets_during_the_body_cancels_its_exchange(start, origin):
    origin.respond = watched = responses.Watched(
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 1000
    )
    with start().connect() as client:
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.reader.until(b"\r\n\r\n")
        client.reset()
    assert watched.closed.wait(5)


def test_a_client_that_leaves_in_its_own_body_cancels_its_exchange(start, origin):
    site = start()
    with site.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc")
    with site.connect() as client:
        assert client.ask().status == 200
    assert all(len(request.body) == 0 for request in origin.requests)


def test_half_close_is_honoured_on_demand(start, origin):
    with start(listener="half-close on").connect() as client:
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.response().status == 200


def test_the_next_server_is_tried_when_one_is_down(start, origin):
    dead = free_port()
    site = start(upstream=f"server 127.0.0.1:{dead}")
    with site.connect() as client:
        statuses = {client.ask().status for _ in range(10)}
    assert 200 in statuses
    assert statuses <= {200, 502}


def test_requests_are_spread_over_the_servers(start, origin):
    from harness.origin import Origin

    second = Origin()
    site = start(upstream=f"server 127.0.0.1:{second.port}\nbalance round-robin")
    with site.connect() as client:
        for _ in range(10):
            assert client.ask().status == 200
    assert (len(origin.requests), len(second.requests)) == (5, 5)
    second.close()


def test_a_slow_reader_does_not_fill_the_memory(start, origin):
    """50 MB for a client that reads nothing: backpressure must reach the origin."""
    sent = []

    def respond(request, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        peer.connection.settimeout(1)
        try:
            for _ in range(500):
                peer.send(b"x" * 100_000)
                sent.append(100_000)
        except TimeoutError:
            pass
        return False

    origin.respond = respond
    site = start()
    before = site.gateway.resident_bytes
    with site.connect() as client:
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.reader.until(b"\r\n\r\n")
        until(lambda: not origin.open or len(sent) == 500, 10, "the origin to stall")
    assert sum(sent) < 40_000_000
    assert site.gateway.resident_bytes - before < 8 << 20
