"""Limits in a real Redis: shared by gateways, by Redis' clock, and what holds when it is away."""

import concurrent.futures
import threading
import time

import pytest

from harness.answers import problem
from harness.redis import Redis
from harness.waiting import until

POLICY = "bucket b rate={rate} burst={burst} key=[client.ip] store=main"


def top(redis, rate="1/d", burst=10, options="", scheme="redis", who="") -> str:
    return (
        f"redis main url={scheme}://{who}127.0.0.1:{redis.port} {options}\n"
        + POLICY.format(rate=rate, burst=burst)
    )


@pytest.fixture
def redis(tmp_path):
    with Redis(tmp_path) as server:
        yield server


def is_up(site) -> bool:
    return site.gateway.metric("sluice_redis_up") == 1


def connected(site):
    until(lambda: is_up(site), 5, "the gateway to reach redis")
    return site


def statuses(site, count: int) -> list[int]:
    with site.connect() as client:
        return [client.ask().status for _ in range(count)]


def admitted_per_second(sites, seconds: float) -> tuple[int, list[int], list[float]]:
    """Keeps all sites busy. Returns how many were admitted, all statuses, and all durations."""
    found: list[int] = []
    durations: list[float] = []
    stop = time.monotonic() + seconds
    lock = threading.Lock()

    def run(site):
        own, times = [], []
        with site.connect() as client:
            while time.monotonic() < stop:
                begin = time.monotonic()
                own.append(client.ask().status)
                times.append(time.monotonic() - begin)
        with lock:
            found.extend(own)
            durations.extend(times)

    threads = [threading.Thread(target=run, args=(site,)) for site in sites for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found.count(200), found, durations


def test_two_gateways_share_one_bucket_exactly(start, redis):
    sites = [connected(start(workers=2, top=top(redis), route="limit b")) for _ in range(2)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda number: statuses(sites[number % 2], 10), range(8)))
    found = [status for run in runs for status in run]
    assert found.count(200) == 10
    assert found.count(429) == 70


def test_answers_tell_what_redis_has_left(start, redis):
    site = connected(start(top=top(redis, "6/m", 2), route="limit b x-ratelimit=on"))
    with site.connect() as client:
        first, second, third = client.ask(), client.ask(), client.ask()
        fourth = client.ask()
    assert first.values("ratelimit-policy") == ['"b";q=2;w=20']
    assert first.value("ratelimit") == '"b";r=1;t=10'
    assert second.value("ratelimit").startswith('"b";r=0;t=')
    assert first.value("x-ratelimit-remaining") == "1"
    for refused in (third, fourth):
        document = problem(refused, 429)
        assert document["violated-policies"] == ["b"]
        assert 0 < int(refused.value("retry-after")) <= 10


def test_a_refused_key_is_refused_without_asking_again(start, redis):
    site = connected(start(top=top(redis, burst=1), route="limit b"))
    assert statuses(site, 2) == [200, 429]

    def calls() -> int:
        lines = redis.ask("INFO", "commandstats").splitlines()
        found = [line for line in lines if line.startswith("cmdstat_evalsha:")]
        return int(found[0].split("calls=")[1].split(",")[0])

    before = calls()
    assert statuses(site, 100) == [429] * 100
    assert calls() == before


def test_keys_expire_when_their_bucket_is_full(start, redis):
    site = connected(start(top=top(redis, "5/s", 5), route="limit b"))
    assert statuses(site, 1) == [200]
    keys = redis.ask("KEYS", "sluice:b:*")
    assert keys.startswith("*1\r\n")
    assert "127.0.0.1" not in keys
    until(lambda: redis.ask("KEYS", "sluice:b:*").startswith("*0"), 2, "the key to expire")


def test_a_refusal_in_redis_gives_back_what_was_taken_here(start, redis):
    site = connected(
        start(
            top=top(redis, burst=1) + "\nbucket here rate=1/d burst=5 key=[client.ip]",
            route="limit b\nlimit here",
        )
    )
    with site.connect() as client:
        assert client.ask().status == 200
        answers = [client.ask() for _ in range(10)]
        redis.ask("FLUSHALL")
    assert [answer.status for answer in answers] == [429] * 10
    assert all(problem(answer, 429)["violated-policies"] == ["b"] for answer in answers)


def test_scripts_that_redis_has_forgotten_are_told_again(start, redis):
    site = connected(start(top=top(redis), route="limit b"))
    assert statuses(site, 1) == [200]
    redis.ask("SCRIPT", "FLUSH")
    assert statuses(site, 3) == [200, 200, 200]
    assert is_up(site)


