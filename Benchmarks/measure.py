"""The measurements: CPU time from the kernel's accounts, load by wrk, calls by strace, idle memory.

CPU time is what a noisy machine tells best: nanoseconds that the scheduler gave to the process,
read before and after a load, divided by the requests that the load generator counted.
"""

import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass

from contenders import LOAD_CORE, Contender


@dataclass
class Load:
    """What one run of a load generator counted."""

    requests: int
    seconds: float
    errors: int
    p50: float = 0.0
    p99: float = 0.0


@dataclass
class Sample:
    """One measured run: microseconds of CPU for each request, and the load's own numbers."""

    cpu: float
    load: Load

    @property
    def rate(self) -> float:
        return self.load.requests / self.load.seconds


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def cpu_nanoseconds(pid: int) -> int:
    total = 0
    for member in family(pid):
        for task in pathlib.Path(f"/proc/{member}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total


def on_load_core(*command: str, seconds: float) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["taskset", "-c", str(LOAD_CORE), *command],
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=False,
    )


def wrk(url: str, seconds: float, connections: int, close: bool = False) -> Load:
    options = ["-H", "Connection: close"] if close else []
    started = time.monotonic()
    done = on_load_core(
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds:g}s",
        "--latency",
        *options,
        url,
        seconds=seconds,
    )
    elapsed = time.monotonic() - started
    counted = re.search(r"(\d+) requests in", done.stdout)
    if not counted:
        raise SystemExit(f"wrk failed on {url}: {done.stdout}{done.stderr}")
    errors = sum(
        int(number)
        for number in re.findall(
            r"(?:connect|write|timeout|Non-2xx or 3xx responses:) (\d+)", done.stdout
        )
    )
    # With `Connection: close` wrk counts the close that it asked for as a read error.
    if not close:
        errors += sum(int(number) for number in re.findall(r"read (\d+)", done.stdout))
    return Load(
        int(counted[1]), elapsed, errors, percentile(done.stdout, 50), percentile(done.stdout, 99)
    )


def h2load(url: str, seconds: float, connections: int, streams: int) -> Load:
    """HTTP/2 over TLS. It tells no percentiles: its mean stands for the median."""
    whole = max(1, round(seconds))
    options = [f"-c{connections}", f"-m{streams}", f"-D{whole}", "--warm-up-time=0", "-t1"]
    started = time.monotonic()
    done = on_load_core("h2load", *options, url, seconds=whole)
    elapsed = time.monotonic() - started
    counted = re.search(r"requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored", done.stdout)
    if not counted or int(counted[1]) == 0:
        raise SystemExit(f"h2load failed on {url}: {done.stdout}{done.stderr}")
    mean = re.search(r"^time for request: +\S+ +\S+ +([0-9.]+)(us|ms|s)", done.stdout, re.MULTILINE)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    latency = float(mean[1]) * scale[mean[2]] if mean else float("nan")
    # What was still asked for when the time was up counts as failed: at most one window of streams.
    failed = max(0, int(counted[2]) - connections * streams)
    return Load(int(counted[1]), elapsed, failed + int(counted[3]), latency)


def percentile(text: str, rank: int) -> float:
    """Milliseconds out of wrk's latency table."""
    found = re.search(rf"^\s+{rank}%\s+([0-9.]+)(us|ms|s)", text, re.MULTILINE)
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    return float(found[1]) * scale[found[2]] if found else float("nan")


def handshakes(port: int, seconds: float) -> Load:
    """Full TLS 1.3 handshakes one after the other, each on a new connection."""
    done = on_load_core(
        "openssl",
        "s_time",
        "-connect",
        f"127.0.0.1:{port}",
        "-new",
        "-time",
        str(max(1, round(seconds))),
        "-tls1_3",
        seconds=seconds,
    )
    counted = re.search(r"(\d+) connections in (\d+) real seconds", done.stdout)
    if not counted:
        raise SystemExit(f"openssl s_time failed: {done.stdout}{done.stderr}")
    return Load(int(counted[1]), float(counted[2]), 0)


def sample(contender: Contender, run) -> Sample:
    """Runs a load and charges the contender's CPU time to its requests."""
    before = cpu_nanoseconds(contender.process.pid)
    load = run()
    used = cpu_nanoseconds(contender.process.pid) - before
    return Sample(used / 1000 / max(load.requests, 1), load)


def calls_per_request(contender: Contender, kind: str, seconds: float) -> float:
    """System calls, counted by strace in a run of its own, since it slows the process down."""
    members = [argument for pid in family(contender.process.pid) for argument in ("-p", str(pid))]
    tracer = subprocess.Popen(
        ["strace", "-c", "-f", "-q", *members],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(0.5)
    load = wrk(contender.url(kind, "/"), seconds, 64)
    tracer.send_signal(signal.SIGINT)
    report = tracer.communicate(timeout=20)[1]
    total = re.search(
        r"^100\.00\s+\S+\s+(?:\d+\s+)?(\d+)\s+(?:\d+\s+)?total$", report, re.MULTILINE
    )
    if not total:
        raise SystemExit(f"strace printed no total: {report[-400:]}")
    return int(total[1]) / max(load.requests, 1)


def resident_bytes(pid: int) -> int:
    total = 0
    for member in family(pid):
        for line in pathlib.Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Private_Dirty:", "Private_Clean:")):
                total += int(line.split()[1]) * 1024
    return total


def idle_bytes(contender: Contender, kind: str, count: int) -> float:
    """Private memory for each connection that has served ten requests and then says nothing."""
    warm = [serve_ten(contender, kind) for _ in range(50)]
    # Long enough for what the start and these needed to be given back.
    time.sleep(4)
    before = resident_bytes(contender.process.pid)
    crowd = [serve_ten(contender, kind) for _ in range(count)]
    # Long enough for any proxy to park what is idle.
    time.sleep(4)
    grown = resident_bytes(contender.process.pid) - before
    for connection in warm + crowd:
        connection.close()
    return grown / count


def serve_ten(contender: Contender, kind: str) -> socket.socket:
    """A connection on which ten requests were answered, left open."""
    port = contender.plain if kind == "plain" else contender.tls
    connection = socket.create_connection(("127.0.0.1", port), 10)
    if kind != "plain":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"] if kind == "h2" else ["http/1.1"])
        connection = context.wrap_socket(connection, server_hostname="localhost")
    if kind == "h2":
        serve_ten_streams(connection)
        return connection
    for _ in range(10):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while not received.endswith(b"}"):
            piece = connection.recv(65536)
            if not piece:
                raise SystemExit(f"{contender.name} closed a connection that was to be kept")
            received += piece
    return connection


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One HTTP/2 frame: RFC 9113 section 4.1."""
    length = len(payload).to_bytes(3, "big")
    return length + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def serve_ten_streams(connection: socket.socket) -> None:
    """Ten requests one after the other, each on its own stream."""
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(4, 1, 0))
    # GET, https, /, and a literal authority that stays out of the table.
    head = b"\x82\x87\x84\x01\x09localhost"
    for number in range(10):
        stream = 2 * number + 1
        connection.sendall(frame(1, 5, stream, head))
        received = b""
        while not received.endswith(b"}"):
            piece = connection.recv(65536)
            if not piece:
                raise SystemExit("a connection was closed that was to be kept")
            received += piece


def settle_on_load_core() -> None:
    """Keeps this script itself off the proxy's core."""
    os.sched_setaffinity(0, {LOAD_CORE})
