"""What hostile and slow HTTP/2 clients cost: others hardly notice them, and memory is bounded."""

import socket
import threading
import time

import pytest
from hyperframe import frame as frames

from harness.http2 import PREFACE, Answer, H2Client
from harness.site import block

RESETS_PER_CONNECTION = 140
RESETS_PER_SECOND = 10_000


class Resetter:
    """Opens streams and resets them at once, on connection after connection, at a fixed rate."""

    def __init__(self, address):
        self.address = address
        self.sent = 0
        self.stopped = threading.Event()
        self.burst = PREFACE + frames.SettingsFrame().serialize()
        for stream in range(1, 2 * RESETS_PER_CONNECTION, 2):
            head = frames.HeadersFrame(stream, b"\x82\x86\x84\x01\x01a")
            head.flags.add("END_HEADERS")
            self.burst += head.serialize() + frames.RstStreamFrame(stream, 8).serialize()

    def __enter__(self):
        self.started = time.monotonic()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()

    def run(self):
        while not self.stopped.is_set():
            with socket.create_connection(self.address, timeout=5) as connection:
                connection.sendall(self.burst)
                connection.settimeout(0.01)
                try:
                    connection.recv(4096)
                except OSError:
                    pass
            self.sent += RESETS_PER_CONNECTION
            early = self.sent / RESETS_PER_SECOND - (time.monotonic() - self.started)
            if early > 0:
                time.sleep(early)

    @property
    def rate(self) -> float:
        return self.sent / (time.monotonic() - self.started)


def overheads(site) -> list[tuple[float, float]]:
    """Upper bounds of the histogram of the route `own`, with the counts below each."""
    found = []
    for line in site.gateway.admin("/metrics")[1].splitlines():
        if line.startswith("sluice_http_overhead_seconds_bucket") and 'route="own"' in line:
            bound = line.split('le="')[1].split('"')[0]
            found.append((float(bound), float(line.rpartition(" ")[2])))
    return found


def median(before, after) -> float:
    """Microseconds, interpolated within the bucket that the middle falls into."""
    zero = [(bound, 0.0) for bound, _ in after]
    counts = [(bound, b - a) for (bound, b), (_, a) in zip(after, before or zero)]
    half = counts[-1][1] / 2
    low, below = 0.0, 0.0
    for bound, count in counts:
        if count >= half:
            return (low + (bound - low) * (half - below) / (count - below)) * 1e6
        low, below = bound, count
    raise AssertionError("the histogram is empty")


@pytest.mark.deep
def test_ten_thousand_resets_a_second_cost_others_little(clear):
    site = clear(routes=block("route own", "match path=/**", "auth none", "respond 204"))
    quiet, attacked, rates = [], [], []
    with H2Client(site.address) as client:

        def served(count: int) -> float:
            before = overheads(site)
            for _ in range(count):
                assert client.ask("/x").status == 204
            return median(before, overheads(site))

        served(50)
        for _ in range(5):
            quiet.append(served(60))
            with Resetter(site.address) as attack:
                time.sleep(0.1)
                attacked.append(served(60))
                rates.append(attack.rate)
    print(f"quiet {quiet} us, attacked {attacked} us, {rates} resets a second")
    assert sorted(rates)[2] > 0.8 * RESETS_PER_SECOND
    assert sorted(attacked)[2] <= 2 * sorted(quiet)[2]


def read_until(client: H2Client, condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end and not client.is_closed
        client.read(0.2)


def test_slow_readers_hold_no_more_than_their_windows(clear, origin):
    size = 10 << 20
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size

    def respond(request, peer):
        peer.send(head)
        block = b"x" * 65536
        for _ in range(size // len(block)):
            peer.send(block)
        return True

    origin.respond = respond
    site = clear(defaults="timeout connect=5s response=20s total=60s idle=20s")
    with H2Client(site.address, credits=False) as warm:
        stream = warm.open("/warm")
        read_until(warm, lambda: len(warm.answers.get(stream, Answer()).body) == 65535)
    before = site.gateway.resident_bytes
    with H2Client(site.address, settings={4: 65535}, credits=False) as client:
        streams = [client.open("/slow") for _ in range(100)]
        # Every stream gets its head; the connection's first window is one for all of them.
        read_until(client, lambda: all(client.answers.get(one, Answer()).status for one in streams))
        client.send(frames.WindowUpdateFrame(0, 100 * 16384))
        read_until(client, lambda: sum(len(one.body) for one in client.answers.values()) > 1 << 20)
        assert not client.goaways
        grown = site.gateway.resident_bytes - before
    print(f"a hundred stalled answers of 10 MiB: {grown / 1024:.0f} KiB")
    # One read buffer of 64 KiB and an exchange for each, and one output of 96 KiB.
    assert grown < 100 * (64 + 40) * 1024 + (2 << 20)
