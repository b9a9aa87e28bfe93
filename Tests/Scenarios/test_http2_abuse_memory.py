"""What each attack of docs/hardening.md's group C makes the gateway hold: at most sixteen bytes for
each byte that it cost, and nothing half a minute later. Prints the table of docs/hardening.md.
"""

import threading
import time

import pytest
from hyperframe import frame as frames

from harness.http2 import H2Client
from test_http2_abuse import ATTACKS, request

# At the same time, and one after the other: enough to be told from the noise of a heap.
CONNECTIONS, ROUNDS = 24, 4
# What every connection may cost, attack or not.
ALLOWANCE = 64 * 1024
# A stalled answer holds what its upstream has sent of it, up to a read buffer, and its exchange:
# bounded by windows and not by what the client has sent (docs/performance.md).
STALLED_STREAM = 100 * 1024
# A heap does not come back to the byte.
NOISE = 1 << 20


def big_heads(client, _):
    """Heads that are never whole: each holds what its limit allows."""
    head = request(client, more=[("a" * 40, "b" * 12_000)])
    head.flags.discard("END_HEADERS")
    return [head]


def stalled_answers(client, index):
    if index == 0:
        return [frames.SettingsFrame(settings={4: 0})]
    return [client.headers(client.fields("/stall"))] * (index <= 9)


def bodies_that_never_end(client, index):
    head = client.headers(client.fields("/upload", method="POST"), ends=False)
    return [head, client.data(head.stream_id, b"x" * 16384)] * (index < 60)


KINDS = {name.strip() + "+" * name.count(" "): attack for name, attack in ATTACKS.items()} | {
    "heads that are never whole": (big_heads, 1),
    "answers that are never taken": (stalled_answers, 10),
    "bodies that never end": (bodies_that_never_end, 60),
}


class Attacker:
    """One connection that attacks until it is closed, or has sent all that it wanted."""

    def __init__(self, address, attack, rounds: int):
        self.address, self.attack, self.rounds = address, attack, rounds
        self.sent = 0

    def run(self, hold: threading.Event) -> None:
        with H2Client(self.address, credits=False) as client:
            for index in range(self.rounds):
                data = b"".join(one.serialize() for one in self.attack(client, index))
                client.send_bytes(data)
                self.sent += len(data)
                if index % 16 == 0:
                    client.read(0.001)
                if client.is_closed or any(code for _, code in client.goaways):
                    break
            hold.wait(1.5)


class Watch:
    """The most that the gateway held while it was watched."""

    def __init__(self, gateway):
        self.gateway, self.peak, self.done = gateway, 0, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def _run(self):
        while not self.done.wait(0.02):
            self.peak = max(self.peak, self.gateway.resident_bytes)


def crowd(site, attack, rounds) -> int:
    """Attackers side by side; returns the bytes that they sent."""
    attackers = [Attacker(site.address, attack, rounds) for _ in range(CONNECTIONS)]
    hold = threading.Event()
    threads = [threading.Thread(target=one.run, args=(hold,)) for one in attackers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(one.sent for one in attackers)


@pytest.mark.deep
@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", KINDS)
def test_an_attacker_s_byte_costs_at_most_sixteen(clear, origin, kind):
    attack, rounds = KINDS[kind]
    big = b"x" * 200_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(big)
    if attack is stalled_answers:
        origin.respond = lambda asked, peer: peer.send(head, big) or True
    site = clear(listener="limits per-client=1000")
    gateway = site.gateway
    # What the first connections of all make the process hold for good is not the attack's.
    crowd(site, lambda client, index: [request(client)] * (index == 0), 1)
    time.sleep(4)
    before = gateway.resident_bytes
    sent = 0
    with Watch(gateway) as watch:
        for _ in range(ROUNDS):
            sent += crowd(site, attack, rounds)
    held = max(0, watch.peak - before)
    time.sleep(30)
    left = gateway.resident_bytes - before
    print(
        f"\n| {kind} | {sent / 1024:,.0f} | {held / 1024:,.0f} | {held / sent:.2f} "
        f"| {100 * left / before:+.1f} % |"
    )
    allowance = 10 * STALLED_STREAM if attack is stalled_answers else ALLOWANCE
    assert held <= 16 * sent + CONNECTIONS * allowance
    assert left <= 0.05 * before + NOISE
