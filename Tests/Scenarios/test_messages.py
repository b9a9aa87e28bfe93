"""Well-formed HTTP/1.1 in all its shapes, through to the origin and back. RFC 9110, RFC 9112."""

import threading
import time

import pytest

from harness import responses
from harness.client import chunked, request

CHUNKED = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"


def test_a_request_reaches_the_origin_and_its_answer_returns(edge):
    with edge.connect() as client:
        answer = client.ask("/a/b?c=d&e", "POST", {"X-A": "1"}, b"hello")
    assert answer.status == 200
    seen = edge.scripted.only_request
    assert (seen.method, seen.target, seen.body) == ("POST", "/a/b?c=d&e", b"hello")
    assert seen.value("x-a") == "1"
    assert seen.value("host") == "localhost"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_every_method_is_forwarded_as_it_is(edge, method):
    with edge.connect() as client:
        assert client.ask("/", method).json()["method"] == method


def test_a_connection_is_kept_for_many_requests(edge):
    with edge.connect() as client:
        targets = [client.ask(f"/{number}").json()["target"] for number in range(50)]
    assert targets == [f"/{number}" for number in range(50)]


def test_pipelined_requests_are_answered_in_order(edge):
    with edge.connect() as client:
        client.send(b"".join(request(f"/{number}") for number in range(20)))
        answers = [client.response().json()["target"] for _ in range(20)]
    assert answers == [f"/{number}" for number in range(20)]


def test_pipelined_requests_may_carry_bodies(edge):
    with edge.connect() as client:
        client.send(request("/1", "POST", body=b"abc"))
        client.send(CHUNKED, "\r\n", chunked(b"de"), request("/3"))
        assert [client.response().json()["bytes"] for _ in range(3)] == [3, 2, 0]


def test_a_request_cut_into_single_bytes_is_understood(edge):
    with edge.connect() as client:
        for byte in request("/slow?x=1", "POST", {"X-A": "b"}, b"abc"):
            client.send(bytes([byte]))
        assert client.response().json()["bytes"] == 3


def test_a_chunked_request_cut_into_single_bytes_is_understood(edge):
    with edge.connect() as client:
        for byte in CHUNKED.encode() + b"\r\n" + chunked(b"abc", b"d", trailers="X-T: 1\r\n"):
            client.send(bytes([byte]))
        assert client.response().json()["bytes"] == 4


def test_a_chunked_request_arrives_chunked_with_its_trailers(edge):
    with edge.connect() as client:
        client.send(
            CHUNKED, "Trailer: X-Sum\r\n\r\n", chunked(b"ab", b"c", trailers="X-Sum: 1\r\n")
        )
        assert client.response().status == 200
    seen = edge.scripted.only_request
    assert seen.value("transfer-encoding") == "chunked"
    assert seen.body == b"abc"
    assert ("x-sum", "1") in [(name.lower(), value) for name, value in seen.trailers]


def test_a_chunked_response_returns_chunked_with_its_trailers(edge):
    edge.scripted.respond = responses.chunked(b"abc", b"d", trailers="X-Sum: 1\r\n")
    with edge.connect() as client:
        answer = client.ask("/", fields={"TE": "trailers"})
    assert answer.value("transfer-encoding") == "chunked"
    assert answer.body == b"abcd"
    assert ("x-sum", "1") in [(name.lower(), value) for name, value in answer.trailers]


