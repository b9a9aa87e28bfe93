"""Servers that are found while the gateway runs: in a file, in DNS, and by SRV records."""

import os
import random
import time

import pytest

from harness.dns import NameServer
from harness.gateway import run
from harness.load import Load
from harness.origin import Origin
from harness.site import block
from harness.unruly import Unruly
from harness.waiting import until


def named(text: str):
    """An origin's answer by which a test knows it."""

    def respond(request, peer) -> bool:
        peer.read_body(request)
        body = text.encode()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        return True

    return respond


@pytest.fixture
def origins():
    made = [Origin() for _ in range(3)]
    for index, origin in enumerate(made):
        origin.respond = named(f"origin {index}")
    yield made
    for origin in made:
        origin.close()


@pytest.fixture
def names():
    server = NameServer()
    yield server
    server.close()


def lines(*servers) -> str:
    return "".join(f"server 127.0.0.1:{server.port}\n" for server in servers)


def found_site(start, source: str, *more: str, **parts):
    """A site whose upstream has found servers only."""
    top = parts.pop("top", "") + block("upstream found", f"servers {source}", *more)
    route = block("route every", "match path=/**", "auth none", "to found")
    return start(top=top, routes=route, **parts)


def write(site, text: str) -> None:
    """As a deployment does it: whole, by a rename."""
    path = site.gateway.folder / "orders.servers"
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)


def answering(site, count: int = 12) -> set[str]:
    with site.connect() as client:
        return {client.ask().body.decode() for _ in range(count)}


def test_servers_of_a_file_come_and_go(start, origins):
    site = found_site(
        start, 'file("orders.servers")', contents={"orders.servers": lines(origins[0])}
    )
    assert answering(site) == {"origin 0"}
    write(site, lines(*origins))
    site.gateway.said("the servers of an upstream have changed")
    until(lambda: answering(site) == {"origin 0", "origin 1", "origin 2"}, 5, "three servers")
    write(site, lines(origins[2]))
    until(lambda: answering(site) == {"origin 2"}, 5, "the last server alone")
    assert site.gateway.metric("sluice_upstream_server_fit", upstream="found") == 1


@pytest.mark.parametrize("text", ["server nowhere\n", "route x {\n}\n", "# none\n", "\xff\xfe\n"])
def test_a_file_that_is_no_good_changes_nothing(start, origins, text):
    site = found_site(
        start, 'file("orders.servers")', contents={"orders.servers": lines(origins[0])}
    )
    path = site.gateway.folder / "orders.servers"
    path.write_bytes(text.encode("latin-1"))
    site.gateway.said("its new servers are refused, the old ones stay")
    assert answering(site) == {"origin 0"}
    path.unlink()
    site.gateway.said("cannot be read")
    assert answering(site) == {"origin 0"}
    site.gateway.reload(site.text + "\n", good=False)
    assert answering(site) == {"origin 0"}
    write(site, lines(origins[1]))
    until(lambda: answering(site) == {"origin 1"}, 5, "the new server")


def test_a_request_at_a_server_that_is_removed_is_answered(start, origins):
    slow = origins[0]
    begun = []

    def respond(request, peer) -> bool:
        begun.append(request)
        time.sleep(1.5)
        return named("finished")(request, peer)

    slow.respond = respond
    site = found_site(start, 'file("orders.servers")', contents={"orders.servers": lines(slow)})
    with site.connect() as client:
        client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: begun, 5, "the request at the server")
        write(site, lines(origins[1]))
        site.gateway.said("the servers of an upstream have changed")
        assert answering(site) == {"origin 1"}
        assert client.response().body == b"finished"
    until(lambda: not slow.open, 5, "the connection to the removed server to be closed")


@pytest.mark.parametrize(
    "rounds, rate",
    [
        pytest.param(12, 40, id="quick"),
        pytest.param(100, 125, id="long", marks=[pytest.mark.deep, pytest.mark.timeout(300)]),
    ],
)
def test_no_request_fails_while_servers_come_and_go(start, rounds, rate):
    """The long one: 2,000 requests a second, servers added, drained and removed a hundred times."""
    seed = int(os.environ.get("SLUICE_SEED", random.randrange(1 << 30)))
    print(f"SLUICE_SEED={seed}")
    source = random.Random(seed)
    fleet = [Unruly() for _ in range(4)]
    site = found_site(
        start,
        'file("orders.servers")',
        "health path=/healthz every=200ms timeout=200ms",
        contents={"orders.servers": lines(*fleet)},
        listener="limits per-client=1000",
        workers=2,
    )
    try:
        until(lambda: site.gateway.metric("sluice_upstream_server_healthy") == 4, 5, "health")
        with Load(site.address, clients=16, rate=rate) as load:
            for _ in range(rounds):
                write(site, lines(*source.sample(fleet, source.randrange(1, 5))))
                time.sleep(0.3)
        took = load.outcomes[-1].start - load.outcomes[0].start
        print(f"{len(load.outcomes) / took:.0f} requests/s, {rounds} changes")
        assert [outcome for outcome in load.outcomes if not outcome.is_good] == []
        assert all(server.count() > 0 for server in fleet)
    finally:
        for server in fleet:
            server.close()


