"""How upgraded connections end: by either side, by a clock, a cap, a reload or a drain."""

import signal
import socket
import threading
import time

import pytest

from harness.waiting import until
from harness.websocket import KEY, handshake, raw_echo, tunnel

ROUTE = "upgrade websocket"



def opened(site, raw: bytes = handshake()):
    client = site.connect()
    client.send(raw)
    assert client.response().status == 101
    return client


def test_a_half_close_is_passed_on_and_answered(start, origin):
    def talk(peer):
        peer.connection.settimeout(5)
        got = b""
        while data := peer.connection.recv(65536):
            got += data
        peer.send(b"you said " + got)

    origin.respond = tunnel(talk)
    site = start(route=ROUTE)
    with opened(site) as client:
        client.send(b"farewell")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.until_closed() == b"you said farewell"
    assert "closed_by_client" in site.gateway.log_line(status=101)["flags"]


def test_an_abrupt_client_is_a_reset_for_the_server(start, origin):
    broke = threading.Event()

    def talk(peer):
        peer.connection.settimeout(5)
        try:
            while peer.connection.recv(65536):
                pass
        except ConnectionResetError:
            broke.set()

    origin.respond = tunnel(talk)
    site = start(route=ROUTE)
    opened(site).reset()
    assert broke.wait(3)
    assert site.gateway.log_line(status=101)["reason"] == "client_gone"


def quiet(peer):
    peer.saw_close(10)


@pytest.mark.parametrize(
    "limits, reason, bounds",
    [("idle=300ms", "upgrade_idle", (0.2, 1.5)), ("max=400ms", "upgrade_max", (0.3, 1.5))],
)
def test_a_tunnel_ends_by_its_clock(start, origin, limits, reason, bounds):
    origin.respond = tunnel(quiet)
    site = start(route=f"upgrade websocket {limits}", defaults="timeout total=100ms response=90ms")
    began = time.monotonic()
    with opened(site) as client:
        assert client.until_closed() == b""
        assert bounds[0] < time.monotonic() - began < bounds[1]
    assert site.gateway.log_line(status=101)["reason"] == reason


def test_traffic_in_either_direction_keeps_a_tunnel_awake(start, origin):
    def drip(peer):
        for _ in range(8):
            time.sleep(0.1)
            peer.send(b"x")

    origin.respond = tunnel(drip)
    site = start(route="upgrade websocket idle=300ms")
    with opened(site) as client:
        assert client.until_closed() == b"x" * 8


@pytest.mark.parametrize("size, passes", [(9_999, True), (10_000, True), (10_001, False)])
def test_the_byte_cap_counts_both_directions(start, origin, size, passes):
    got = []

    def talk(peer):
        peer.connection.settimeout(3)
        data = b""
        while len(data) < 4_000:
            data += peer.connection.recv(65536)
        peer.send(b"y" * (size - 4_000))
        got.append(peer.saw_close(3))

    origin.respond = tunnel(talk)
    site = start(route="upgrade websocket bytes=10000B")
    with opened(site) as client:
        client.send(b"x" * 4_000)
        if passes:
            assert len(client.reader.take(size - 4_000)) == size - 4_000
        else:
            assert len(client.until_closed()) < size - 4_000
    reason = site.gateway.log_line(status=101)["reason"]
    assert reason == (None if passes else "upgrade_bytes")


def test_a_reload_leaves_tunnels_running(start, origin):
    origin.respond = tunnel(raw_echo)
    site = start(route=ROUTE)
    with opened(site) as client:
        site.gateway.reload(site.text.replace(ROUTE, "upgrade off"))
        client.send(b"still here")
        assert client.reader.take(10) == b"still here"
        with site.connect() as other:
            assert other.send(handshake()).response().status != 101


def test_a_drain_gives_tunnels_their_grace_and_then_closes_them(start, origin):
    origin.respond = tunnel(raw_echo)
    site = start(route=ROUTE)
    site.gateway.reload(site.text.replace("grace 5s", "grace 600ms"))
    with opened(site) as client:
        site.gateway.signal(signal.SIGTERM)
        time.sleep(0.3)
        client.send(b"in grace")
        assert client.reader.take(8) == b"in grace"
        assert client.until_closed() == b""
    assert site.gateway.exit_code(3) == 0
    assert site.gateway.log_line(status=101)["reason"] == "draining"


def test_policies_hold_for_the_handshake(start, origin):
    origin.respond = tunnel(quiet)
    site = start(route=ROUTE)
    with site.connect() as client:
        client.send(handshake("/chat?room=1"))
        answer = client.response()
        assert answer.status == 101
        assert answer.value("x-request-id")
        assert answer.value("x-content-type-options") == "nosniff"
    asked = origin.only_request
    assert asked.value("x-request-id") == answer.value("x-request-id")
    assert asked.value("x-forwarded-for") == "127.0.0.1"
    assert asked.value("sec-websocket-key") == KEY


def test_tunnels_leave_nothing_behind(start, origin):
    origin.respond = tunnel(raw_echo)
    site = start(route=ROUTE, listener="limits per-client=1000")
    with opened(site):
        descriptors = site.gateway.descriptors
    for round in range(100):
        client = opened(site)
        client.send(b"x" * round)
        client.reset() if round % 2 else client.socket.close()
    until(lambda: site.gateway.descriptors <= descriptors, 5, "descriptors to be given back")
