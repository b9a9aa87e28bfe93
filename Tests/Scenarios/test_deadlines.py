"""Every wait ends: slow heads, slow bodies, idle connections, clients that do not read."""

import time

import pytest

from harness.answers import problem
from harness.client import request


def elapsed(started: float) -> float:
    return time.monotonic() - started


def test_a_head_that_does_not_end_is_408(start):
    site = start(listener="limits head-timeout=400ms")
    with site.connect() as client:
        started = time.monotonic()
        client.send("GET / HTTP/1.1\r\nHost: a\r\n")
        problem(client.response(), 408)
        assert client.is_closed()
        assert 0.3 < elapsed(started) < 3


def test_dripping_bytes_do_not_extend_the_head_deadline(start):
    site = start(listener="limits head-timeout=500ms")
    with site.connect(seconds=0.05) as client:
        started = time.monotonic()
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
        while elapsed(started) < 4:
            try:
                client.send(b"a")
                if not client.reader.fill():
                    break
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                break
        assert elapsed(started) < 3
        assert b" 408 " in client.reader.buffer


def test_a_connection_without_any_byte_is_closed(start):
    site = start(listener="limits head-timeout=400ms", defaults="timeout idle=400ms")
    with site.connect() as client:
        started = time.monotonic()
        client.until_closed()
        assert elapsed(started) < 4


def test_an_idle_connection_is_closed_without_a_word(start):
    with start(defaults="timeout idle=400ms").connect() as client:
        assert client.ask().status == 200
        started = time.monotonic()
        assert client.is_closed()
        assert 0.2 < elapsed(started) < 4


def test_a_body_that_stops_is_given_up(start, origin):
    with start(defaults="timeout idle=400ms total=2s response=1s").connect() as client:
        started = time.monotonic()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
        assert b" 408 " in client.until_closed()[:20]
        assert elapsed(started) < 5
    assert all(len(message.body) == 0 for message in origin.requests)


def test_a_client_that_does_not_read_is_given_up(start, origin):
    site = start(listener="limits write-stall=1s")
    from harness import responses

    origin.respond = responses.fixed(body=b"x" * 30_000_000)
    with site.connect() as client:
        client.send(request())
        client.reader.until(b"\r\n\r\n")
        from harness.waiting import until

        until(site.gateway.log, 10, "the exchange to end")
    assert site.gateway.log()[0]["reason"]


def test_a_connection_has_a_number_of_requests(start):
    with start(listener="limits requests=3").connect() as client:
        assert client.ask().value("connection") is None
        assert client.ask().value("connection") is None
        assert client.ask().value("connection") == "close"
        assert client.is_closed()


def test_a_connection_has_an_age(start):
    with start(listener="limits max-age=1s").connect() as client:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if client.ask().value("connection") == "close":
                assert client.is_closed()
                return
            time.sleep(0.02)
    pytest.fail("the connection outlived its age")


def test_connections_of_one_client_are_limited(start):
    site = start(listener="limits per-client=5")
    clients = [site.connect() for _ in range(5)]
    for client in clients:
        assert client.ask().status == 200
    with site.connect() as sixth:
        try:
            assert sixth.send(request()).until_closed()[:12] in (
                b"",
                b"HTTP/1.1 503",
                b"HTTP/1.1 429",
            )
        except ConnectionResetError:
            pass
    clients[0].socket.close()
    from harness.waiting import until

    def is_served():
        with site.connect() as again:
            try:
                return again.ask().status == 200
            except Exception:  # refused or reset: not yet
                return False

    until(is_served, 5, "a place to become free")
    for client in clients[1:]:
        client.socket.close()


@pytest.mark.deep
def test_a_body_below_the_least_rate_is_given_up(start):
    with start(listener="limits min-rate=500B").connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        started = time.monotonic()
        while elapsed(started) < 30:
            try:
                client.send(b"x" * 10)
                time.sleep(0.2)
            except (BrokenPipeError, ConnectionResetError):
                break
        assert 4 < elapsed(started) < 15


def test_many_slow_heads_do_not_keep_others_out(start):
    site = start(listener="limits head-timeout=2s per-client=1000")
    slow = [site.connect() for _ in range(300)]
    for client in slow:
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
    started = time.monotonic()
    with site.connect() as client:
        assert client.ask().status == 200
    assert elapsed(started) < 1
    for client in slow:
        client.socket.close()


def test_what_is_left_of_the_time_is_told_to_the_upstream(start, origin):
    site = start(defaults="timeout connect=1s response=5s total=3s pass-on=on")
    with site.connect() as client:
        client.ask()
        client.ask(fields={"X-Request-Deadline": "1500"})
        refused = client.ask(fields={"X-Request-Deadline": "tomorrow"})
    told = [int(request.value("x-request-deadline")) for request in origin.requests]
    assert 2500 <= told[0] <= 3000 and 1000 <= told[1] <= 1500
    assert (refused.status, refused.json()["reason"]) == (400, "bad_request_deadline")


def test_a_client_that_cannot_wait_gets_no_try_that_it_cannot_use(start, origin):
    site = start(defaults="timeout connect=1s response=5s total=3s pass-on=on")
    with site.connect() as client:
        answer = client.ask(fields={"X-Request-Deadline": "0"})
        assert (answer.status, answer.json()["reason"]) == (504, "total_timeout")
        assert client.ask().status == 200
    assert len(origin.requests) == 1
