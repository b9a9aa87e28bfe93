"""Bulkheads: never more at the upstream than there are places, a fair line, places given back."""

import concurrent.futures
import threading
import time

import pytest

from harness import responses
from harness.answers import assert_dressed, problem
from harness.site import block
from harness.waiting import until


class Counting:
    """Answers after a moment, and notes how many requests were inside at once, in what order."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.inside = 0
        self.most = 0
        self.order: list[str] = []
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.order.append(request.target)
        time.sleep(self.seconds)
        with self.lock:
            self.inside -= 1
        return responses.fixed()(request)


def ask(site, target="/", **options) -> int:
    with site.connect(seconds=20) as client:
        return client.ask(target, **options).status


def in_use(site) -> float:
    return site.gateway.metric("sluice_bulkhead_in_use")


def waiting(site) -> float:
    return site.gateway.metric("sluice_bulkhead_waiting")


def test_never_more_at_the_upstream_than_there_are_places(start, origin):
    counting = origin.respond = Counting(0.02)
    site = start(
        workers=2, route="bulkhead concurrent=50 queue=20 wait=5s", upstream="connections max=1000"
    )
    with concurrent.futures.ThreadPoolExecutor(500) as pool:
        statuses = list(pool.map(lambda _: ask(site), range(500)))
    assert counting.most <= 50
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 70
    until(lambda: in_use(site) == 0 and waiting(site) == 0, 5, "all places to be given back")


def test_a_full_bulkhead_refuses_at_once(start, origin):
    origin.respond = Counting(1.0)
    site = start(route="bulkhead concurrent=1")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, site)
        until(lambda: in_use(site) == 1, 5, "the place to be taken")
        with site.connect() as client:
            begin = time.monotonic()
            answer = client.ask("/second")
            assert time.monotonic() - begin < 0.5
        assert first.result() == 200
    assert problem(answer, 503)["reason"] == "bulkhead_full"
    assert answer.value("retry-after") == "1"
    assert_dressed(answer)
    line = site.gateway.log_line(path="/second")
    assert (line["reason"], line["origin"]) == ("bulkhead_full", "gateway")


def test_who_waits_too_long_is_refused(start, origin):
    origin.respond = Counting(1.0)
    site = start(route="bulkhead concurrent=1 queue=5 wait=200ms")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, site)
        until(lambda: in_use(site) == 1, 5, "the place to be taken")
        with site.connect() as client:
            begin = time.monotonic()
            answer = client.ask()
            assert 0.15 < time.monotonic() - begin < 0.9
        assert first.result() == 200
    assert problem(answer, 503)["reason"] == "queue_timeout"
    assert len(origin.requests) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_the_line_is_first_come_first_served(start, origin, workers):
    counting = origin.respond = Counting(0.05)
    site = start(workers=workers, route="bulkhead concurrent=1 queue=20 wait=10s")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        asked = []
        for number in range(12):
            asked.append(pool.submit(ask, site, f"/{number}"))
            until(lambda: in_use(site) + waiting(site) + counting_done(counting) > number, 5, "it")
        assert [future.result() for future in asked] == [200] * 12
    assert counting.order == [f"/{number}" for number in range(12)]


def counting_done(counting) -> int:
    with counting.lock:
        return len(counting.order) - counting.inside


def test_a_noisy_caller_does_not_fill_the_line(start, origin):
    counting = origin.respond = Counting(0.1)
    site = start(route="bulkhead concurrent=1 queue=4 wait=10s key=[header.x-tenant]")

    def tenant(name, number):
        return ask(site, f"/{name}{number}", fields={"X-Tenant": name})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        noisy = [pool.submit(tenant, "a", 0)]
        until(lambda: in_use(site) == 1, 5, "the place to be taken")
        noisy += [pool.submit(tenant, "a", number) for number in range(1, 5)]
        until(lambda: waiting(site) == 4, 5, "the line to be full")
        quiet = pool.submit(tenant, "b", 0)
        assert quiet.result() == 200
        statuses = [future.result() for future in noisy]
    assert sorted(statuses) == [200, 200, 200, 200, 503]
    assert counting.order.index("/b0") <= 2


def test_a_client_that_leaves_gives_its_place_back_at_once(start, origin):
    counting = origin.respond = Counting(2.0)
    site = start(workers=2, route="bulkhead concurrent=1 queue=5 wait=10s")
    holder = site.connect()
    holder.send("GET /holder HTTP/1.1\r\nHost: a\r\n\r\n")
    until(lambda: in_use(site) == 1 and counting.inside == 1, 5, "the place to be taken")
    waiter = site.connect()
    waiter.send("GET /waiter HTTP/1.1\r\nHost: a\r\n\r\n")
    until(lambda: waiting(site) == 1, 5, "one to wait")
    waiter.reset()
    until(lambda: waiting(site) == 0, 1, "the line to be empty")
    holder.reset()
    until(lambda: in_use(site) == 0, 1, "the place to be free")
    with site.connect() as client:
        begin = time.monotonic()
        client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: "/next" in counting.order, 1.5, "the next to be served")
        assert time.monotonic() - begin < 1.5
    assert "/waiter" not in counting.order


def test_it_counts_where_it_is_written(start, origin):
    counting = origin.respond = Counting(0.5)
    routes = block(
        "group g",
        "match path=/**",
        "auth none",
        "bulkhead concurrent=1",
        block("route a", "match path=/a", "to origin"),
        block("route b", "match path=/b", "to origin"),
        block("route own", "match path=/own", "bulkhead concurrent=2", "to origin"),
    )
    site = start(routes=routes)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        first = pool.submit(ask, site, "/a")
        until(lambda: in_use(site) == 1, 5, "the place to be taken")
        assert ask(site, "/b") == 503
        own = [pool.submit(ask, site, "/own") for _ in range(2)]
        until(lambda: in_use(site) == 3, 5, "its own places to be taken")
        assert ask(site, "/own") == 503
        assert [first.result()] + [future.result() for future in own] == [200] * 3
    assert counting.most == 3


def test_a_reload_goes_on_counting_with_the_new_number(start, origin):
    origin.respond = Counting(1.0)
    site = start(route="bulkhead concurrent=1")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first = pool.submit(ask, site)
        until(lambda: in_use(site) == 1, 5, "the place to be taken")
        site.gateway.reload(site.text.replace("concurrent=1", "concurrent=2"))
        second = pool.submit(ask, site)
        until(lambda: in_use(site) == 2, 5, "the second place to be taken")
        assert ask(site) == 503
        assert (first.result(), second.result()) == (200, 200)
