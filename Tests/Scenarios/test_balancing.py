"""Which server a request goes to: shares, keys, and servers that are ejected."""

import json

import pytest

from harness import responses
from harness.origin import Origin
from harness.site import block
from harness.waiting import until


@pytest.fixture
def second():
    made = Origin()
    yield made
    made.close()


def servers(site) -> dict[str, dict]:
    upstreams = json.loads(site.gateway.admin("/upstreams")[1])["upstreams"]
    return {server["name"]: server for server in upstreams[0]["servers"]}


def test_requests_in_flight_are_counted_over_all_workers(start, origin, second):
    """A held server gets no second request from any worker while the other one is free."""
    held = responses.Held()
    origin.respond = held
    site = start(workers=2, upstream=f"server 127.0.0.1:{second.port}")
    waiting = []
    while not held.arrived.is_set():
        client = site.connect()
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        waiting.append(client)
        until(lambda: len(origin.requests) + len(second.requests) == len(waiting))
    assert servers(site)[f"127.0.0.1:{origin.port}"]["in_flight"] == 1
    for _ in range(20):
        with site.connect() as client:
            assert client.ask("/free").status == 200
    assert len(origin.requests) == 1
    held.release.set()
    assert [client.response().status for client in waiting] == [200] * len(waiting)
    until(lambda: all(server["in_flight"] == 0 for server in servers(site).values()))


def test_a_key_stays_on_its_server_on_every_worker_and_over_a_reload(start, origin, second):
    site = start(
        workers=2,
        upstream=f"server 127.0.0.1:{second.port}\nbalance hash key=header.x-tenant",
    )

    def owner(tenant: str) -> int:
        before = len(origin.requests)
        with site.connect() as client:
            assert client.ask("/", fields={"X-Tenant": tenant}).status == 200
        return len(origin.requests) - before

    owners = {f"t{number}": owner(f"t{number}") for number in range(12)}
    assert set(owners.values()) == {0, 1}
    site.gateway.reload(site.text + "\n")
    for tenant, first in owners.items():
        assert [owner(tenant) for _ in range(3)] == [first] * 3


def test_a_sticky_client_stays_on_its_share_and_the_share_grows_only(start, origin, second):
    def routes(main: int) -> str:
        return block("upstream canary", f"server 127.0.0.1:{second.port}") + block(
            "route every",
            "match path=/**",
            "auth none",
            f"to origin {main}%",
            f"to canary {100 - main}% sticky=cookie.session",
        )

    site = start(routes=routes(70))

    def is_canary(session: str) -> bool:
        before = len(second.requests)
        with site.connect() as client:
            assert client.ask("/", fields={"Cookie": f"a=b; session={session}"}).status == 200
        return len(second.requests) > before

    first = {number for number in range(60) if is_canary(f"s{number}")}
    assert 5 < len(first) < 35
    assert first == {number for number in range(60) if is_canary(f"s{number}")}
    site.routes = routes(40)
    site.gateway.reload(site.text)
    assert first <= {number for number in range(60) if is_canary(f"s{number}")}


def test_an_ejected_server_is_told_and_stays_ejected_over_a_reload(start, origin, second):
    origin.respond = responses.fixed("500 Internal Server Error")
    rule = "outlier consecutive=3 statuses=[500..599] ejection=1m"
    site = start(upstream=f"server 127.0.0.1:{second.port}\nbalance round-robin\n{rule}")
    with site.connect() as client:
        statuses = [client.ask().status for _ in range(20)]
    assert statuses.count(500) == 3
    line = site.gateway.said("a server is ejected")
    assert f"127.0.0.1:{origin.port}" in line and "3 failures in a row" in line
    site.gateway.reload(site.text + "\n")
    with site.connect() as client:
        assert [client.ask().status for _ in range(10)] == [200] * 10
    name = f"127.0.0.1:{origin.port}"
    assert servers(site)[name]["fit"] is False
    assert site.gateway.metric("sluice_upstream_ejections_total", server=name) == 1
    assert site.gateway.metric("sluice_upstream_server_fit", server=name) == 0


def test_a_share_of_errors_ejects(start, origin, second):
    usual = origin.respond

    def every_other(request, peer):
        if len(origin.requests) % 2:
            return responses.fixed("500 Internal Server Error")(request, peer)
        return usual(request, peer)

    origin.respond = every_other
    rule = "outlier consecutive=0 errors=40% min-requests=10 statuses=[500] ejection=1m"
    site = start(upstream=f"server 127.0.0.1:{second.port}\nbalance round-robin\n{rule}")

    def ask_until_ejected():
        with site.connect() as client:
            for _ in range(20):
                client.ask()
        return site.gateway.metric("sluice_upstream_ejections_total") == 1

    until(ask_until_ejected, 10, "the ejection")
    assert "requests failed" in site.gateway.said("a server is ejected")
