"""Listeners and upstreams over IPv6 and unix sockets."""

import os
import stat

import pytest

from harness.client import Client
from harness.gateway import Gateway
from harness.origin import Origin
from harness.site import Site
from harness.waiting import free_port


@pytest.fixture
def gateway(tmp_path):
    running = []

    def start(site: Site) -> Gateway:
        made = Gateway(site.text, tmp_path, site.admin)
        made.start()
        running.append(made)
        return made

    yield start
    for made in running:
        made.stop()


def test_an_ipv6_listener_serves(gateway, origin):
    port = free_port("::1")
    gateway(Site(f"127.0.0.1:{origin.port}", bind=f'bind "[::1]:{port}"'))
    with Client(("::1", port)) as client:
        assert client.ask(host="[::1]").status == 200
    assert origin.only_request.value("x-forwarded-for") in ("::1", "[::1]")


def test_an_ipv6_upstream_is_reached(gateway):
    origin = Origin(("::1", 0))
    site = Site(f'"[::1]:{origin.port}"')
    gateway(site)
    with Client(site.address) as client:
        assert client.ask("/six").json()["target"] == "/six"
    origin.close()


def test_a_unix_listener_serves(gateway, origin, tmp_path):
    path = str(tmp_path / "edge.sock")
    gateway(Site(f"127.0.0.1:{origin.port}", bind=f"bind unix:{path}"))
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    with Client(path) as client:
        assert [client.ask().status for _ in range(3)] == [200] * 3


def test_a_unix_listener_takes_the_place_of_a_stale_socket(gateway, origin, tmp_path):
    path = str(tmp_path / "edge.sock")
    stale = Origin(path)
    stale.close()
    gateway(Site(f"127.0.0.1:{origin.port}", bind=f"bind unix:{path}"))
    with Client(path) as client:
        assert client.ask().status == 200


def test_a_unix_upstream_is_reached(gateway, tmp_path):
    path = str(tmp_path / "origin.sock")
    origin = Origin(path)
    site = Site(f"unix:{path}")
    gateway(site)
    with Client(site.address) as client:
        assert [client.ask().json()["connection"] for _ in range(3)] == [1, 1, 1]
    origin.close()


def test_one_listener_may_have_several_addresses(gateway, origin):
    first, second = free_port(), free_port("::1")
    gateway(Site(f"127.0.0.1:{origin.port}", bind=f'bind 127.0.0.1:{first}\nbind "[::1]:{second}"'))
    for address in (("127.0.0.1", first), ("::1", second)):
        with Client(address) as client:
            assert client.ask().status == 200


def test_a_name_is_resolved(gateway, origin):
    site = Site(f"localhost:{origin.port}")
    gateway(site)
    with Client(site.address) as client:
        assert client.ask().status == 200


def test_a_name_that_does_not_exist_is_502(gateway):
    from harness.answers import problem

    site = Site("nothing.invalid:80")
    gateway(site)
    with Client(site.address) as client:
        answer = client.ask()
        assert answer.status in (502, 504)
        problem(answer, answer.status)
        assert "dns" in answer.value("proxy-status")
