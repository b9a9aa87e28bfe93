"""Counts what one forwarded request costs the whole gateway: instructions, allocations and calls.

The release binary runs under callgrind with a real client and a real origin around it. After a
warm-up the counters are zeroed, so that start-up does not count. Instructions are user space only;
they repeat to about one percent, whatever else the machine does.

    python3 Benchmarks/process_gate.py --binary .build/release/sluice
"""

import argparse
import collections
import json
import pathlib
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import credentials

BODY = b'{"ok":true,"service":"orders","items":[1,2,3,4,5,6,7,8,9,10]}\n'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: origin\r\nDate: Mon, 23 Nov 2026 17:00:00 GMT\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%s"
) % (len(BODY), BODY)
REQUEST = b"GET /x HTTP/1.1\r\nHost: localhost\r\n"
THRESHOLDS = pathlib.Path(__file__).with_name("process_gate.json")


RESILIENT = """  health path=/ every=10s
  outlier errors=50%
  breaker
"""


def configuration(
    ports: tuple[int, int], origins: list[int], folder: pathlib.Path, limit: bool, identity: str,
    auth: str
) -> str:
    """One worker with the default policies, access log and metrics on, and no limit in the way.

    With several origins everything is on that watches over them.
    """
    listen, secure = ports
    servers = "".join(f"  server 127.0.0.1:{origin}\n" for origin in origins)
    resilience = RESILIENT if len(origins) > 1 else ""
    retry = "  retry\n" if len(origins) > 1 else ""
    bucket = "bucket per-ip rate=1000000/s burst=1000000 key=[client.ip]" if limit else ""
    limits = "limits connections=50000 per-client=50000 requests=1000000000 max-age=24h"
    return f"""sluice 1
workers 1
{bucket}
certificate edge names=[localhost] cert="{folder}/edge.pem" key="{folder}/edge.key"
{identity}
listener clear {{
  bind 127.0.0.1:{listen} protocols=[h2 http/1.1]
  {limits}
}}
listener secure {{
  bind 127.0.0.1:{secure}
  tls certificates=[edge]
  {limits}
}}
upstream origin {{
{servers}{resilience}  connections max=6000 idle=1024 idle-timeout=600s
}}
route everything {{
  match path=/**
  auth {auth}
  {"limit per-ip" if limit else ""}
  to origin
{retry}}}
access-log format=json to="{folder}/access.log"
"""


