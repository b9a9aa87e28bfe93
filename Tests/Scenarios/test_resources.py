"""Descriptors and memory: bounded under load, given back afterwards, survived when they run out."""

import shutil
import socket
import subprocess
import threading
import time

import pytest

from harness import responses
from harness.client import Client, request
from harness.waiting import until

PIPELINE = 50


def hammer(site, requests: int, threads: int = 4) -> None:
    """Many requests over a few connections, by h2load when it is there."""
    if shutil.which("h2load"):
        done = subprocess.run(
            [
                "h2load",
                "--h1",
                f"-n{requests}",
                "-c16",
                "-t1",
                f"http://127.0.0.1:{site.edge}/load",
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert f"{requests} succeeded, 0 failed" in done.stdout, done.stdout
        return
    failures: list[str] = []

    def work():
        with site.connect(seconds=60) as client:
            for _ in range(requests // threads // PIPELINE):
                client.send(request("/load") * PIPELINE)
                failures.extend("bad" for _ in range(PIPELINE) if client.response().status != 200)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


@pytest.mark.timeout(240)
def test_100_000_requests_leak_neither_descriptors_nor_memory(start):
    from harness.site import block

    site = start(
        workers=2,
        listener="limits requests=1000000 per-client=1000",
        routes=(
            block("route said", "match path=/load", "auth none", 'respond 200 body="ok"')
            + block("route every", "match path=/**", "auth none", "to origin")
        ),
    )
    hammer(site, 20_000)
    memory, descriptors = site.gateway.resident_bytes, site.gateway.descriptors
    hammer(site, 100_000)
    until(lambda: site.gateway.descriptors <= descriptors + 1, 5, "descriptors to be given back")
    assert site.gateway.resident_bytes - memory < 4 << 20


@pytest.mark.timeout(240)
def test_20_000_forwarded_requests_leak_neither_descriptors_nor_memory(start, origin):
    origin.respond = responses.fixed()
    site = start(listener="limits requests=1000000 per-client=1000")
    hammer(site, 4_000)
    origin.requests.clear()
    memory, descriptors = site.gateway.resident_bytes, site.gateway.descriptors
    hammer(site, 20_000)
    until(lambda: site.gateway.descriptors <= descriptors + 2, 5, "descriptors to be given back")
    assert site.gateway.resident_bytes - memory < 4 << 20


def test_short_connections_leak_nothing(start, origin):
    site = start()

    def visit():
        with site.connect() as client:
            assert client.ask("/", fields={"Connection": "close"}).status == 200

    for _ in range(100):
        visit()
    descriptors = site.gateway.descriptors
    for _ in range(1000):
        visit()
    until(lambda: site.gateway.descriptors <= descriptors + 1, 5, "descriptors to be given back")


def test_resets_at_every_point_leak_nothing(start, origin):
    site = start()
    with site.connect() as client:
        client.ask()
    descriptors = site.gateway.descriptors
    whole = request("/reset", "POST", {"X-A": "1"}, b"0123456789")
    for cut in range(0, len(whole) + 1):
        client = site.connect()
        client.send(whole[:cut])
        client.reset()
    until(lambda: site.gateway.descriptors <= descriptors + 2, 10, "descriptors to be given back")
    with site.connect() as client:
        assert client.ask().status == 200


def test_running_out_of_descriptors_is_survived(start, origin):
    site = start(files=64, listener="limits per-client=1000")
    crowd = []
    for _ in range(120):
        try:
            crowd.append(socket.create_connection(site.address, timeout=1))
        except OSError:
            break
    busy = cpu_seconds(site.gateway)
    time.sleep(0.5)
    assert cpu_seconds(site.gateway) - busy < 0.3, "it spins while it cannot accept"
    for connection in crowd:
        connection.close()

    def serves():
        try:
            with site.connect(seconds=2) as client:
                return client.ask().status == 200
        except (OSError, AssertionError):
            return False

    until(serves, 10, "service after the crowd has gone")


def cpu_seconds(gateway) -> float:
    parts = open(f"/proc/{gateway.process.pid}/stat").read().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / 100


def test_an_idle_gateway_does_nothing(start):
    site = start(workers=2)
    with site.connect() as client:
        client.ask()
        before = cpu_seconds(site.gateway)
        time.sleep(2)
        assert cpu_seconds(site.gateway) - before < 0.06


def test_a_half_closed_peer_costs_no_busy_loop(start, origin):
    origin.respond = held = responses.Held()
    site = start(listener="half-close on")
    with site.connect() as client:
        client.send(request())
        client.socket.shutdown(socket.SHUT_WR)
        assert held.arrived.wait(5)
        before = cpu_seconds(site.gateway)
        time.sleep(0.5)
        assert cpu_seconds(site.gateway) - before < 0.2
        held.release.set()
        assert client.response().status == 200


@pytest.mark.timeout(120)
def test_idle_connections_cost_little_memory(start, origin):
    """Each has served ten requests; the bound is loose, `make bench` measures the number itself."""
    site = start(listener="limits per-client=5000", files=4096)
    origin.respond = responses.fixed()
    clients = []

    def open_some(count):
        for _ in range(count):
            client = Client(site.address)
            client.send(request() * 10)
            for _ in range(10):
                assert client.response().status == 200
            clients.append(client)

    def open_slowly(batches):
        """What waits for its next request still has a task: only a batch does at a time."""
        for _ in range(batches):
            open_some(100)
            time.sleep(1.2)

    open_slowly(2)
    before = site.gateway.resident_bytes
    open_slowly(9)
    until(lambda: site.gateway.resident_bytes - before < 900 * 1500, 5, "connections to be parked")
    for client in clients:
        client.socket.close()
