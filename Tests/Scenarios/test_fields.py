"""What the gateway takes away from and adds to the fields of a message. RFC 9110 section 7.6."""

import re

import pytest

from harness import responses

HOP_BY_HOP = {
    "Keep-Alive": "timeout=5",
    "Proxy-Connection": "keep-alive",
    "TE": "gzip",
    "Upgrade": "h2c",
    "Proxy-Authorization": "Basic YTpi",
}


def seen(edge, fields: dict, method: str = "GET", body: bytes = b""):
    with edge.connect() as client:
        assert client.ask("/", method, fields, body).status == 200
    return edge.scripted.only_request


@pytest.mark.parametrize("name", HOP_BY_HOP)
def test_a_hop_by_hop_field_ends_at_the_gateway(edge, name):
    assert seen(edge, {name: HOP_BY_HOP[name]}).value(name) in (None, "trailers")


def test_a_field_that_connection_names_ends_at_the_gateway(edge):
    request = seen(edge, {"Connection": "close, X-Private", "X-Private": "1", "X-Public": "2"})
    assert request.value("x-private") is None
    assert request.value("x-public") == "2"
    assert "X-Private" not in (request.value("connection") or "")


def test_a_hop_by_hop_field_of_the_origin_ends_at_the_gateway(edge):
    edge.scripted.respond = responses.fixed(
        fields="Connection: X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=1\r\nX-Public: 2\r\n"
    )
    with edge.connect() as client:
        answer = client.ask()
    assert answer.value("x-private") is None
    assert answer.value("keep-alive") is None
    assert answer.value("x-public") == "2"


def test_via_is_added_to_a_request(edge):
    assert re.fullmatch(r"1\.1 \S+", seen(edge, {}).value("via"))


def test_via_is_appended_to_what_is_there(edge):
    joined = ", ".join(seen(edge, {"Via": "1.0 fred"}).values("via"))
    assert re.fullmatch(r"1\.0 fred, 1\.1 \S+", joined)


def test_several_fields_of_one_name_keep_their_order(edge):
    with edge.connect() as client:
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-B: 2\r\nX-A: 3\r\n\r\n")
        assert client.response().status == 200
    assert edge.scripted.only_request.values("x-a") == ["1", "3"]


def test_several_cookies_of_an_answer_stay_apart(edge):
    edge.scripted.respond = responses.fixed(fields="Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n")
    with edge.connect() as client:
        assert client.ask().values("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize("name", ["X_Forwarded_For", "X_Request_Id", "Client_Cert", "a.b"])
def test_a_name_with_an_underscore_or_point_is_dropped(edge, name):
    assert seen(edge, {name: "1"}).value(name) is None


def test_such_a_name_can_be_refused(start):
    with start(listener="underscore refuse").connect() as client:
        assert client.ask(fields={"X_A": "1"}).status == 400


def test_such_a_name_can_be_kept(start, origin):
    with start(listener="underscore keep").connect() as client:
        assert client.ask(fields={"X_A": "1"}).status == 200
    assert origin.only_request.value("X_A") == "1"


def test_bytes_beyond_ascii_in_a_value_pass_unchanged(edge):
    assert seen(edge, {"X-A": "caf\xc3\xa9"}).value("x-a") == "caf\xc3\xa9"


def test_the_server_field_of_the_origin_is_removed(edge):
    edge.scripted.respond = responses.fixed(fields="Server: Apache/1.3\r\nX-Powered-By: PHP\r\n")
    with edge.connect() as client:
        answer = client.ask()
    assert (answer.value("server"), answer.value("x-powered-by")) == (None, None)


@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "Forwarded",
        "X-Real-IP",
        "X-Forwarded-Uri",
        "X-Forwarded-Prefix",
        "X-Forwarded-Port",
    ],
)
def test_a_forwarding_field_of_a_stranger_is_never_believed(edge, name):
    forged = seen(edge, {name: "6.6.6.6"}).values(name)
    assert all("6.6.6.6" not in value for value in forged)


def test_the_forwarding_fields_are_set_from_scratch(edge):
    request = seen(edge, {})
    assert request.value("x-forwarded-for") == "127.0.0.1"
    assert "127.0.0.1" in request.value("forwarded")


def test_a_trusted_proxy_is_believed_from_right_to_left(start, origin):
    site = start(top="client-ip trust=[127.0.0.0/8 10.0.0.0/8] from=x-forwarded-for\n")
    with site.connect() as client:
        client.ask("/", fields={"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.1.1.1"})
    assert site.gateway.log_line(client_ip="203.0.113.9")
