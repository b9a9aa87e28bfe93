"""Servers of an upstream that fail in every usual way, as real processes under load: how long it
takes until clients see no more of it, and that no storm makes it worse.

`make chaos` runs the same for longer.
"""

import os
import random
import signal
import time

import pytest

from harness.load import Load
from harness.origin import Origin
from harness.site import block
from harness.unruly import Unruly
from harness.waiting import until

CHECKS = "health path=/healthz every=250ms timeout=200ms rise=2 fall=2"
OUTLIERS = "outlier consecutive=3 statuses=[500..599] ejection=30s"
# Seconds after which a fault must be behind the clients, and the share of errors after it.
DETECTION = 3.0
ERRORS_MAX = 0.005


@pytest.fixture
def fleet():
    servers = [Unruly() for _ in range(3)]
    yield servers
    for server in servers:
        server.close()


def site_of(start, fleet, *lines: str, route: str = ""):
    others = [f"server 127.0.0.1:{server.port}" for server in fleet[1:]]
    return start(
        origin=f"127.0.0.1:{fleet[0].port}",
        upstream="\n".join([*others, *lines]),
        defaults="timeout connect=300ms response=600ms total=5s",
        listener="limits per-client=1000",
        route=route,
        workers=2,
    )


def wait_until_well(site) -> None:
    until(
        lambda: site.gateway.metric("sluice_upstream_server_healthy") == 3,
        5,
        "three healthy servers",
    )


FAULTS = {
    "killed": lambda server: server.process.kill(),
    "stopped": lambda server: server.process.send_signal(signal.SIGSTOP),
    "slow": lambda server: server.behave("slow"),
    "answering 500": lambda server: server.behave("errors"),
    "closing mid-body": lambda server: server.behave("cut"),
    "resetting": lambda server: server.behave("reset"),
    "sending garbage": lambda server: server.behave("garbage"),
}

LENGTHS = [pytest.param(2.0, id="quick"), pytest.param(20.0, id="long", marks=pytest.mark.deep)]


