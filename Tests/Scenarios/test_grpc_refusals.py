"""What a gRPC call gets when the gateway itself answers, over HTTP/1.1 as over any codec."""

import pytest

from harness import responses
from harness.client import request
from harness.waiting import free_port

CALL = {"Content-Type": "application/grpc", "TE": "trailers"}


def call(site, **fields: str):
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    with site.connect() as client:
        client.send(request("/a.B/C", "POST", CALL | named, b"\0\0\0\0\0"))
        return client.response("POST")


def refused(answer, code: int, token: str) -> None:
    assert answer.status == 200
    assert answer.value("content-type") == "application/grpc"
    assert answer.value("grpc-status") == str(code)
    assert answer.value("grpc-message").endswith(f"({token})")
    assert answer.body == b""


def test_no_route_is_unimplemented(start):
    site = start(routes="route other {\n  match path=/x\n  auth none\n  to origin\n}\n")
    refused(call(site), 12, "no_route")
    line = site.gateway.log_line(path="/a.B/C")
    assert (line["status"], line["reason"]) == (404, "no_route")
    assert site.gateway.metric("sluice_http_requests_total", code="404") == 1


def test_a_dead_upstream_is_unavailable(start):
    site = start(origin=f"127.0.0.1:{free_port()}")
    answer = call(site)
    refused(answer, 14, "connection_refused")
    assert "connection_refused" in answer.value("proxy-status")


def test_a_slow_upstream_is_a_deadline(start, origin):
    origin.respond = responses.silent
    site = start(defaults="timeout response=200ms")
    refused(call(site), 4, "http_response_timeout")


def test_the_call_s_own_deadline_holds(start, origin):
    origin.respond = responses.silent
    site = start()
    refused(call(site, grpc_timeout="250m"), 4, "total_timeout")
    told = origin.only_request.value("grpc-timeout")
    assert told.endswith("m") and 200 < int(told[:-1]) <= 250


@pytest.mark.parametrize("timeout", ["soon", "1", "1.5S", "-1S"])
def test_a_deadline_that_is_none_is_refused(start, origin, timeout):
    refused(call(start(), grpc_timeout=timeout), 13, "bad_grpc_timeout")
    assert not origin.requests


@pytest.mark.parametrize("timeout", ["99999999H", "9" * 40 + "S"])
def test_a_deadline_beyond_all_bounds_is_none(start, origin, timeout):
    site = start(route="timeout total=off")
    assert call(site, grpc_timeout=timeout).status == 200
    told = origin.only_request.value("grpc-timeout")
    # The clock's own end, in some five centuries.
    assert told.endswith("H") and int(told[:-1]) > 5_000_000


def test_the_deadline_of_the_route_is_told_too(start, origin):
    assert call(start(route="timeout total=2s"), grpc_timeout="1H").status == 200
    assert 1000 < int(origin.only_request.value("grpc-timeout")[:-1]) <= 2000


def test_a_body_that_is_too_large_is_told_by_its_reason(start):
    site = start(route="body max=4B")
    refused(call(site), 2, "body_too_large")


def test_grpc_web_reads_statuses(start):
    site = start(route="body max=4B")
    with site.connect() as client:
        client.send(request("/", "POST", {"Content-Type": "application/grpc-web"}, b"12345"))
        assert client.response("POST").status == 413
