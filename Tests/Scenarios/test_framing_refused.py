"""Requests that RFC 9112 forbids and known smuggling shapes: 400 and a close, nothing goes
upstream.
"""

import pytest

from harness.client import chunked, request

GET = "GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = "POST / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"

LENGTH = {
    "length and encoding": POST
    + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "encoding and length": POST
    + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two different lengths": POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "two equal lengths": POST + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
    "a list of lengths": POST + "Content-Length: 5, 5\r\n\r\nabcde",
    "a plus sign": POST + "Content-Length: +5\r\n\r\nabcde",
    "a minus sign": POST + "Content-Length: -5\r\n\r\nabcde",
    "a hexadecimal length": POST + "Content-Length: 0x5\r\n\r\nabcde",
    "a length with a point": POST + "Content-Length: 5.0\r\n\r\nabcde",
    "a length with an underscore": POST + "Content-Length: 1_0\r\n\r\nabcdefghij",
    "an empty length": POST + "Content-Length:\r\n\r\n",
    "a length beyond 64 bits": POST + "Content-Length: 18446744073709551621\r\n\r\nabcde",
    "a length beyond 63 bits": POST + "Content-Length: 9223372036854775808\r\n\r\n",
    "a length in other digits": POST + "Content-Length: \xb2\r\n\r\nab",
}

ENCODING = {
    "identity": POST + "Transfer-Encoding: identity\r\n\r\n",
    "gzip": POST + "Transfer-Encoding: gzip\r\n\r\n",
    "chunked twice in one field": POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice in two fields": POST
    + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "gzip before chunked": POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked before gzip": POST + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a vertical tab before it": POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a quoted encoding": POST + 'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "a parameter": POST + "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n",
    "an empty encoding": POST + "Transfer-Encoding:\r\n\r\n",
    "a longer word": POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.0 with chunked": POST.replace("1.1", "1.0")
    + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}

LINES = {
    "a bare LF ends the request line": "GET / HTTP/1.1\nHost: localhost\r\n\r\n",
    "a bare LF ends a field": "GET / HTTP/1.1\r\nHost: localhost\nX-A: 1\r\n\r\n",
    "a bare LF ends the head": GET + "X-A: 1\r\n\n",
    "a bare CR in a value": GET + "X-A: 1\r2\r\n\r\n",
    "a CR before another letter": GET + "\rX: 1\r\n\r\n",
    "a NUL in a value": GET + "X-A: 1\x002\r\n\r\n",
    "a NUL in the target": "GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "obs-fold with a space": GET + "X-A: 1\r\n 2\r\n\r\n",
    "obs-fold with a tab": GET + "X-A: 1\r\n\t2\r\n\r\n",
    "a first line that begins with a space": "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "a space before the colon": GET + "X-A : 1\r\n\r\n",
    "a tab before the colon": GET + "X-A\t: 1\r\n\r\n",
    "a space before the colon of the encoding": POST
    + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "an empty name": GET + ": 1\r\n\r\n",
    "no colon": GET + "X-A\r\n\r\n",
    "a parenthesis in a name": GET + "X(A: 1\r\n\r\n",
    "a letter beyond ASCII in a name": GET + "X-\xe9: 1\r\n\r\n",
    "a control in a value": GET + "X-A: \x01\r\n\r\n",
    "no version": "GET /\r\nHost: localhost\r\n\r\n",
    "another version": "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "a version in lower case": "GET / http/1.1\r\nHost: localhost\r\n\r\n",
    "two spaces": "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a tab between": "GET\t/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a space in the target": "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a space at the end": "GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n",
    "an invalid method": "GE(T / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS on a plain port": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}

HOSTS = {
    "no Host": "GET / HTTP/1.1\r\n\r\n",
    "two Hosts": GET + "Host: localhost\r\n\r\n",
    "a list of hosts": "GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n",
    "a path in Host": "GET / HTTP/1.1\r\nHost: a.example/b\r\n\r\n",
    "user information in Host": "GET / HTTP/1.1\r\nHost: a@b.example\r\n\r\n",
    "a space in Host": "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a port that is none": "GET / HTTP/1.1\r\nHost: a.example:99999\r\n\r\n",
    "a port of letters": "GET / HTTP/1.1\r\nHost: a.example:http\r\n\r\n",
}