@pytest.mark.parametrize("size", [0, 1, 4096, 65536, 1 << 20, 5_000_003])
def test_a_response_body_of_any_size_returns_whole(edge, size):
    body = bytes(range(256)) * (size // 256 + 1)
    edge.scripted.respond = responses.fixed(body=body[:size])
    with edge.connect() as client:
        assert client.ask().body == body[:size]


@pytest.mark.parametrize("size", [1, 4096, 65536, 1 << 20])
def test_a_request_body_of_any_size_arrives_whole(start, origin, size):
    site = start(route="body max=2MiB")
    body = bytes(range(256)) * (size // 256 + 1)
    with site.connect() as client:
        assert client.ask("/", "POST", body=body[:size]).status == 200
    assert origin.only_request.body == body[:size]


def test_head_has_the_fields_and_no_body(edge):
    edge.scripted.respond = responses.fixed(body=b"hello")
    with edge.connect() as client:
        answer = client.ask("/", "HEAD")
        assert (answer.status, answer.value("content-length"), answer.body) == (200, "5", b"")
        assert client.ask("/").body == b"hello"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_body_keeps_the_connection(edge, status):
    edge.scripted.respond = responses.bytes_of(
        f'HTTP/1.1 {status}\r\nETag: "a"\r\n\r\n'.encode(), keep=True
    )
    with edge.connect() as client:
        for _ in range(3):
            answer = client.ask()
            assert (answer.status, answer.body) == (int(status[:3]), b"")
            assert answer.value("transfer-encoding") is None


def test_a_304_may_state_the_length_of_what_it_does_not_send(edge):
    edge.scripted.respond = responses.bytes_of(
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", keep=True
    )
    with edge.connect() as client:
        assert [client.ask().status for _ in range(2)] == [304, 304]


def test_an_http_1_0_client_gets_an_answer_and_a_close(edge):
    with edge.connect() as client:
        answer = client.send("GET /old HTTP/1.0\r\nHost: localhost\r\n\r\n").response()
        assert answer.status == 200
        assert client.is_closed()
    assert edge.scripted.only_request.start.endswith("HTTP/1.1")


def test_an_http_1_0_client_never_sees_chunks(edge):
    edge.scripted.respond = responses.chunked(b"abc", b"def")
    with edge.connect() as client:
        answer = client.send("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").response()
        assert answer.value("transfer-encoding") is None
        assert answer.body == b"abcdef"


def test_an_http_1_0_client_may_keep_its_connection(edge):
    ask = "GET / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"
    with edge.connect() as client:
        first = client.send(ask).response()
        if (first.value("connection") or "").lower() == "keep-alive":
            assert client.send(ask).response().status == 200
        else:
            assert client.is_closed()


def test_connection_close_is_obeyed(edge):
    with edge.connect() as client:
        answer = client.ask("/", fields={"Connection": "close"})
        assert answer.value("connection") == "close"
        assert client.is_closed()


def test_the_absolute_form_wins_over_host(edge):
    with edge.connect() as client:
        client.send("GET http://other.example/a?b HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = client.response()
    if answer.status == 200:
        seen = edge.scripted.only_request
        assert (seen.target, seen.value("host")) == ("/a?b", "other.example")
    else:
        assert answer.status == 400


def test_the_absolute_form_with_the_same_host_is_forwarded_in_origin_form(edge):
    with edge.connect() as client:
        client.send("GET http://localhost/a?b HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.response().status == 200
    assert edge.scripted.only_request.target == "/a?b"


def test_options_of_the_server_itself_is_answered(edge):
    with edge.connect() as client:
        client.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.response("OPTIONS").status < 500
        assert client.ask().status == 200


def test_connect_is_refused(edge):
    with edge.connect() as client:
        client.send("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")
        assert client.response().status in (400, 404, 405, 501)
    assert edge.scripted.requests == []


def test_a_body_that_the_close_ends_returns_whole(edge):
    body = b"x" * 300_000
    edge.scripted.respond = responses.close_delimited(body)
    with edge.connect() as client:
        assert client.ask().body == body


def test_100_continue_goes_through_end_to_end(edge):
    told = threading.Event()

    def respond(message, peer):
        assert message.value("expect") == "100-continue"
        told.wait(5)
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.read_body(message)
        peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(message.body), message.body
        )
        return True

    edge.scripted.respond = respond
    with edge.connect() as client:
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.reader.until(b"\r\n\r\n")
        client.socket.settimeout(10)
        told.set()
        assert client.reader.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        assert client.send(b"abc").response().body == b"abc"


def test_a_final_answer_instead_of_100_needs_no_body(edge):
    def respond(message, peer):
        peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        return False

    edge.scripted.respond = respond
    with edge.connect() as client:
        client.send(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
        )
        assert client.response().status == 403
        client.until_closed()


def test_an_interim_answer_is_passed_on_before_the_final_one(edge):
    edge.scripted.respond = responses.bytes_of(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        keep=True,
    )
    with edge.connect() as client:
        answer = client.ask()
    assert (answer.status, answer.body) == (200, b"ok")
    assert all(interim.status in (102, 103) for interim in answer.interim)


def test_an_early_answer_before_the_whole_body_returns_at_once(start, origin):
    def respond(message, peer):
        peer.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
        return False

    origin.respond = respond
    with start().connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"x" * 1000)
        assert client.response().status == 401


def test_both_directions_stream_at_once(start, origin):
    """The origin echoes each piece before it has seen the next one."""

    def respond(message, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            size = int(peer.reader.until(b"\r\n"), 16)
            piece = peer.reader.take(size)
            peer.send(b"%x\r\n%b\r\n" % (size, piece))
            # The end of a chunk may come together with the next one.
            peer.reader.take(2)
        peer.reader.until(b"0\r\n\r\n")
        peer.send(b"0\r\n\r\n")
        return True

    origin.respond = respond
    with start().connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(5):
            piece = b"piece-%d" % number
            client.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            client.reader.until(piece)
        client.send("0\r\n\r\n")
        assert client.reader.until(b"0\r\n\r\n") is not None


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_that_comes_after_its_head_is_its_own(start, origin, framing):
    """Buffers change hands while an exchange waits; nobody may see bytes of another's."""

    def respond(message, peer):
        body = message.target.encode() * 3
        if framing == "length":
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            pieces = [body[:5], body[5:]]
        else:
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            pieces = [b"%x\r\n" % len(body), body[:5], body[5:], b"\r\n0\r\n\r\n"]
        for piece in pieces:
            time.sleep(0.002)
            peer.send(piece)
        return True

    origin.respond = respond
    site = start()
    wrong = []

    def work(number: int):
        with site.connect() as client:
            for turn in range(25):
                target = f"/{number}-{turn}"
                body = client.ask(target).body
                if body != target.encode() * 3:
                    wrong.append((target, body))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_trace_shows_nobody_what_policies_add(edge):
    with edge.connect() as client:
        assert client.ask("/", "TRACE").status == 501
    assert edge.scripted.requests == []


def test_options_of_the_server_itself_is_answered_by_the_gateway(edge):
    with edge.connect() as client:
        answer = client.ask("*", "OPTIONS")
        assert (answer.status, answer.body) == (204, b"")
        assert client.ask().status == 200
    assert [seen.method for seen in edge.scripted.requests] == ["GET"]


@pytest.mark.parametrize("given, seen", [("1", "0"), ("10", "9"), ("x", "x")])
def test_max_forwards_is_counted_down(edge, given, seen):
    with edge.connect() as client:
        assert client.ask("/", "OPTIONS", {"Max-Forwards": given}).status == 200
    assert edge.scripted.only_request.value("max-forwards") == seen


def test_a_request_without_forwards_left_ends_at_the_gateway(edge):
    with edge.connect() as client:
        assert client.ask("/", "OPTIONS", {"Max-Forwards": "0"}).status == 204
    assert edge.scripted.requests == []


def test_max_forwards_of_another_method_is_left_alone(edge):
    with edge.connect() as client:
        client.ask("/", "GET", {"Max-Forwards": "0"})
    assert edge.scripted.only_request.value("max-forwards") == "0"
