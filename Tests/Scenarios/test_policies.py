"""The first policies on the wire: ids, trace context, addresses, headers, bodies, rewriting."""

import re

import pytest

from harness import responses
from harness.answers import problem
from harness.client import chunked
from harness.site import block

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trusted_inbound_id_is_kept(start, origin):
    site = start(
        top="client-ip trust=[127.0.0.0/8] from=x-forwarded-for\n",
        route="request-id header=x-request-id trust=on echo=on",
    )
    with site.connect() as client:
        assert client.ask(fields={"X-Request-ID": "abc-1.2"}).value("x-request-id") == "abc-1.2"
    assert origin.only_request.value("x-request-id") == "abc-1.2"


@pytest.mark.parametrize("bad", ["a b", 'a"b', "x" * 129, "<script>", "a;b"])
def test_a_trusted_inbound_id_must_still_be_well_formed(start, bad):
    site = start(
        top="client-ip trust=[127.0.0.0/8] from=x-forwarded-for\n",
        route="request-id header=x-request-id trust=on echo=on",
    )
    with site.connect() as client:
        assert client.ask(fields={"X-Request-ID": bad}).value("x-request-id") != bad


def test_the_id_may_stay_inside(start, origin):
    with start(route="request-id echo=off").connect() as client:
        assert client.ask().value("x-request-id") is None
    assert origin.only_request.value("x-request-id")


def test_the_trace_goes_on_under_a_new_parent(edge):
    with edge.connect() as client:
        client.ask(fields={"traceparent": TRACE, "tracestate": "a=1,b=2"})
    seen = edge.scripted.only_request
    version, trace, parent, flags = seen.value("traceparent").split("-")
    assert (version, trace) == ("00", "0af7651916cd43dd8448eb211c80319c")
    assert re.fullmatch("[0-9a-f]{16}", parent)
    assert int(flags, 16) & 1 == 1
    assert seen.value("tracestate") == "a=1,b=2"


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "junk",
        TRACE.upper(),
        "ff" + TRACE[2:],
        TRACE + "-x",
    ],
)
def test_a_missing_or_wrong_trace_is_made_anew(edge, bad):
    with edge.connect() as client:
        client.ask(fields={} if bad is None else {"traceparent": bad, "tracestate": "a=1"})
    made = edge.scripted.only_request.value("traceparent")
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]", made)
    assert "0af7651916cd43dd8448eb211c80319c" not in made
    assert edge.scripted.only_request.value("tracestate") is None


@pytest.mark.parametrize("size, status", [(9, 200), (10, 200), (11, 413)])
def test_a_body_limit_counts_declared_bytes(start, origin, size, status):
    with start(route="body max=10B").connect() as client:
        assert client.ask("/", "POST", body=b"x" * size).status == status
    assert len(origin.requests) == (1 if status == 200 else 0)


@pytest.mark.parametrize("size, status", [(10, 200), (11, 413)])
def test_a_body_limit_counts_chunked_bytes(start, size, status):
    with start(route="body max=10B").connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send(chunked(*[b"x"] * size))
        assert client.response().status == status


def test_a_body_over_the_limit_never_reaches_the_origin_whole(start, origin):
    with start(route="body max=100KiB").connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(64):
                client.send(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            client.send("0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            assert client.response().status == 413
        except ConnectionResetError:
            pass
    assert all(len(request.body) <= 100 * 1024 for request in origin.requests)


def test_a_413_closes_rather_than_reading_on(start):
    with start(route="body max=10B").connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n", b"x" * 1000)
        problem(client.response(), 413)
        client.until_closed()


def test_rewrite_changes_the_path_and_keeps_the_query(start, origin):
    routes = block(
        "route item",
        "match path=/shop/{id}",
        "auth none",
        "rewrite path=/catalog/{path.id}",
        "to origin",
    )
    with start(routes=routes).connect() as client:
        assert client.ask("/shop/42?a=b").status == 200
    assert origin.only_request.target == "/catalog/42?a=b"


def test_rewrite_cannot_be_tricked_out_of_its_segment(start, origin):
    routes = block(
        "route item",
        "match path=/shop/{id}",
        "auth none",
        "rewrite path=/catalog/{path.id}",
        "to origin",
    )
    site = start(routes=routes)
    for trick in ("/shop/..%2fadmin", "/shop/%2e%2e", "/shop/a%2f..%2fadmin"):
        with site.connect() as client:
            assert client.ask(trick).status == 400
    assert origin.requests == []


def test_a_path_may_be_normalized_before_matching(start, origin):
    with start(listener="path normalize=[dots slashes]").connect() as client:
        assert client.ask("/a/./b//c/../d").status == 200
    assert origin.only_request.target == "/a/b/d"


def test_the_web_profile_has_its_own_headers(start):
    with start(route="secure-headers profile=web").connect() as client:
        answer = client.ask()
    assert answer.value("cross-origin-opener-policy") == "same-origin"
    assert "default-src 'self'" in answer.value("content-security-policy")


def test_security_headers_can_be_off(start):
    with start(route="secure-headers off").connect() as client:
        assert client.ask().value("x-frame-options") is None


def test_one_security_header_can_be_set(start):
    with start(route='secure-headers referrer-policy="same-origin"').connect() as client:
        answer = client.ask()
    assert answer.value("referrer-policy") == "same-origin"
    assert answer.value("x-content-type-options") == "nosniff"


def test_a_security_header_of_the_origin_does_not_double(start, origin):
    origin.respond = responses.fixed(fields="X-Frame-Options: ALLOWALL\r\n")
    with start().connect() as client:
        assert client.ask().values("x-frame-options") == ["deny"]


def test_the_more_specific_route_wins(start):
    def said(name, *matches):
        return block(f"route {name}", *matches, "auth none", f'respond 200 body="{name}"')

    routes = "".join(
        [
            said("rest", "match path=/**"),
            said("exact", "match path=/a/b"),
            said("parameter", "match path=/a/{id}"),
            said("posted", "match method=POST path=/a/b"),
            said("header", "match path=/a/b header.x-a=1"),
            said("query", "match path=/q query.v=2"),
            said("wild", "match host=*.example.com path=/**"),
            said("named", "match host=api.example.com path=/**"),
        ]
    )
    with start(routes=routes).connect() as client:

        def chosen(target, method="GET", host="localhost", fields=None):
            return client.ask(target, method, fields, host=host).body.decode()

        assert chosen("/a/b") == "exact"
        assert chosen("/a/c") == "parameter"
        assert chosen("/a/b/c") == "rest"
        assert chosen("/a/b", "POST") == "posted"
        assert chosen("/a/b", fields={"X-A": "1"}) == "header"
        assert chosen("/q?v=2") == "query"
        assert chosen("/q?v=3") == "rest"
        assert chosen("/a/b", host="x.example.com") == "wild"
        assert chosen("/a/b", host="API.example.com") == "named"