@pytest.mark.parametrize(
    "text, words",
    [(None, "cannot be read"), ("server nowhere\n", "a port is missing"), ("", "holds no server")],
)
def test_check_reads_the_file_on_demand(tmp_path, text, words):
    config = tmp_path / "routes.conf"
    config.write_text(
        "sluice 1\n"
        + block("listener edge", "bind 127.0.0.1:8080")
        + block("upstream found", 'servers file("orders.servers")')
        + block("route every", "match path=/**", "auth none", "to found")
    )
    if text is not None:
        (tmp_path / "orders.servers").write_text(text)
    assert run("check", "-c", str(config)).returncode == 0
    resolved = run("check", "--resolve", "-c", str(config))
    assert resolved.returncode == 1 and words in resolved.stdout
    (tmp_path / "orders.servers").write_text("server 127.0.0.1:1\n")
    assert run("check", "--resolve", "-c", str(config)).returncode == 0


def two_addresses():
    """Two origins of one port on two loopback addresses."""
    while True:
        first = Origin(("127.0.0.2", 0))
        try:
            return first, Origin(("127.0.0.3", first.port))
        except OSError:
            first.close()


def test_two_names_that_swap_their_addresses_are_not_mixed_up(start, names):
    left, right = two_addresses()
    left.respond, right.respond = named("left"), named("right")
    names.addresses = {"a.test": ["127.0.0.2"], "b.test": ["127.0.0.3"]}
    upstreams = [block(f"upstream {name}", f"server {name}.test:{left.port}") for name in "ab"]
    routes = [
        block(f"route {name}", f"match path=/{name}", "auth none", f"to {name}") for name in "ab"
    ]
    site = start(
        top=names.directive + "".join(upstreams),
        routes="".join(routes),
        listener="limits requests=1000000",
    )
    wrong = []
    with site.connect() as client:
        assert client.ask("/a").body == b"left" and client.ask("/b").body == b"right"
        swapped = time.monotonic()
        names.addresses = {"a.test": ["127.0.0.3"], "b.test": ["127.0.0.2"]}
        while time.monotonic() < swapped + names.ttl + 2.5:
            for path, service in (("/a", b"right"), ("/b", b"left")):
                begin = time.monotonic()
                answer = client.ask(path)
                assert answer.status == 200
                if answer.body != service:
                    wrong.append(begin - swapped)
    print(f"the last request to the old address {max(wrong, default=0):.2f} s after the swap")
    assert max(wrong, default=0) < names.ttl + 1
    left.close()
    right.close()


def test_a_service_is_found_by_its_srv_records(start, origins, names):
    names.addresses = {"one.test": ["127.0.0.1"]}
    places = [(0, weight, origin.port, "one.test") for weight, origin in zip((3, 1), origins)]
    spare = (1, 1, origins[2].port, "one.test")
    names.services = {"_orders._tcp.test": [*places, spare]}
    site = found_site(
        start, "srv:_orders._tcp.test", "balance round-robin", top=names.directive
    )
    with site.connect() as client:
        for _ in range(40):
            assert client.ask().status == 200
    assert [len(origin.requests) for origin in origins] == [30, 10, 0]
    # One that does not answer keeps what was known.
    names.is_silent = True
    time.sleep(1.5)
    assert answering(site) == {"origin 0", "origin 1"}
    names.services = {"_orders._tcp.test": [spare]}
    names.is_silent = False
    until(lambda: answering(site) == {"origin 2"}, 10, "the server that stood by")


def test_a_service_that_is_not_known_yet_is_found_later(start, origins, names):
    site = found_site(start, "srv:_orders._tcp.test", top=names.directive)
    with site.connect() as client:
        answer = client.ask()
        assert (answer.status, answer.json()["reason"]) == (503, "destination_unavailable")
    names.addresses = {"one.test": ["127.0.0.1"]}
    names.services = {"_orders._tcp.test": [(0, 0, origins[1].port, "one.test")]}
    until(lambda: answering_or_none(site) == {"origin 1"}, 10, "the first server")


def answering_or_none(site) -> set[str]:
    with site.connect() as client:
        answer = client.ask()
        return {answer.body.decode()} if answer.status == 200 else set()


def test_servers_of_the_next_priority_stand_by(start, origins):
    site = start(
        origin=f"127.0.0.1:{origins[0].port}",
        upstream=f"server 127.0.0.1:{origins[1].port} priority=1\n"
        "health every=200ms timeout=100ms rise=1 fall=1",
    )
    until(lambda: site.gateway.metric("sluice_upstream_server_healthy") == 2, 5, "health")
    assert answering(site) == {"origin 0"}
    port = origins[0].port
    origins[0].close()
    site.gateway.said("a server is unhealthy")
    assert answering(site) == {"origin 1"}
    origins[0] = Origin(("127.0.0.1", port))
    origins[0].respond = named("origin 0")
    until(lambda: answering(site) == {"origin 0"}, 5, "the first server again")


def test_a_client_stays_on_its_server_by_a_cookie(start, origins):
    others = "\n".join(f"server 127.0.0.1:{origin.port}" for origin in origins[1:])
    site = start(
        origin=f"127.0.0.1:{origins[0].port}", upstream=f"{others}\nsticky cookie=shop max-age=1h"
    )
    homes = set()
    for _ in range(12):
        with site.connect() as client:
            first = client.ask()
            cookie = first.value("set-cookie")
            assert cookie.startswith("shop=") and "Max-Age=3600" in cookie
            fields = {"Cookie": cookie.split(";")[0]}
            for _ in range(5):
                again = client.ask(fields=fields)
                assert again.body == first.body and again.value("set-cookie") is None
            homes.add(first.body)
    assert len(homes) > 1
