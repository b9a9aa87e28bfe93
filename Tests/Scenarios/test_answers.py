"""Every answer carries ids and security headers; our own are problem documents. RFC 9457."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from harness import responses
from harness.answers import assert_dressed, problem
from harness.site import block

ROUTES = "".join(
    [
        block("route read", "match method=GET path=/read", "auth none", "to origin"),
        block("route write", "match method=[POST PUT] path=/read", "auth none", "to origin"),
        block("route only", "match host=only.example path=/only", "auth none", "to origin"),
        block(
            "route said",
            "match path=/said",
            "auth none",
            'respond 200 body="{\\"hello\\":true}" type=application/json',
        ),
        block(
            "route moved",
            "match path=/moved/**",
            "auth none",
            'redirect to="https://www.example.com{path}" status=308',
        ),
    ]
)


@pytest.fixture
def site(start):
    return start(routes=ROUTES, defaults="timeout connect=500ms response=500ms\nbody max=10B")


def ask(site, *arguments, **options):
    with site.connect() as client:
        return client.ask(*arguments, **options)


def test_a_forwarded_answer_is_dressed(site):
    answer = ask(site, "/read")
    assert answer.status == 200
    assert_dressed(answer)


def test_no_route_is_404(site):
    answer = ask(site, "/nothing")
    problem(answer, 404)
    assert_dressed(answer)


def test_another_host_is_404(site):
    problem(ask(site, "/only"), 404)
    assert ask(site, "/only", host="only.example").status == 200


def test_a_wrong_method_is_405_with_the_right_ones(site):
    answer = ask(site, "/read", "DELETE")
    problem(answer, 405)
    allowed = {method.strip() for method in answer.value("allow").split(",")}
    assert allowed >= {"GET", "HEAD", "POST", "PUT"}
    assert "DELETE" not in allowed
    assert_dressed(answer)


def test_a_bad_request_is_dressed(site):
    with site.connect() as client:
        answer = client.send("GET /read HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n").response()
    problem(answer, 400)
    assert_dressed(answer)


def test_a_path_that_is_not_canonical_says_so(site):
    answer = ask(site, "/a/../b")
    assert problem(answer, 400)["reason"] == "path_not_canonical"
    assert_dressed(answer)


def test_a_body_over_the_limit_is_413(site):
    answer = ask(site, "/read", "POST", body=b"x" * 11)
    assert problem(answer, 413)["reason"] == "body_too_large"
    assert_dressed(answer)


def test_an_upstream_that_breaks_off_is_502(site, origin):
    origin.respond = responses.reset
    answer = ask(site, "/read")
    problem(answer, 502)
    assert_dressed(answer)


def test_an_upstream_that_is_silent_is_504(site, origin):
    origin.respond = responses.silent
    answer = ask(site, "/read")
    problem(answer, 504)
    assert_dressed(answer)


def test_a_head_request_gets_the_same_head_and_no_body(site):
    with site.connect() as client:
        answer = client.ask("/nothing", "HEAD")
        assert answer.status == 404
        assert client.ask("/read").status == 200


def test_an_answer_without_upstream_is_dressed(site, origin):
    answer = ask(site, "/said")
    assert (answer.status, answer.json()) == (200, {"hello": True})
    assert answer.value("content-type") == "application/json"
    assert_dressed(answer)
    assert origin.requests == []


def test_a_redirect_keeps_path_and_query(site):
    answer = ask(site, "/moved/a/b?c=d")
    assert answer.status == 308
    assert answer.value("location") == "https://www.example.com/moved/a/b?c=d"
    assert_dressed(answer)


def test_each_request_gets_its_own_id(site):
    with site.connect() as client:
        ids = {client.ask("/read").value("x-request-id") for _ in range(100)}
    assert len(ids) == 100


def test_the_origin_receives_the_id_that_the_client_sees(site, origin):
    answer = ask(site, "/read")
    assert origin.only_request.value("x-request-id") == answer.value("x-request-id")


def test_a_stranger_cannot_choose_the_id(site, origin):
    answer = ask(site, "/read", fields={"X-Request-ID": "mine"})
    assert answer.value("x-request-id") != "mine"
    assert origin.only_request.value("x-request-id") != "mine"


def test_a_client_without_error_media_type_still_gets_a_problem(site):
    assert problem(ask(site, "/nothing", fields={"Accept": "text/html"}), 404)


def test_no_answer_names_the_software_or_its_version(site):
    for target in ("/read", "/nothing", "/said"):
        answer = ask(site, target)
        assert answer.value("server") is None
        assert answer.value("x-powered-by") is None


def test_hsts_stays_away_from_clear_text(site):
    assert ask(site, "/read").value("strict-transport-security") is None


def test_every_answer_has_a_date(site, origin):
    for target in ("/read", "/nothing", "/said", "/a/../b"):
        told = parsedate_to_datetime(ask(site, target).value("date"))
        assert abs((datetime.now(UTC) - told).total_seconds()) < 5


def test_the_date_of_the_origin_stays(site, origin):
    origin.respond = responses.fixed(fields="Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n")
    assert ask(site, "/read").values("date") == ["Sun, 06 Nov 1994 08:49:37 GMT"]