TARGETS = {
    "no slash": "GET a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a fragment": "GET /a#b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a dot segment": "GET /a/../b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a single dot": "GET /a/./b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an encoded dot segment": "GET /a/%2e%2E/b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two slashes": "GET //a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an encoded slash": "GET /a%2Fb HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an encoded backslash": "GET /a%5cb HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an encoded NUL": "GET /a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a backslash": "GET /a\\b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a semicolon": "GET /a;b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a percent sign alone": "GET /a%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a percent sign at the end": "GET /a% HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an asterisk without OPTIONS": "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a letter beyond ASCII": "GET /\xe9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
}

CHUNKS = {
    "a plus sign": "+5\r\nabcde\r\n0\r\n\r\n",
    "a minus sign": "-5\r\nabcde\r\n0\r\n\r\n",
    "a prefix": "0x5\r\nabcde\r\n0\r\n\r\n",
    "an underscore": "1_0\r\nabcdefghijklmnop\r\n0\r\n\r\n",
    "a space before": " 5\r\nabcde\r\n0\r\n\r\n",
    "a space after": "5 \r\nabcde\r\n0\r\n\r\n",
    "a tab after": "5\t\r\nabcde\r\n0\r\n\r\n",
    "an empty size": "\r\nabcde\r\n0\r\n\r\n",
    "no hexadecimal digit": "g\r\nabcde\r\n0\r\n\r\n",
    "an overflow": "10000000000000005\r\nabcde\r\n0\r\n\r\n",
    "the largest number": "ffffffffffffffff\r\nabcde\r\n0\r\n\r\n",
    "many zeros": "0" * 40 + "5\r\nabcde\r\n0\r\n\r\n",
    "a bare LF after the size": "5\nabcde\r\n0\r\n\r\n",
    "a bare CR after the size": "5\rabcde\r\n0\r\n\r\n",
    "a bare LF after the chunk": "5\r\nabcde\n0\r\n\r\n",
    "a longer chunk": "5\r\nabcdef\r\n0\r\n\r\n",
    "a shorter chunk": "5\r\nabcd\r\n0\r\n\r\n",
    "a bare LF in an extension": "5;a\nb\r\nabcde\r\n0\r\n\r\n",
    "a bare CR in an extension": "5;a\rb\r\nabcde\r\n0\r\n\r\n",
    "a long extension": "5;" + "a" * 5000 + "\r\nabcde\r\n0\r\n\r\n",
    "a bare LF after the last chunk": "0\n\r\n",
    "an invalid trailer": "0\r\nX A: 1\r\n\r\n",
    "an encoding as trailer": "0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a length as trailer": "0\r\nContent-Length: 5\r\n\r\n",
}


def refused(edge, raw: str, statuses: tuple[int, ...] = (400,)) -> None:
    """The gateway answers once, closes, and the smuggled request behind it reaches nobody."""
    with edge.connect() as client:
        client.send(raw, SMUGGLED)
        answer = client.response()
        assert answer.status in statuses, answer.raw_head
        assert answer.value("connection") == "close"
        assert client.is_closed(), "something was sent after the refusal"
    assert "/smuggled" not in [request.target for request in edge.scripted.requests]


def table(cases: dict[str, str]):
    return pytest.mark.parametrize("raw", cases.values(), ids=cases.keys())


@table(LENGTH)
def test_a_content_length_is_digits_and_stands_once(edge, raw):
    refused(edge, raw)
    assert edge.scripted.requests == []


@table(ENCODING)
def test_a_transfer_encoding_is_exactly_chunked(edge, raw):
    refused(edge, raw, (400, 501))
    assert edge.scripted.requests == []


@table(LINES)
def test_lines_and_fields_have_one_form(edge, raw):
    refused(edge, raw, (400, 505))
    assert edge.scripted.requests == []


@table(HOSTS)
def test_a_host_is_one_valid_name(edge, raw):
    refused(edge, raw)
    assert edge.scripted.requests == []


@table(TARGETS)
def test_a_path_has_one_spelling(edge, raw):
    with edge.connect() as client:
        assert client.send(raw).response().status == 400
    assert edge.scripted.requests == []


