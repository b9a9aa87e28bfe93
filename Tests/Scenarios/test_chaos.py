"""Clients and origins that misbehave at random, with reloads in between: no answer goes astray,
nothing is lost for good. The seed is printed; SLUICE_SEED repeats a run.
"""

import os
import random
import signal
import threading
import time

import pytest

from harness.client import request
from harness.message import Incomplete
from harness.waiting import until

GONE = (OSError, Incomplete, AssertionError, ValueError)


def unreliable(source: random.Random):
    """An origin that mostly echoes the request's token, and sometimes fails in one of many ways."""

    def echo(message, peer):
        token = (message.value("x-token") or "none").encode()
        peer.read_body(message)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(token), token)
        return True

    def chunks(message, peer):
        token = (message.value("x-token") or "none").encode()
        peer.read_body(message)
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.send(*(b"1\r\n%c\r\n" % byte for byte in token), b"0\r\n\r\n")
        return True

    def cut(message, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        return False

    def reset(message, peer):
        peer.reset()
        return False

    def garbage(message, peer):
        peer.send(bytes(source.randrange(256) for _ in range(60)))
        return False

    def leave(message, peer):
        return False

    def late(message, peer):
        time.sleep(source.random() * 0.3)
        return echo(message, peer)

    ways = [echo] * 8 + [chunks] * 4 + [cut, reset, garbage, leave, late]
    return lambda message, peer: source.choice(ways)(message, peer)


def visit(site, source: random.Random, name: str, astray: list[str]) -> None:
    """One connection of one random kind."""
    with site.connect(seconds=5) as client:
        tokens = [f"{name}-{source.randrange(1 << 30)}" for _ in range(source.randrange(1, 8))]
        kind = source.random()
        for token in tokens:
            raw = request("/", "POST" if kind < 0.3 else "GET", {"X-Token": token})
            if kind > 0.9:
                client.send(raw[: source.randrange(len(raw))])
                return client.reset() if source.random() < 0.5 else None
            client.send(raw)
            if kind > 0.8:
                return None
            answer = client.response()
            if answer.status == 200 and answer.body.decode() != token:
                astray.append(f"{token} was answered with {answer.body!r}")
            if answer.value("connection") == "close":
                return None
    return None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [3, pytest.param(120, marks=pytest.mark.deep)])
def test_no_answer_goes_astray_in_chaos(start, origin, seconds):
    seed = int(os.environ.get("SLUICE_SEED", random.randrange(1 << 30)))
    print(f"SLUICE_SEED={seed}")
    origin.respond = unreliable(random.Random(seed))
    site = start(workers=2, listener="limits per-client=1000 head-timeout=1s")
    with site.connect() as client:
        client.ask()
    descriptors = site.gateway.descriptors
    astray: list[str] = []
    end = time.monotonic() + seconds

    def work(number: int):
        source = random.Random(seed + number)
        while time.monotonic() < end:
            try:
                visit(site, source, str(number), astray)
            except GONE:
                continue

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        site.gateway.signal(signal.SIGHUP)
        time.sleep(0.5)
    for thread in threads:
        thread.join()
    assert astray == []
    assert site.gateway.process.poll() is None
    origin.reset_script()
    with site.connect() as client:
        assert [client.ask().status for _ in range(20)] == [200] * 20
    origin.drop_connections()
    until(lambda: site.gateway.descriptors <= descriptors + 2, 15, "descriptors to be given back")