@pytest.mark.parametrize("seconds", LENGTHS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_one_of_three_fails(start, fleet, fault, seconds, record_property):
    site = site_of(start, fleet, CHECKS, OUTLIERS)
    wait_until_well(site)
    with Load(site.address) as load:
        time.sleep(0.5)
        began = time.monotonic()
        fault(fleet[1])
        time.sleep(DETECTION + seconds)
        ended = time.monotonic()
    before = load.between(0, began - 0.1)
    assert before and all(outcome.is_good for outcome in before)
    bad = [outcome for outcome in load.between(began - 0.1, ended) if not outcome.is_good]
    last = max((outcome.start + outcome.seconds - began for outcome in bad), default=0.0)
    after = load.between(began + DETECTION, ended)
    share = sum(not outcome.is_good for outcome in after) / len(after)
    told = f"{len(bad)} of {len(load.outcomes)} requests failed, the last after {last:.2f} s"
    record_property("detection", told)
    print(told)
    assert len(after) > 100 * seconds
    assert share < ERRORS_MAX, told


def test_a_server_that_is_well_again_gets_requests_again(start, fleet):
    site = site_of(start, fleet, CHECKS, "outlier consecutive=3 ejection=500ms..1s")
    wait_until_well(site)
    with Load(site.address) as load:
        fleet[1].process.send_signal(signal.SIGSTOP)
        site.gateway.said("a server is unhealthy")
        fleet[1].process.send_signal(signal.SIGCONT)
        until(lambda: fleet_is_well(site), 5, "the server to be taken in again")
        before = fleet[1].count()
        until(lambda: fleet[1].count() > before + 20, 5, "requests at the server")
        began = time.monotonic()
        time.sleep(0.5)
    assert all(outcome.is_good for outcome in load.between(began))


def fleet_is_well(site) -> bool:
    return site.gateway.metric("sluice_upstream_server_fit") == 3


@pytest.mark.parametrize("seconds", LENGTHS)
def test_retries_of_a_total_failure_are_bounded(start, fleet, seconds):
    """All servers answer 500, and every client wants three tries: at most a fifth may be more."""
    site = site_of(start, fleet, route="retry attempts=3 on=[500] backoff=1ms..5ms budget=20%")
    for server in fleet:
        server.behave("errors")
    with Load(site.address) as load:
        time.sleep(2 + seconds)
    asked = len(load.outcomes)
    seen = sum(server.count() for server in fleet)
    assert asked > 100 * seconds
    assert {outcome.status for outcome in load.outcomes} == {500}
    assert asked < seen <= 1.2 * asked + 6, f"{seen} at the servers for {asked} of clients"
    assert site.gateway.metric("sluice_upstream_retries_total", cause="status") == seen - asked
    assert site.gateway.metric("sluice_upstream_retries_denied_total") > 0


def test_one_bad_server_is_hidden_by_retries(start, fleet):
    """No check and no ejection: each request that meets the bad server goes on to another."""
    site = site_of(
        start,
        fleet,
        "balance round-robin",
        "outlier consecutive=0",
        route="retry attempts=2 on=[connect-failure reset 500] backoff=1ms..5ms budget=60%",
    )
    fleet[1].behave("errors")
    with Load(site.address) as load:
        time.sleep(2)
    bad = sum(not outcome.is_good for outcome in load.outcomes)
    assert bad / len(load.outcomes) < ERRORS_MAX, f"{bad} of {len(load.outcomes)}"
    assert fleet[1].count() > 50


def test_a_breaker_opens_and_lets_the_upstream_come_back_gently(start, fleet):
    rule = "breaker errors=50% min-requests=20 window=2s open=1s probes=3 ramp=1s"
    site = site_of(start, fleet, rule, "outlier consecutive=0")
    for server in fleet:
        server.behave("errors")
    with Load(site.address) as load:
        until(lambda: site.gateway.metric("sluice_upstream_breaker_opened_total") >= 1, 5)
        time.sleep(1.5)
        before = sum(server.count() for server in fleet)
        for server in fleet:
            server.behave("ok")
        recovered = time.monotonic()
        until(lambda: load.between(recovered) and load.outcomes[-1].is_good, 5, "a good answer")
        first = time.monotonic() - recovered
        seen = sum(server.count() for server in fleet) - before
        until(lambda: site.gateway.metric("sluice_upstream_breaker_closed") == 1, 5, "the end")
        closed = time.monotonic()
        time.sleep(0.5)
    refused = [outcome for outcome in load.outcomes if outcome.reason == "breaker_open"]
    assert refused and all(outcome.status == 503 for outcome in refused)
    # One period of being open, and the time that one request takes on a busy machine.
    assert first < 1.0 + 1.0, f"the first good answer came after {first:.2f} s"
    asked = len(load.between(recovered, recovered + first))
    assert seen <= 3 + asked / 2, f"{seen} of {asked} requests went through at once"
    assert all(outcome.is_good for outcome in load.between(closed))
    assert '"to":"open"' in site.gateway.said("a breaker opens")


def test_a_refusal_of_the_breaker_says_when_to_come_again(start, origin):
    origin.respond = lambda request, peer: bool(
        peer.send(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n") or True
    )
    site = start(upstream="breaker consecutive=2 open=30s")
    with site.connect() as client:
        assert [client.ask().status for _ in range(2)] == [500, 500]
        answer = client.ask()
        assert answer.status == 503
        assert answer.json()["reason"] == "breaker_open"
        assert 28 <= int(answer.value("retry-after")) <= 30
    assert len(origin.requests) == 2
    line = site.gateway.log_line(status=503)
    assert line["reason"] == "breaker_open"


def test_a_fallback_answers_while_the_breaker_is_open(start, origin, tmp_path):
    origin.respond = lambda request, peer: bool(
        peer.send(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n") or True
    )
    spare = Origin()
    routes = [
        block(
            f"route {name}", f"match path=/{name}", "auth none", "to origin", f"fallback {fallback}"
        )
        for name, fallback in (
            ("fixed", 'respond=200 body="[]" type=application/json'),
            ("other", "to=spare"),
        )
    ]
    site = start(
        upstream="breaker consecutive=2 open=30s",
        top=block("upstream spare", f"server 127.0.0.1:{spare.port}"),
        routes="".join(routes),
    )
    with site.connect() as client:
        assert [client.ask("/fixed").status for _ in range(2)] == [500, 500]
        fixed = client.ask("/fixed")
        assert (fixed.status, fixed.body) == (200, b"[]")
        assert fixed.value("content-type") == "application/json"
        assert fixed.value("retry-after") is None
        other = client.ask("/other")
        assert (other.status, other.json()["target"]) == (200, "/other")
    assert len(origin.requests) == 2 and len(spare.requests) == 1
    assert site.gateway.metric("sluice_upstream_fallbacks_total", upstream="origin") == 2
    line = site.gateway.log_line(path="/other")
    assert line["upstream"]["name"] == "spare" and "fallback" in line["flags"]
    spare.close()


@pytest.mark.parametrize("seconds", LENGTHS)
def test_when_all_servers_fail_the_upstream_is_spared(start, fleet, seconds):
    """Retries and breaker together: never more than 1.2 times what clients ask, nearly nothing
    once the breaker is open, and no rush when it lets go."""
    probes, period = 3, 1.0
    site = site_of(
        start,
        fleet,
        f"breaker errors=50% min-requests=20 window=2s open=1s probes={probes} ramp=2s",
        "outlier consecutive=0",
        route="retry attempts=3 on=[500] backoff=1ms..5ms budget=20%",
    )
    with Load(site.address) as load:
        # The budget's window is two seconds, and so is the breaker's.
        time.sleep(2)
        for server in fleet:
            server.behave("errors")
        opened = "sluice_upstream_breaker_opened_total"
        until(lambda: site.gateway.metric(opened) >= 1, 5, "an open breaker")
        seen = sum(server.count() for server in fleet)
        asked = len(load.outcomes)
        assert seen <= 1.2 * asked + 10, f"{seen} at the servers for {asked} of clients"
        time.sleep(seconds)
        rounds = site.gateway.metric(opened)
        spared = sum(server.count() for server in fleet) - seen
        assert spared <= probes * (rounds + 1) + 20, f"{spared} requests in {rounds} rounds"
        for server in fleet:
            server.behave("ok")
        well = time.monotonic()
        until(lambda: load.outcomes[-1].is_good, period + 1, "a good answer")
        first = time.monotonic() - well
        assert first < period + 0.5, f"the first good answer came after {first:.2f} s"
        # In the first half second of the ramp at most a third of the requests go through.
        began, start_count = time.monotonic(), sum(server.count() for server in fleet)
        time.sleep(0.5)
        through = sum(server.count() for server in fleet) - start_count
        wanted = len(load.between(began))
        assert through <= wanted / 3 + 10, f"{through} of {wanted} went through at once"
        until(lambda: site.gateway.metric("sluice_upstream_breaker_closed") == 1, 5, "the end")
        closed = time.monotonic()
        time.sleep(0.5)
    assert all(outcome.is_good for outcome in load.between(closed))


def test_checks_and_breaker_survive_a_reload(start, fleet):
    site = site_of(start, fleet, CHECKS, "breaker consecutive=5 open=1m")
    wait_until_well(site)
    fleet[2].process.kill()
    site.gateway.said("a server is unhealthy")
    site.gateway.reload(site.text + "\n")
    assert site.gateway.metric("sluice_upstream_server_healthy") == 2
    for server in fleet[:2]:
        server.behave("errors")
    with site.connect() as client:
        statuses = [client.ask().status for _ in range(7)]
        assert statuses == [500] * 5 + [503] * 2
        site.gateway.reload(site.text + "\n\n")
        assert client.ask().status == 503
        site.upstream = site.upstream.replace("consecutive=5", "consecutive=500")
        site.gateway.reload(site.text)
        assert client.ask().status == 500


def test_a_new_server_joins_when_its_first_check_is_good(start, fleet):
    site = site_of(start, fleet[:2], CHECKS)
    until(lambda: site.gateway.metric("sluice_upstream_server_healthy") == 2, 5)
    fleet[2].behave("garbage")
    site.upstream += f"\nserver 127.0.0.1:{fleet[2].port}"
    site.gateway.reload(site.text)
    with site.connect() as client:
        assert [client.ask().status for _ in range(30)] == [200] * 30
    assert fleet[2].count() == 0
    fleet[2].behave("ok")
    wait_until_well(site)
    with site.connect() as client:
        assert [client.ask().status for _ in range(60)] == [200] * 60
    assert fleet[2].count() > 0


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(10, id="quick"),
        pytest.param(100, id="long", marks=[pytest.mark.deep, pytest.mark.timeout(300)]),
    ],
)
def test_no_request_fails_while_servers_come_and_go(start, fleet, rounds):
    seed = int(os.environ.get("SLUICE_SEED", random.randrange(1 << 30)))
    print(f"SLUICE_SEED={seed}")
    source = random.Random(seed)
    site = site_of(start, fleet, CHECKS)
    wait_until_well(site)
    with Load(site.address, clients=16, rate=100) as load:
        for _ in range(rounds):
            chosen = source.sample(fleet, source.randrange(1, 4))
            site.origin = f"127.0.0.1:{chosen[0].port}"
            lines = [f"server 127.0.0.1:{server.port}" for server in chosen[1:]]
            site.upstream = "\n".join([*lines, CHECKS])
            site.gateway.reload(site.text)
            time.sleep(0.2)
    bad = [outcome for outcome in load.outcomes if not outcome.is_good]
    assert len(load.outcomes) > 50 * rounds
    assert bad == []
