"""Clients that do too much of something: their connection ends with ENHANCE_YOUR_CALM within a
second of its limit, the metric names the kind, and others are served all the while.
"""

import time

import pytest
from hyperframe import frame as frames

from harness.http2 import ENHANCE_YOUR_CALM, H2Client
from harness.responses import Held
from harness.waiting import until


@pytest.fixture
def site(edge_h2):
    return edge_h2


def request(client: H2Client, ends=True, more=()):
    return client.headers(client.fields("/attack", more=more), ends=ends)


def reset_at_once(client, _):
    head = request(client)
    return [head, frames.RstStreamFrame(head.stream_id, error_code=8)]


def provoke_reset(client, _):
    head = request(client)
    return [head, frames.WindowUpdateFrame(head.stream_id, 0x7FFFFFFF)]


def provoke_reset_by_fields(client, _):
    return [request(client, more=[("connection", "close")])]


def settings(*_):
    return [frames.SettingsFrame(settings={3: 100})] * 20


def pings(*_):
    return [frames.PingFrame(0, b"12345678")] * 20


def priorities(*_):
    return [frames.PriorityFrame(1, stream_weight=3)] * 5


def window_updates(*_):
    return [frames.WindowUpdateFrame(0, 1)]


def empty_data(client, index):
    if index == 0:
        client.victim = request(client, ends=False)
        return [client.victim]
    return [client.data(client.victim.stream_id, b"")]


def continuations(client, index):
    head = request(client)
    head.flags.discard("END_HEADERS")
    return [head] + [frames.ContinuationFrame(head.stream_id, b"\x82") for _ in range(12)]


def header_bomb(client, _):
    """One large field goes into the table; each further byte is one more copy of it."""
    head = request(client, more=[("a", "b" * 3000)])
    head.data += b"\xbe" * 100
    return [head]


def cookie_crumbs(client, _):
    head = request(client, more=[("cookie", "a=b")])
    head.data += b"\xbe" * 2000
    return [head]


def unknown_frames(*_):
    return [frames.ExtensionFrame(0xFB, 0, 0, b"")] * 20_000


ATTACKS = {
    "http2_rapid_reset": (reset_at_once, 2_000),
    "http2_provoked_reset": (provoke_reset, 2_000),
    "http2_provoked_reset ": (provoke_reset_by_fields, 2_000),
    "http2_settings_flood": (settings, 2_000),
    "http2_ping_flood": (pings, 2_000),
    "http2_priority_flood": (priorities, 2_000),
    "http2_window_update_flood": (window_updates, 2_000),
    "http2_empty_frames": (empty_data, 100),
    "http2_continuation_flood": (continuations, 10),
    "http2_header_bomb": (header_bomb, 10),
    "http2_header_bomb ": (cookie_crumbs, 10),
    "http2_frame_overhead": (unknown_frames, 200),
}


@pytest.mark.parametrize("kind", ATTACKS)
def test_an_attack_ends_its_connection_and_no_other(site, kind):
    attack, rounds = ATTACKS[kind]
    gateway = site.gateway
    name = kind.strip()
    before = gateway.metric("sluice_protocol_errors_total", reason=name)
    with H2Client(site.address) as other, H2Client(site.address) as attacker:
        assert other.ask("/before").status == 200
        for index in range(rounds):
            attacker.send(*attack(attacker, index))
            if index % 16 == 0:
                attacker.read(0.001)
            # The first GOAWAY is a friendly one: come back on another connection.
            if attacker.is_closed or any(code for _, code in attacker.goaways):
                break
        ended = attacker.until_closed(5)
        assert attacker.goaways and attacker.goaways[-1][1] == ENHANCE_YOUR_CALM
        assert ended < 1, f"{ended} s after its limit"
        start = time.monotonic()
        assert other.ask("/after").status == 200
        assert time.monotonic() - start < 1
        assert not other.goaways
    assert gateway.metric("sluice_protocol_errors_total", reason=name) == before + 1
    until(lambda: gateway.metric("sluice_open_connections") <= 1, 5, "the connections to end")


def test_streams_beyond_the_limit_are_refused(site):
    site.scripted.respond = held = Held()
    try:
        with H2Client(site.address) as client:
            until(lambda: client.read(0.1) or client.settings.get(3) == 100, 5, "SETTINGS")
            streams = [client.open("/held") for _ in range(100)]
            extra = client.open("/extra")
            answer = client.answer(extra, 3)
            # RFC 9113 section 5.1.2: a stream error or a connection error.
            assert answer.reset in (1, 7) or client.goaways
            held.release.set()
            if not client.goaways:
                assert client.answer(streams[0]).status == 200
    finally:
        held.release.set()
        site.scripted.reset_script()


def test_many_streams_without_window_end_the_connection(site):
    big = b"x" * 200_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(big)
    site.scripted.respond = lambda request, peer: peer.send(head, big) or True
    try:
        with H2Client(site.address, settings={4: 0}, credits=False) as client:
            for _ in range(20):
                client.open("/stall")
            assert client.until_closed(5) < 3
            assert client.goaways[-1][1] == ENHANCE_YOUR_CALM
    finally:
        site.scripted.reset_script()
    assert site.gateway.metric("sluice_protocol_errors_total", reason="http2_window_stall") == 1


def test_memory_is_back_after_the_attacks(site):
    """A hundred thousand streams that are reset leave nothing behind."""
    gateway = site.gateway

    def burst():
        with H2Client(site.address) as client:
            for _ in range(140):
                client.send(*reset_at_once(client, 0))
            client.read(0.2)

    for _ in range(5):
        burst()
    before = gateway.resident_bytes
    for _ in range(60):
        burst()
    until(lambda: gateway.metric("sluice_open_connections") == 0, 5, "the connections to end")
    assert gateway.resident_bytes < before * 1.05 + (1 << 20)
