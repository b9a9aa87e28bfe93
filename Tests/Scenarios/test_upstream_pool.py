"""Connections to upstreams: kept, reused last-in first-out, checked, and retried only when it is
safe.
"""

import threading

import pytest

from harness import responses
from harness.answers import problem
from harness.client import request
from harness.waiting import until


def connection_of(client, target="/") -> int:
    return client.ask(target).json()["connection"]


def test_a_connection_is_reused_across_clients(start, origin):
    site = start()
    numbers = set()
    for _ in range(10):
        with site.connect() as client:
            numbers.add(connection_of(client))
    assert numbers == {1}


def test_a_close_by_the_origin_is_obeyed(start, origin):
    origin.respond = responses.fixed(fields="Connection: close\r\n", keep=False)
    with start().connect() as client:
        for _ in range(3):
            assert client.ask().status == 200
    assert origin.accepted == 3


def test_an_answer_that_the_close_ends_does_not_return_to_the_pool(start, origin):
    origin.respond = responses.close_delimited(b"abc")
    site = start()
    for _ in range(3):
        with site.connect() as client:
            assert client.ask().body == b"abc"
    assert origin.accepted == 3


def close_second(origin):
    """The origin reads a second request on a connection, then closes without a byte."""
    usual = origin.respond
    counts = {}

    def respond(message, peer):
        counts[peer.number] = counts.get(peer.number, 0) + 1
        if counts[peer.number] == 2:
            peer.read_body(message)
            return False
        return usual(message, peer)

    origin.respond = respond


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_an_idempotent_request_is_tried_once_more(start, origin, method):
    close_second(origin)
    with start().connect() as client:
        assert client.ask().status == 200
        assert client.ask("/again", method).status == 200
    assert [message.target for message in origin.requests].count("/again") == 2


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_another_request_is_never_tried_again(start, origin, method):
    close_second(origin)
    with start().connect() as client:
        assert client.ask().status == 200
        problem(client.ask("/again", method, body=b"pay"), 502)
    assert [message.target for message in origin.requests].count("/again") == 1


def test_a_fresh_connection_that_closes_is_not_tried_again(start, origin):
    origin.respond = lambda message, peer: False
    with start().connect() as client:
        problem(client.ask(), 502)
    assert len(origin.requests) == 1


def test_a_request_is_not_tried_again_after_the_first_byte_of_an_answer(start, origin):
    usual = origin.respond
    with start().connect() as client:
        assert client.ask().status == 200
        origin.respond = responses.bytes_of(b"HTTP/1.1 2")
        problem(client.ask("/again"), 502)
    origin.respond = usual
    assert [message.target for message in origin.requests].count("/again") == 1


def test_a_connection_that_died_while_idle_is_not_used(start, origin):
    site = start()
    with site.connect() as client:
        assert connection_of(client) == 1
        origin.drop_connections()
        until(lambda: not origin.open, what="the connections to be gone")
        # Several idle moments for the gateway to see the end of the connection.
        assert client.ask("/", "GET").status == 200
        assert client.ask("/", "POST", body=b"a").status == 200


def test_bytes_on_an_idle_connection_end_it(start, origin):
    """An origin that gives up waiting says 408; nobody asked, so nobody may get that answer."""
    ended = threading.Event()

    def respond(message, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        peer.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        if peer.saw_close(5):
            ended.set()
        return False

    origin.respond = respond
    with start().connect() as client:
        for _ in range(3):
            assert client.ask().body == b"ok"
            assert ended.wait(5), "the gateway kept the connection"
            ended.clear()


def test_the_pool_has_a_limit(start, origin):
    held = responses.Held()
    origin.respond = held
    site = start(upstream="connections max=200 idle=2 idle-timeout=60s")
    clients = [site.connect() for _ in range(8)]
    for client in clients:
        client.send(request())
    until(lambda: origin.accepted == 8, what="eight connections")
    held.release.set()
    assert [client.response().status for client in clients] == [200] * 8
    until(lambda: len(origin.open) <= 2, what="the pool to shrink to two")
    for client in clients:
        client.socket.close()


def test_an_idle_connection_is_closed_in_time(start, origin):
    site = start(upstream="connections idle=8 idle-timeout=300ms")
    with site.connect() as client:
        client.ask()
    until(lambda: not origin.open, 5, "the idle connection to be closed")


def test_many_clients_share_the_upstream_in_parallel(start, origin):
    site = start(workers=2)
    failures = []

    def work(name):
        with site.connect() as client:
            for number in range(50):
                target = f"/{name}/{number}"
                if client.ask(target).json()["target"] != target:
                    failures.append(target)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(origin.requests) == 800


def test_a_place_that_lies_idle_at_another_worker_is_given_up(start, origin):
    site = start(upstream="connections max=1 idle=1", workers=2)
    # The kernel spreads clients over both workers, and the upstream has one place.
    for _ in range(30):
        with site.connect() as client:
            assert client.ask().status == 200
    assert 1 < origin.accepted <= 30
    until(lambda: len(origin.open) <= 1, 5, "one connection at most")
