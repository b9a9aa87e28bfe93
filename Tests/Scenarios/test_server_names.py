"""The server name of a TLS client: which certificate it is shown, which hosts it may ask for."""

import ssl

import pytest

from harness.tls import handshake


def presented(site, authority, name: str) -> set[str]:
    with handshake(site, authority.client_context(), name=name) as client:
        return {value for kind, value in client.socket.getpeercert()["subjectAltName"]}


def test_the_name_chooses_the_certificate(secure, authority):
    site = secure(certificates="ec wild api")
    assert "localhost" in presented(site, authority, "localhost")
    assert presented(site, authority, "api.example.com") == {"api.example.com"}
    assert presented(site, authority, "other.example.com") == {"*.example.com"}
    assert presented(site, authority, "API.Example.com") == {"api.example.com"}


def test_an_unknown_name_gets_the_first_certificate(secure, authority):
    site = secure(certificates="ec api")
    context = authority.client_context()
    context.check_hostname = False
    with handshake(site, context, name="stranger.example") as client:
        names = {value for _, value in client.socket.getpeercert()["subjectAltName"]}
    assert "localhost" in names


def test_an_unknown_name_is_refused_on_demand(secure, authority):
    site = secure(tls="min=1.2 unknown-name=refuse")
    context = authority.client_context()
    context.check_hostname = False
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(site, context, name="stranger.example")
    with handshake(site, context) as client:
        assert client.ask().status == 200


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_host_of_another_certificate_is_421(secure, authority, version):
    site = secure(certificates="ec wild api")
    context = authority.client_context(version=version)
    for name, host, status in [
        ("api.example.com", "api.example.com", 200),
        ("api.example.com", "API.example.COM.", 200),
        ("api.example.com", "api.example.com:8443", 200),
        ("api.example.com", "other.example.com", 421),
        ("api.example.com", "localhost", 421),
        ("api.example.com", "nobody.test", 421),
        ("a.example.com", "b.example.com", 200),
        ("a.example.com", "api.example.com", 421),
        ("localhost", "api.example.com", 421),
        ("localhost", "127.0.0.1", 200),
    ]:
        with handshake(site, context, name) as client:
            assert client.ask(host=host).status == status, (name, host)
            # The connection stays, for hosts that are its own.
            assert client.ask(host=name).status == 200, name


def test_the_host_of_an_absolute_target_is_the_one_that_must_fit(secure, authority):
    site = secure(certificates="ec api")
    with handshake(site, authority.client_context()) as client:
        answer = client.ask("https://api.example.com/", host="api.example.com")
        assert answer.status == 421
        assert answer.json()["reason"] == "misdirected_request"


def test_a_client_without_a_name_is_served_the_hosts_of_the_first_certificate(secure, authority):
    site = secure(certificates="ec api")
    context = authority.client_context()
    context.check_hostname = False
    with handshake(site, context, None) as client:
        assert client.ask(host="localhost").status == 200
        assert client.ask(host="api.example.com").status == 421


def test_names_of_one_certificate_serve_each_other(secure, authority):
    with handshake(secure(), authority.client_context()) as client:
        assert client.ask(host="anything.test").status == 200
