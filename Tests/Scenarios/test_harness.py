"""The harness itself, origin and client face to face: a failure elsewhere is then Sluice's."""

import pytest

from harness import responses
from harness.client import Client, Incomplete, chunked, request


@pytest.fixture
def connect(origin):
    with Client(("127.0.0.1", origin.port)) as client:
        yield client


def test_an_origin_tells_what_it_received(origin, connect):
    answer = connect.ask("/a?b=c", "POST", {"X-A": "1"}, b"body")
    assert answer.status == 200
    assert answer.json()["target"] == "/a?b=c"
    assert answer.json()["bytes"] == 4
    assert origin.only_request.value("x-a") == "1"


def test_connections_are_kept_and_counted(origin, connect):
    assert [connect.ask().json()["connection"] for _ in range(3)] == [1, 1, 1]


def test_a_chunked_body_arrives_with_its_trailers(origin, connect):
    connect.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    connect.send(chunked(b"ab", b"c", trailers="X-T: 1\r\n"))
    assert connect.response().json()["bytes"] == 3
    assert origin.only_request.trailers == [("X-T", "1")]


def test_a_body_cut_short_is_noticed(origin, connect):
    origin.respond = responses.cut_short(10, b"abc")
    with pytest.raises(Incomplete):
        connect.ask()


def test_a_chunked_body_cut_short_is_noticed(origin, connect):
    origin.respond = responses.cut_chunked(b"abc")
    with pytest.raises(Incomplete):
        connect.ask()


def test_a_close_delimited_body_ends_with_the_connection(origin, connect):
    origin.respond = responses.close_delimited(b"abc")
    assert connect.ask().body == b"abc"


def test_a_watched_origin_notices_that_the_client_left(origin, connect):
    origin.respond = watched = responses.Watched()
    connect.send(request())
    assert watched.arrived.wait(5)
    connect.socket.close()
    assert watched.closed.wait(5)


def test_interim_responses_stand_before_the_final_one(origin, connect):
    origin.respond = responses.bytes_of(
        b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", keep=True
    )
    answer = connect.ask()
    assert (answer.status, answer.body) == (204, b"")
    assert [interim.status for interim in answer.interim] == [103]