def test_a_quota_in_redis(start, redis):
    text = (
        f"redis main url=redis://127.0.0.1:{redis.port}\n"
        "bucket q quota=3/d key=[route] store=main"
    )
    site = connected(start(top=text, route="limit q"))
    assert statuses(site, 4) == [200, 200, 200, 429]


@pytest.mark.parametrize("user", [None, "gateway"])
def test_a_password_is_sent_and_a_wrong_one_is_told(start, tmp_path, user):
    with Redis(tmp_path, password="open sesame", user=user) as server:
        who = f"{user}@" if user else ""
        secret = 'password=secret("env:REDIS_PW")'
        good = start(
            top=top(server, options=secret, who=who),
            route="limit b",
            environment={"REDIS_PW": "open sesame"},
        )
        assert statuses(connected(good), 11).count(200) == 10
        bad = start(
            top=top(server, options=secret, who=who),
            route="limit b",
            environment={"REDIS_PW": "wrong"},
        )
        until(lambda: any("is away" in line for line in bad.gateway.errors), 5, "a log line")
        assert any("WRONGPASS" in line for line in bad.gateway.errors)
        assert not any("wrong\"" in line or "sesame" in line for line in bad.gateway.errors)
        assert not is_up(bad)


def test_tls_is_verified(start, tmp_path, authority):
    certificate, key = authority.leaf("redis", "127.0.0.1")
    with Redis(tmp_path, tls={"cert": certificate, "key": key}) as server:
        options = f'ca="{authority.certificate}"'
        good = connected(start(top=top(server, options=options, scheme="rediss"), route="limit b"))
        assert statuses(good, 11).count(200) == 10
        bad = start(top=top(server, scheme="rediss"), route="limit b")
        until(lambda: any("is away" in line for line in bad.gateway.errors), 5, "a log line")
        assert not is_up(bad)


@pytest.mark.parametrize("mode, status", [("allow", 200), ("deny", 503), ("local", 200)])
def test_what_holds_when_redis_was_never_there(start, redis, mode, status):
    redis.kill()
    site = start(top=top(redis, options=f"on-failure={mode}"), route="limit b")
    found = statuses(site, 20)
    if mode == "local":
        assert found.count(200) == 10 and found.count(429) == 10
    else:
        assert found == [status] * 20
    if mode == "deny":
        with site.connect() as client:
            answer = client.ask()
        assert problem(answer, 503)["reason"] == "limit_store_unavailable"
        assert answer.value("retry-after") == "1"


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_an_outage_is_short_local_and_over_soon(start, redis, how):
    """No 5xx, the gateway's share is admitted, nobody waits, and it is global again within 2 s."""
    site = connected(start(top=top(redis, "100/s", 10), route="limit b"))
    until(lambda: redis.ask("ZCARD", "sluice:gateways") == ":1\r\n", 3, "a heartbeat")
    getattr(redis, how)()
    admitted_per_second([site], 0.3)
    begin = time.monotonic()
    passed, found, durations = admitted_per_second([site], 2.0)
    elapsed = time.monotonic() - begin
    assert set(found) <= {200, 429}
    assert abs(passed - 100 * elapsed) <= 0.1 * 100 * elapsed + 10
    assert sorted(durations)[int(len(durations) * 0.99)] < 0.05
    assert not is_up(site)
    redis.start() if how == "kill" else redis.resume()
    begin = time.monotonic()
    until(lambda: is_up(site), 2, "redis to be used again")
    assert time.monotonic() - begin < 2
    lines = [line for line in site.gateway.errors if "redis main is" in line]
    assert len(lines) == 2, lines


def test_gateways_share_the_limit_while_redis_is_away(start, redis):
    sites = [connected(start(top=top(redis, "200/s", 20), route="limit b")) for _ in range(2)]
    until(lambda: redis.ask("ZCARD", "sluice:gateways") == ":2\r\n", 3, "both to be known")
    time.sleep(1.5)
    redis.kill()
    admitted_per_second(sites, 0.5)
    begin = time.monotonic()
    passed, found, _ = admitted_per_second(sites, 2.0)
    elapsed = time.monotonic() - begin
    assert set(found) <= {200, 429}
    assert abs(passed - 200 * elapsed) <= 0.1 * 200 * elapsed + 20


@pytest.mark.deep
def test_three_gateways_admit_what_the_limit_allows(start, redis):
    sites = [
        connected(start(workers=1, top=top(redis, "1000/s", 100), route="limit b"))
        for _ in range(3)
    ]
    begin = time.monotonic()
    passed, found, _ = admitted_per_second(sites, 20)
    allowed = 1000 * (time.monotonic() - begin) + 100
    assert set(found) <= {200, 429}
    assert len(found) > passed
    assert abs(passed - allowed) <= 0.02 * allowed
