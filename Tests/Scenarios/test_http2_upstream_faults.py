"""HTTP/2 upstreams that break off or break rules: what may be sent again is, and nothing else."""

import time

import pytest
from hyperframe import frame as frames

from harness.answers import problem
from harness.client import request
from harness.http2_origin import H2Origin
from harness.waiting import until

H2C = "protocol h2c"
REFUSED, CANCEL, INTERNAL, CALM = 7, 8, 2, 11


@pytest.fixture
def server():
    with H2Origin() as made:
        yield made


def at(start, server, **parts):
    return start(origin=server.address, upstream=H2C, **parts)


def ok(link, stream, fields, body):
    link.answer(stream, body=b"ok")


def once(fault):
    """The first stream meets the fault, all others are answered."""
    seen = []

    def respond(link, stream, fields, body):
        seen.append(stream)
        (fault if len(seen) == 1 else ok)(link, stream, fields, body)

    return respond


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_stream_is_sent_again(start, server, method):
    server.respond = once(lambda link, stream, fields, body: link.reset(stream, REFUSED))
    site = at(start, server)
    with site.connect() as client:
        assert client.ask("/", method).body == b"ok"
    assert len(server.requests) == 2
    assert "retried" in site.gateway.log_line(status=200)["flags"]


def test_a_stream_above_the_last_one_of_a_goaway_is_sent_again(start, server):
    server.respond = once(lambda link, stream, fields, body: link.go_away(0))
    site = at(start, server)
    with site.connect() as client:
        assert client.ask("/", "POST").body == b"ok"
    assert len(server.links) == 2


def test_streams_up_to_the_last_one_of_a_goaway_are_answered(start, server):
    def respond(link, stream, fields, body):
        link.raw(frames.GoAwayFrame(0, last_stream_id=stream))
        link.answer(stream, body=b"last words")

    server.respond = once(respond)
    site = at(start, server)
    with site.connect() as client:
        assert client.ask().body == b"last words"
        assert client.ask().body == b"ok"
    assert len(server.links) == 2


@pytest.mark.parametrize("code", [0, INTERNAL, CANCEL, CALM])
def test_another_reset_is_502_and_never_sent_again(start, server, code):
    server.respond = once(lambda link, stream, fields, body: link.reset(stream, code))
    site = at(start, server)
    with site.connect() as client:
        assert problem(client.ask(), 502)["reason"] == "connection_terminated"
        assert client.ask().body == b"ok"
    assert len(server.requests) == 2


def test_an_end_of_the_connection_fails_its_streams(start, server):
    server.respond = once(lambda link, stream, fields, body: link.close())
    site = at(start, server)
    with site.connect() as client:
        assert problem(client.ask(), 502)["reason"] == "connection_terminated"
        assert client.ask().body == b"ok"


def test_a_stale_connection_is_tried_once_more(start, server):
    server.respond = ok
    site = at(start, server)
    with site.connect() as client:
        assert client.ask().body == b"ok"
        server.respond = once(lambda link, stream, fields, body: link.close())
        assert client.ask().body == b"ok"
        server.respond = once(lambda link, stream, fields, body: link.close())
        problem(client.ask("/", "POST", body=b"x"), 502)


def test_a_body_that_breaks_off_is_never_whole(start, server):
    def respond(link, stream, fields, body):
        link.head(stream)
        link.body(stream, b"half", ends=False)
        time.sleep(0.1)
        link.reset(stream, INTERNAL)

    server.respond = respond
    with at(start, server).connect() as client:
        client.send(request())
        assert not client.until_closed().endswith(b"0\r\n\r\n")


def fields(*more, status=(":status", "200")):
    def respond(link, stream, asked, body):
        head = frames.HeadersFrame(stream, link.block([status, *more]))
        head.flags |= {"END_HEADERS", "END_STREAM"}
        link.raw(head)

    return respond


def sized(length, body):
    return lambda link, stream, asked, _: link.answer(
        stream, fields=[("content-length", length)], body=body
    )


def after_end(link, stream, asked, body):
    link.answer(stream, body=b"x", trailers=[(":status", "200")])