def serve_origin() -> int:
    """An origin on its own thread that answers every head with the same bytes. Returns its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def run() -> None:
        poll = select.epoll()
        poll.register(listener, select.EPOLLIN)
        peers = {}
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == listener.fileno():
                    peer, _ = listener.accept()
                    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    peers[peer.fileno()] = peer
                    poll.register(peer, select.EPOLLIN)
                    continue
                data = peers[descriptor].recv(65536)
                if data:
                    peers[descriptor].sendall(ANSWER * data.count(b"\r\n\r\n"))
                else:
                    poll.unregister(descriptor)
                    peers.pop(descriptor).close()

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def make_certificate(folder: pathlib.Path) -> None:
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30"
        " -keyout edge.key -out edge.pem -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost".split(),
        cwd=folder, check=True, capture_output=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Client:
    """Connections that each send one request, wait for its answer, and start again."""

    def __init__(self, port: int, count: int, field: bytes):
        self.request = REQUEST + field + b"\r\n"
        self.peers = {}
        self.poll = select.epoll()
        for _ in range(count):
            peer = self.connect(port)
            self.peers[peer.fileno()] = peer
            self.poll.register(peer, select.EPOLLIN)

    def connect(self, port: int) -> socket.socket:
        peer = socket.create_connection(("127.0.0.1", port))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    def run(self, requests: int) -> None:
        waiting = {}
        left = requests
        for descriptor, peer in self.peers.items():
            if left:
                peer.sendall(self.request)
                waiting[descriptor] = b""
                left -= 1
        while waiting:
            for descriptor, _ in self.poll.poll():
                data = self.peers[descriptor].recv(65536)
                if not data:
                    raise SystemExit("The gateway closed a connection.")
                waiting[descriptor] += data
                if not waiting[descriptor].endswith(BODY):
                    continue
                if not waiting[descriptor].startswith(b"HTTP/1.1 200 "):
                    raise SystemExit(f"Not forwarded: {waiting[descriptor][:200]!r}")
                del waiting[descriptor]
                if left:
                    self.peers[descriptor].sendall(self.request)
                    waiting[descriptor] = b""
                    left -= 1


class SecureClient(Client):
    """The same over TLS 1.3. An answer fits one record, so that no decrypted bytes stay unseen."""

    def connect(self, port: int) -> socket.socket:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(super().connect(port), server_hostname="localhost")


class MultiplexedClient:
    """HTTP/2 connections with ten streams each; a stream that has ended makes room for the next."""

    STREAMS = 10
    # GET, http, /, and an authority that stays out of the table.
    HEAD = b"\x82\x86\x84\x01\x09localhost"

    def __init__(self, port: int, count: int, _: bytes):
        self.peers, self.next, self.unread = {}, {}, {}
        self.poll = select.epoll()
        for _ in range(count):
            peer = socket.create_connection(("127.0.0.1", port))
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # No window of the client's stands in the way.
            wide = (1 << 30).to_bytes(4, "big")
            peer.sendall(
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                + self.frame(4, 0, 0, b"\x00\x04" + wide)
                + self.frame(8, 0, 0, wide)
            )
            self.peers[peer.fileno()] = peer
            self.next[peer.fileno()] = 1
            self.unread[peer.fileno()] = b""
            self.poll.register(peer, select.EPOLLIN)

    @staticmethod
    def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
        length = len(payload).to_bytes(3, "big")
        return length + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def ask(self, descriptor: int, count: int) -> None:
        first = self.next[descriptor]
        self.next[descriptor] += 2 * count
        streams = range(first, first + 2 * count, 2)
        self.peers[descriptor].sendall(b"".join(self.frame(1, 5, s, self.HEAD) for s in streams))

    def ended(self, descriptor: int) -> int:
        """Reads once, and says how many streams have ended."""
        data = self.peers[descriptor].recv(65536)
        if not data:
            raise SystemExit("The gateway closed a connection.")
        data = self.unread[descriptor] + data
        ended, at = 0, 0
        while len(data) >= at + 9:
            length = int.from_bytes(data[at : at + 3], "big")
            if len(data) < at + 9 + length:
                break
            kind, flags = data[at + 3], data[at + 4]
            if kind in (3, 7):
                raise SystemExit("The gateway reset a stream, or went away.")
            ended += kind in (0, 1) and flags & 1
            at += 9 + length
        self.unread[descriptor] = data[at:]
        return ended

    def run(self, requests: int) -> None:
        left, open_streams = requests, 0
        for descriptor in self.peers:
            count = min(self.STREAMS, left)
            self.ask(descriptor, count)
            left, open_streams = left - count, open_streams + count
        while open_streams:
            for descriptor, _ in self.poll.poll():
                ended = self.ended(descriptor)
                again = min(ended, left)
                if again:
                    self.ask(descriptor, again)
                left, open_streams = left - again, open_streams - ended + again


class Profile:
    """Self cost and calls of each function in one callgrind dump."""

    def __init__(self, path: pathlib.Path):
        self.cost = collections.Counter()
        self.calls = collections.Counter()
        names = {}
        function = ""
        callee = ""
        is_call = False
        for line in path.read_text(errors="replace").splitlines():
            if match := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?", line):
                is_callee, number, name = match.groups()
                if name:
                    names[number] = name
                if is_callee:
                    callee = names[number]
                else:
                    function = names[number]
            elif line.startswith("calls="):
                self.calls[callee] += int(line.split()[0][6:])
                is_call = True
            elif line and (line[0] in "+-*" or line[0].isdigit()):
                if not is_call:
                    self.cost[function] += int(line.split()[1]) if " " in line else 0
                is_call = False

    def called(self, pattern: str) -> int:
        wanted = re.compile(pattern)
        return sum(count for name, count in self.calls.items() if wanted.fullmatch(name))


def dumps(folder: pathlib.Path) -> list[pathlib.Path]:
    found = [path for path in folder.glob("profile.*") if path.suffix[1:].isdigit()]
    return sorted(found, key=lambda path: int(path.suffix[1:]))


def control(pid: int, action: str) -> None:
    subprocess.run(["callgrind_control", action, str(pid)], check=True, capture_output=True)


def wait_for(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The gateway did not start.")


def measure(arguments, origins: list[int], kind, connections: int, folder: pathlib.Path) -> Profile:
    listen, secure = free_port(), free_port()
    make_certificate(folder)
    routes = folder / "routes.conf"
    identity, auth, field = credentials.made(arguments.auth, folder, arguments.binary)
    routes.write_text(
        configuration((listen, secure), origins, folder, arguments.limit, identity, auth))
    process = subprocess.Popen(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/profile",
         str(arguments.binary), *arguments.command, str(routes)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(listen, process)
        client = kind(secure if kind is SecureClient else listen, connections, field)
        client.run(arguments.warmup)
        control(process.pid, "--zero")
        client.run(arguments.requests)
        control(process.pid, "--dump")
        return Profile(dumps(folder)[-1])
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def report(profile: Profile, requests: int, top: int) -> dict:
    total = sum(profile.cost.values())
    figures = {
        "instructions": round(total / requests),
        "allocations": round(profile.called(r"malloc|calloc|realloc|posix_memalign") / requests, 2),
        "retains": round(profile.called(r"swift_retain|swift_bridgeObjectRetain") / requests, 1),
        "exclusivity checks": round(profile.called("swift_beginAccess") / requests, 1),
    }
    if top:
        names = [name for name, _ in profile.cost.most_common(top)]
        text = subprocess.run(["swift", "demangle", "--simplified", "--compact"],
                              input="\n".join(names), capture_output=True, text=True).stdout
        for name, readable in zip(names, text.splitlines()):
            print(f"{profile.cost[name] / requests:9.1f} "
                  f"{profile.calls[name] / requests:7.2f}  {readable[:150]}")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--command", nargs="*", default=["run", "-c"])
    parser.add_argument("--requests", type=int, default=6000)
    parser.add_argument("--warmup", type=int, default=1000)
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 64])
    parser.add_argument("--secure", type=int, nargs="*", default=[64], help="TLS connections")
    parser.add_argument("--resilient", action="store_true",
                        help="three servers, with checks, breaker and retries")
    parser.add_argument("--multiplexed", type=int, default=16, help="HTTP/2 connections; 0: none")
    parser.add_argument("--top", type=int, default=0, help="functions to list by own cost")
    parser.add_argument("--limit", action="store_true", help="with a limit on a local bucket")
    parser.add_argument("--auth", choices=["key", "token"],
                        help="with an API key, or a token that was judged before")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for callgrind's own files")
    parser.add_argument("--record", action="store_true", help="keep the figures as thresholds")
    arguments = parser.parse_args()
    origins = [serve_origin() for _ in range(3 if arguments.resilient else 1)]
    known = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    failed = False
    rows = [(f"forward, {count} connections", Client, count) for count in arguments.connections]
    rows += [(f"forward over TLS, {count} connections", SecureClient, count)
             for count in arguments.secure]
    if arguments.multiplexed and not arguments.auth:
        count = arguments.multiplexed
        rows.append((f"forward, HTTP/2, {count} connections of 10", MultiplexedClient, count))
    for name, kind, connections in rows:
        with tempfile.TemporaryDirectory() as folder:
            kept = arguments.keep or pathlib.Path(folder)
            profile = measure(arguments, origins, kind, connections, kept)
        figures = report(profile, arguments.requests, arguments.top)
        name += ", resilient" * arguments.resilient
        name += f", {arguments.auth}" if arguments.auth else ""
        print(f"{name}: {figures}")
        if arguments.record:
            known[name] = figures
        for key, value in figures.items():
            limit = known.get(name, {}).get(key)
            # Batches differ from run to run: two percent, and one allocation in twenty requests.
            if limit is not None and value > limit * 1.02 + 0.05:
                print(f"  {key}: {value} is over {limit}")
                failed = True
    if arguments.record:
        THRESHOLDS.write_text(json.dumps(known, indent=2) + "\n")
    sys.exit(1 if failed else 0)


main()
