"""Limits on the wire: who is refused and when, what answers tell, and what log and metrics say."""

import concurrent.futures
import re
import time

import httpx
import pytest

from harness.answers import assert_dressed, problem
from harness.site import block

POLICY = re.compile(r'"([a-z0-9-]+)";q=(\d+);w=(\d+)')
LIMITS = "limit whole\nlimit each"
STATE = re.compile(r'"([a-z0-9-]+)";r=(\d+);t=(\d+)')


def policies(answer) -> dict:
    """RateLimit-Policy as {name: (q, w)}."""
    return {n: (int(q), int(w)) for n, q, w in POLICY.findall(answer.value("ratelimit-policy"))}


def state(answer) -> dict:
    """RateLimit as {name: (r, t)}."""
    return {n: (int(r), int(t)) for n, r, t in STATE.findall(answer.value("ratelimit"))}


def test_a_burst_passes_and_the_rest_is_refused(start, origin):
    site = start(top="bucket per-ip rate=6/m burst=3 key=[client.ip]", route="limit per-ip")
    with site.connect() as client:
        for left in (2, 1, 0):
            answer = client.ask()
            assert answer.status == 200
            assert policies(answer) == {"per-ip": (3, 30)}
            assert state(answer)["per-ip"][0] == left
        answer = client.ask()
    document = problem(answer, 429)
    assert_dressed(answer)
    assert document["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert document["reason"] == "quota_exceeded"
    assert document["violated-policies"] == ["per-ip"]
    left, seconds = state(answer)["per-ip"]
    assert left == 0
    assert 0 < seconds <= 10
    assert answer.value("retry-after") == str(seconds)
    assert len(origin.requests) == 3


def test_tokens_come_back_at_their_rate(start):
    site = start(
        top="bucket b rate=10/s burst=1 key=[client.ip]",
        route="limit b",
        listener="limits requests=1000000",
    )
    with site.connect() as client:
        passed, begin = 0, time.monotonic()
        while time.monotonic() - begin < 1.0:
            passed += client.ask().status == 200
        elapsed = time.monotonic() - begin
    assert abs(passed - (1 + elapsed * 10)) <= 2


def test_workers_share_one_bucket_exactly(start):
    site = start(workers=2, top="bucket b rate=1/d burst=200 key=[client.ip]", route="limit b")

    def run(_) -> list[int]:
        with site.connect() as client:
            return [client.ask().status for _ in range(50)]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = [status for some in pool.map(run, range(16)) for status in some]
    assert statuses.count(200) == 200
    assert statuses.count(429) == 600


@pytest.mark.parametrize(
    "key, first, second",
    [
        ("header.x-tenant", {"fields": {"X-Tenant": "a"}}, {"fields": {"X-Tenant": "b"}}),
        ("cookie.s", {"fields": {"Cookie": "x=1; s=a"}}, {"fields": {"Cookie": "s=b; x=1"}}),
        ("query.k", {"target": "/p/1?k=a"}, {"target": "/p/1?k=b"}),
        ("path.id", {"target": "/p/1"}, {"target": "/p/2"}),
        ("method", {"method": "GET"}, {"method": "DELETE"}),
        ("host", {"host": "a.example.com"}, {"host": "b.example.com"}),
        ("client.ip header.x-tenant", {"fields": {"X-Tenant": "a"}}, {"fields": {}}),
    ],
)
def test_each_key_has_its_own_tokens(start, key, first, second):
    routes = block("route one", "match path=/p/{id}", "auth none", "limit b", "to origin")
    site = start(top=f"bucket b rate=1/d burst=1 key=[{key}]", routes=routes)
    first, second = ({"target": "/p/1"} | part for part in (first, second))
    with site.connect() as client:
        assert [client.ask(**part).status for part in (first, second, first, second)] == [
            200,
            200,
            429,
            429,
        ]


def test_routes_share_a_bucket_unless_its_key_names_them(start):
    routes = "".join(
        block(f"route {name}", f"match path=/{name}", "auth none", LIMITS, "to origin")
        for name in ("a", "b")
    )
    site = start(
        top="bucket whole rate=1/d burst=3 key=[client.ip]\n"
        "bucket each rate=1/d burst=2 key=[route]",
        routes=routes,
    )
    with site.connect() as client:
        assert client.ask("/a").status == 200
        assert client.ask("/a").status == 200
        assert problem(client.ask("/a"), 429)["violated-policies"] == ["each"]
        assert client.ask("/b").status == 200
        assert problem(client.ask("/b"), 429)["violated-policies"] == ["whole"]
        refused = problem(client.ask("/a"), 429)
    assert sorted(refused["violated-policies"]) == ["each", "whole"]


def test_the_client_behind_a_trusted_proxy_is_counted_and_v6_by_its_network(start):
    site = start(
        top="client-ip trust=[127.0.0.0/8] from=x-forwarded-for\n"
        "bucket b rate=1/d burst=1 key=[client.ip]",
        route="limit b",
    )
    with site.connect() as client:

        def status(address):
            return client.ask(fields={"X-Forwarded-For": address}).status

        assert status("198.51.100.1") == 200
        assert status("198.51.100.2") == 200
        assert status("198.51.100.1") == 429
        assert status("2001:db8:0:1::1") == 200
        assert status("2001:db8:0:1:ffff::2") == 429
        assert status("2001:db8:0:2::1") == 200


def test_what_lacks_the_key_counts_by_the_fallback(start):
    site = start(
        top="bucket b rate=1/d burst=1 key=[header.x-tenant] fallback-key=[client.ip]",
        route="limit b",
    )
    with site.connect() as client:
        assert client.ask().status == 200
        assert client.ask().status == 429
        assert client.ask(fields={"X-Tenant": "a"}).status == 200


def test_a_quota_counts_in_windows_of_the_calendar(start):
    site = start(top="bucket b rate=100/s burst=100 quota=3/d key=[client.ip]", route="limit b")
    if 86_400 - time.time() % 86_400 < 5:
        time.sleep(6)
    with site.connect() as client:
        answers = [client.ask() for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert policies(answers[0]) == {"b": (100, 1), "b-quota": (3, 86_400)}
    assert problem(answers[3], 429)["violated-policies"] == ["b-quota"]
    until_midnight = 86_400 - time.time() % 86_400
    assert abs(int(answers[3].value("retry-after")) - until_midnight) < 5


def test_a_refusal_takes_nothing_and_costs_differ(start):
    routes = "".join(
        block(f"route {name}", f"match path=/{name}", "auth none", f"limit b cost={n}", "to origin")
        for name, n in (("cheap", 1), ("dear", 5))
    )
    site = start(top="bucket b rate=1/d burst=7 key=[client.ip]", routes=routes)
    with site.connect() as client:
        assert state(client.ask("/dear"))["b"][0] == 2
        assert client.ask("/dear").status == 429
        assert state(client.ask("/cheap"))["b"][0] == 1


def test_a_limit_that_watches_logs_and_lets_pass(start):
    site = start(top="bucket b rate=1/d burst=1 key=[client.ip]", route="limit b shadow=on")
    with site.connect() as client:
        assert client.ask("/one").status == 200
        assert client.ask("/two").status == 200
    line = site.gateway.log_line(path="/two")
    assert "would_deny" in line["flags"]
    assert line["limit"] == "b"
    assert "would_deny" not in site.gateway.log_line(path="/one").get("flags", [])
    assert site.gateway.metric("sluice_limit_decisions_total", bucket="b", verdict="allowed") == 1
    assert (
        site.gateway.metric("sluice_limit_decisions_total", bucket="b", verdict="would_refuse") == 1
    )


def test_log_and_metrics_tell_the_bucket(start):
    site = start(top="bucket b rate=1/d burst=1 key=[client.ip]", route="limit b")
    with site.connect() as client:
        client.ask("/one")
        assert client.ask("/two").status == 429
    line = site.gateway.log_line(path="/two")
    assert (line["status"], line["reason"], line["origin"], line["limit"]) == (
        429,
        "quota_exceeded",
        "downstream",
        "b",
    )
    assert "upstream" not in line
    assert site.gateway.metric("sluice_limit_decisions_total", bucket="b", verdict="refused") == 1


def test_the_older_fields_are_there_on_demand(start):
    site = start(
        top="bucket a rate=1/d burst=9 key=[client.ip]\nbucket b rate=2/m burst=4 key=[client.ip]",
        route="limit a x-ratelimit=on\nlimit b x-ratelimit=on",
    )
    with site.connect() as client:
        answer = client.ask()
    assert answer.value("x-ratelimit-limit") == "4"
    assert answer.value("x-ratelimit-remaining") == "3"
    assert answer.value("x-ratelimit-reset") == "30"


def test_what_the_origin_says_of_limits_stays_inside(start, origin):
    from harness import responses

    origin.respond = responses.fixed(
        fields='RateLimit: "inner";r=1;t=1\r\nRateLimit-Policy: "inner";q=1;w=1\r\n'
    )
    site = start(top="bucket b rate=1/s burst=5 key=[client.ip]", route="limit b")
    with site.connect() as client:
        answer = client.ask()
    assert answer.values("ratelimit-policy") == ['"b";q=5;w=5']
    assert answer.values("ratelimit") == ['"b";r=4;t=1']


def test_requests_without_a_route_count_where_their_scope_has_a_limit(start):
    routes = block(
        "group g",
        "match path=/g/**",
        "auth none",
        "limit b",
        block("route a", "match path=/g/a", "to origin"),
    )
    site = start(top="bucket b rate=1/d burst=2 key=[client.ip]", routes=routes)
    with site.connect() as client:
        assert client.ask("/g/x").status == 404
        assert client.ask("/g/y").status == 404
        assert client.ask("/g/a").status == 429
        assert client.ask("/elsewhere").status == 404


def test_a_reload_keeps_the_counts_of_what_did_not_change(start):
    site = start(
        top="bucket same rate=1/d burst=1 key=[client.ip]\nbucket other rate=1/d burst=1",
        routes=block("route a", "match path=/a", "auth none", "limit same", "to origin")
        + block("route b", "match path=/b", "auth none", "limit other", "to origin"),
    )
    with site.connect() as client:
        assert [client.ask("/a").status, client.ask("/b").status] == [200, 200]
        assert [client.ask("/a").status, client.ask("/b").status] == [429, 429]
        text = site.text.replace("other rate=1/d burst=1", "other rate=1/d burst=2")
        site.gateway.reload(text)
        assert [client.ask("/a").status, client.ask("/b").status] == [429, 200]


def test_a_flight_of_requests_is_one_race_that_nobody_wins(start):
    """A hundred requests in one flight on one connection, and on a hundred at once."""
    site = start(workers=2, top="bucket b rate=1/d burst=10 key=[client.ip]", route="limit b")
    with httpx.Client(base_url=f"http://127.0.0.1:{site.edge}") as client:
        assert client.get("/").status_code == 200
    with site.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 100)
        statuses = [client.response().status for _ in range(100)]
    assert statuses.count(200) == 9