@table(CHUNKS)
def test_a_chunk_has_one_form(edge, raw):
    refused(edge, CHUNKED + raw)


def test_data_after_the_last_chunk_is_refused(edge):
    with edge.connect() as client:
        client.send(CHUNKED, "5\r\nabcde\r\n0\r\n\r\n", "junk\r\n\r\n")
        assert client.response().status == 200
        assert client.response().status == 400
        assert client.is_closed()


@pytest.mark.parametrize("length", [255, 256, 270, 8000])
def test_a_long_name_is_never_cut(edge, length):
    with edge.connect() as client:
        answer = client.ask("/", "GET", {"x" * length: "1"})
        assert answer.status in (200, 400, 431)
        if answer.status == 200:
            assert edge.scripted.only_request.value("x" * length) == "1"


def test_a_name_beyond_the_line_is_refused(edge):
    with edge.connect() as client:
        assert client.ask("/", "GET", {"x" * 65536: "1"}).status == 431


def test_a_request_line_beyond_8_KiB_is_414(edge):
    with edge.connect() as client:
        assert client.ask("/" + "a" * 9000).status == 414


def test_a_request_line_within_8_KiB_passes(edge):
    with edge.connect() as client:
        assert client.ask("/" + "a" * 7900).status == 200


@pytest.mark.parametrize("count, status", [(90, 200), (101, 431)])
def test_fields_are_counted(edge, count, status):
    with edge.connect() as client:
        fields = {f"X-{number}": "1" for number in range(count)}
        assert client.ask("/", fields=fields).status == status


def test_a_field_section_beyond_32_KiB_is_431(edge):
    with edge.connect() as client:
        fields = {f"X-{number}": "a" * 1000 for number in range(40)}
        assert client.ask("/", fields=fields).status == 431
        assert client.is_closed()


def test_empty_lines_before_a_request_are_bounded(edge):
    with edge.connect() as client:
        client.send("\r\n" * 5000)
        client.send(request())
        assert b" 200 " not in client.until_closed()[:20]


def test_many_small_chunks_cost_no_stack(edge):
    with edge.connect() as client:
        client.send(CHUNKED, b"1\r\na\r\n" * 100_000, "0\r\n\r\n")
        assert client.response().json()["bytes"] == 100_000


def test_an_unread_body_is_never_taken_for_a_request(edge):
    """POST with a body that the gateway refuses early, then the body looks like a request."""
    with edge.connect() as client:
        client.send(f"POST /a/../b HTTP/1.1\r\nHost: a\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n")
        client.send(SMUGGLED)
        assert client.response().status == 400
        client.until_closed()
    assert edge.scripted.requests == []


def test_chunk_extensions_are_not_forwarded(edge):
    with edge.connect() as client:
        client.send(CHUNKED, "5;a=b\r\nabcde\r\n0\r\n\r\n")
        assert client.response().json()["bytes"] == 5


def test_bytes_after_an_upgrade_request_stay_body(edge):
    with edge.connect() as client:
        client.send(GET, "Connection: upgrade\r\nUpgrade: x\r\n\r\n", SMUGGLED)
        first = client.response()
        assert first.status != 101
        assert edge.scripted.requests[0].value("upgrade") is None


def test_only_100_continue_is_expected(edge):
    with edge.connect() as client:
        assert client.ask("/", "POST", {"Expect": "200-ok"}, b"a").status == 417


@pytest.mark.parametrize(
    "name",
    ["Host", "X-Request-Id", "Authorization", "Content-Length", "X-Forwarded-For", "Traceparent"],
)
def test_connection_cannot_name_what_the_gateway_relies_on(edge, name):
    with edge.connect() as client:
        fields = {"Connection": name, "Authorization": "Bearer a"}
        answer = client.ask("/", "POST", fields, b"abc")
        if answer.status == 200:
            assert edge.scripted.only_request.value(name) is not None
        else:
            assert answer.status == 400


def test_a_wellformed_chunked_request_passes(edge):
    with edge.connect() as client:
        client.send(CHUNKED, chunked(b"abc"))
        assert client.response().status == 200