BAD_ANSWERS = {
    "no status": fields(status=("x-a", "1")),
    "a status of letters": fields(status=(":status", "abc")),
    "a status of four digits": fields(status=(":status", "2000")),
    "two statuses": fields((":status", "200")),
    "101": fields(status=(":status", "101")),
    "an unknown pseudo-field": fields((":x", "1")),
    "a name in upper case": fields(("X-A", "1")),
    "a name with a space": fields(("x a", "1")),
    "an empty name": fields(("", "1")),
    "a value with a line break": fields(("x-a", "1\r\nx-b: 2")),
    "a value with a NUL": fields(("x-a", "1\x002")),
    "Connection": fields(("connection", "close")),
    "Transfer-Encoding": fields(("transfer-encoding", "chunked")),
    "Upgrade": fields(("upgrade", "websocket")),
    "two lengths": fields(("content-length", "1"), ("content-length", "2")),
    "a signed length": fields(("content-length", "+1")),
    "two content types": fields(("content-type", "a/b"), ("content-type", "c/d")),
    "a body without its promise": fields(("content-length", "5")),
    "a body shorter than its length": sized("5", b"four"),
    "a body longer than its length": sized("3", b"four"),
    "too many fields": fields(*[("x-a", "1")] * 200),
    "a huge head": fields(*[("x-a", "a" * 1000)] * 90),
    "a pseudo-field behind the body": after_end,
}


@pytest.mark.parametrize("respond", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_a_bad_answer_is_502_and_its_connection_is_never_reused(start, server, respond):
    server.respond = respond
    site = at(start, server)
    with site.connect() as client:
        client.send(request(fields={"Connection": "close"}))
        got = client.until_closed()
        is_cut = respond in CUT and b"\r\n0\r\n" not in got
        assert got.startswith(b"HTTP/1.1 502") or is_cut, got
    server.respond = ok
    with site.connect() as client:
        assert client.ask().body == b"ok"
    assert len(server.links) == 2
    assert site.gateway.process.poll() is None


# Their head was good: only an end that breaks off can tell.
CUT = {
    BAD_ANSWERS["a body shorter than its length"],
    BAD_ANSWERS["a body longer than its length"],
    BAD_ANSWERS["a pseudo-field behind the body"],
}


GARBAGE = {
    "another protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a DATA frame on stream 0": frames.DataFrame(1, b"x").serialize()[:5] + b"\0\0\0\0x",
    "a push promise": bytes.fromhex("000005050400000001") + b"\0\0\0\2\x88",
    "a frame that is too large": bytes.fromhex("ffffff000000000001"),
}


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=GARBAGE.keys())
def test_a_broken_connection_is_502_for_all_of_its_streams(start, server, raw):
    server.respond = once(lambda link, stream, fields, body: link.raw(raw))
    site = at(start, server)
    with site.connect() as client:
        problem(client.ask(), 502)
        assert client.ask().body == b"ok"
    assert len(server.links) == 2


def test_a_silent_server_is_asked_whether_it_is_there(start, server):
    """A stream that waited in vain makes the connection doubtful; the next one pays for it once."""
    server.respond = lambda *_: None
    site = at(start, server, defaults="timeout response=200ms")
    with site.connect() as client:
        problem(client.ask(), 504)
        until(lambda: server.links[0].resets, 2, "the reset")
        server.respond = ok
        assert client.ask().body == b"ok"
    assert len(server.links) == 1


def test_a_connection_that_answers_no_ping_is_given_up(start):
    import socket
    import threading

    listener = socket.create_server(("127.0.0.1", 0))
    taken = []

    def swallow():
        while True:
            connection, _ = listener.accept()
            taken.append(connection)

    threading.Thread(target=swallow, daemon=True).start()
    site = start(
        origin=f"127.0.0.1:{listener.getsockname()[1]}",
        upstream=H2C,
        defaults="timeout response=200ms",
    )
    with site.connect() as client:
        problem(client.ask(), 504)
        began = time.monotonic()
        taken[0].settimeout(10)
        try:
            while taken[0].recv(65536):
                pass
        except ConnectionResetError:
            pass
        assert time.monotonic() - began < 8
    listener.close()
