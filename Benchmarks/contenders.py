"""The programs that are compared, each configured for the same work on the same core.

Every proxy forwards to the origin over kept connections, sets the same answer fields, a request id
and X-Forwarded-For, speaks TLS with the same P-256 certificate, offers HTTP/2 there, and has its
limits raised out of the way. Each one runs twice: with its access log, and without. The logs are
what each proxy does best: Sluice and nginx gather lines and write blocks to a file; HAProxy, which
writes no files, gathers them in a ring that a collector on the load's core drains over TCP.
Measured on the machine of docs/performance.md, that costs HAProxy less than a datagram or a write
for each request.
"""

import os
import pathlib
import resource
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

PROXY_CORE, LOAD_CORE = 0, min(1, (os.cpu_count() or 1) - 1)

SMALL_BODY = (
    '{"ok":true,"service":"orders","items":[1,2,3,4,5,6,7,8,9,10],"note":"one small answer"}'
)

SECURITY = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "X-Permitted-Cross-Domain-Policies": "none",
}


@dataclass
class Contender:
    """One running program, the address of its plain and, if it has one, of its TLS listener."""

    name: str
    process: subprocess.Popen
    plain: int
    tls: int | None
    is_logging: bool = True

    def url(self, kind: str, path: str) -> str:
        port, scheme = (self.plain, "http") if kind == "plain" else (self.tls, "https")
        return f"{scheme}://127.0.0.1:{port}{path}"


def nginx_origin(folder: pathlib.Path, port: int) -> str:
    return f"""worker_processes 1; daemon off; pid {folder}/origin.pid;
error_log {folder}/origin.err; worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; sendfile on;
  server {{
    listen 127.0.0.1:{port} backlog=4096; default_type application/json;
    location / {{ return 200 '{SMALL_BODY}'; }}
    location = /64k {{ alias {folder}/64k; }}
    location = /1m {{ alias {folder}/1m; }}
  }}
}}
"""


@dataclass
class Site:
    """Where a proxy finds things and is found."""

    folder: pathlib.Path
    origin: int
    plain: int
    tls: int
    collector: int
    is_logging: bool


def nginx(site: Site) -> str:
    folder = site.folder
    log = f"{folder}/nginx.log combined buffer=64k flush=1s" if site.is_logging else "off"
    fields = "\n".join(f'      add_header {name} "{value}";' for name, value in SECURITY.items())
    return f"""worker_processes 1; daemon off; pid {folder}/nginx-{site.plain}.pid;
error_log {folder}/nginx.err; worker_rlimit_nofile 16384;
events {{ worker_connections 16000; }}
http {{
  access_log {log};
  keepalive_requests 1000000000; keepalive_timeout 600s; server_tokens off;
  upstream origin {{
    server 127.0.0.1:{site.origin}; keepalive 1024; keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{site.plain} backlog=4096;
    listen 127.0.0.1:{site.tls} ssl http2 backlog=4096;
    http2_max_concurrent_streams 128;
    ssl_certificate {folder}/edge.pem; ssl_certificate_key {folder}/edge.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{
      proxy_pass http://origin; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Request-ID $request_id; proxy_set_header X-Forwarded-For $remote_addr;
      add_header X-Request-ID $request_id;
{fields}
    }}
  }}
}}
"""


def haproxy(site: Site) -> str:
    ring, log = "", ""
    if site.is_logging:
        ring = f"""ring collected
  format raw
  maxlen 2048
  size 1048576
  timeout connect 5s
  timeout server 10s
  server collector 127.0.0.1:{site.collector}
"""
        log = "  option httplog\n  log ring@collected format raw local0\n"
    fields = "\n".join(
        f'  http-response set-header {name} "{value}"' for name, value in SECURITY.items()
    )
    return f"""global
  nbthread 1
  maxconn 6000
defaults
  mode http
  timeout client 600s
  timeout server 60s
  timeout connect 5s
  http-reuse always
{ring}frontend edge
{log}  bind 127.0.0.1:{site.plain} backlog 4096
  bind 127.0.0.1:{site.tls} ssl crt {site.folder}/haproxy.pem alpn h2,http/1.1 backlog 4096
  http-request set-var(txn.id) uuid()
  http-request set-header X-Request-ID %[var(txn.id)]
  http-request set-header X-Forwarded-For %[src]
  http-response set-header X-Request-ID %[var(txn.id)]
{fields}
  default_backend origin
backend origin
  server one 127.0.0.1:{site.origin} pool-max-conn 1024
"""


def sluice(site: Site) -> str:
    folder = site.folder
    to_file = f'access-log format=json to="{folder}/sluice.log"'
    log = to_file if site.is_logging else "access-log off"
    limits = "limits connections=50000 per-client=50000 requests=1000000000 max-age=24h"
    return f"""sluice 1
workers 1
certificate edge names=[localhost] cert="{folder}/edge.pem" key="{folder}/edge.key"
listener clear {{
  bind 127.0.0.1:{site.plain}
  {limits}
}}
listener secure {{
  bind 127.0.0.1:{site.tls} protocols=[h2 http/1.1]
  tls min=1.2 certificates=[edge]
  {limits}
}}
upstream origin {{
  server 127.0.0.1:{site.origin}
  connections max=6000 idle=1024 idle-timeout=600s
}}
defaults {{
  request-id header=x-request-id trust=off generate=uuid7 echo=on
  secure-headers profile=api
  timeout connect=5s response=60s total=120s idle=600s
}}
route every {{
  match path=/**
  auth none
  to origin
}}
{log}
"""


class Range:
    """Starts programs in a folder of their own and stops them all at the end."""

    def __init__(self, folder: pathlib.Path, binary: pathlib.Path):
        self.folder, self.binary = folder, binary
        self.processes: list[subprocess.Popen] = []
        self.origin = free_port()
        folder.chmod(0o755)
        make_certificate(folder)
        (folder / "64k").write_bytes(b"x" * 65536)
        (folder / "1m").write_bytes(b"x" * (1 << 20))
        self._start("origin", nginx_origin(folder, self.origin), ["nginx", "-c"], LOAD_CORE)
        await_port(self.origin)
        self.collector = free_port()
        collector = str(pathlib.Path(__file__).with_name("collector.py"))
        self._spawn("collector", [sys.executable, collector, str(self.collector)], LOAD_CORE)
        await_port(self.collector)

    def start(self, name: str, is_logging: bool = True) -> Contender:
        if name == "relay":
            return self._relay(is_logging)
        plain, tls = free_port(), free_port()
        site = Site(self.folder, self.origin, plain, tls, self.collector, is_logging)
        config, command = {
            "sluice": (sluice, [str(self.binary), "run", "-c"]),
            "nginx": (nginx, ["nginx", "-c"]),
            "haproxy": (haproxy, ["haproxy", "-f"]),
        }[name]
        kind = name if is_logging else f"{name}-without-log"
        process = self._start(kind, config(site), command, PROXY_CORE)
        await_port(plain)
        await_port(tls)
        return Contender(name, process, plain, tls, is_logging)

    def stop(self) -> None:
        for process in reversed(self.processes):
            end(process)

    def stop_one(self, contender: Contender) -> None:
        self.processes.remove(contender.process)
        end(contender.process)

    def _relay(self, is_logging: bool) -> Contender:
        source = pathlib.Path(__file__).with_name("relay.c")
        program, port = self.folder / "relay", free_port()
        subprocess.run(["gcc", "-O2", "-o", program, source], check=True)
        process = self._spawn("relay", [str(program), str(port), str(self.origin)], PROXY_CORE)
        await_port(port)
        return Contender("relay", process, port, None, is_logging)

    def _start(self, name: str, config: str, command: list[str], core: int) -> subprocess.Popen:
        path = self.folder / f"{name}.conf"
        path.write_text(config)
        return self._spawn(name, [*command, str(path)], core)

    def _spawn(self, name: str, command: list[str], core: int) -> subprocess.Popen:
        def prepare():
            os.sched_setaffinity(0, {core})
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            files = min(16384, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))

        output = open(self.folder / f"{name}.out", "wb")
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=prepare
        )
        output.close()
        self.processes.append(process)
        return process


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def make_certificate(folder: pathlib.Path) -> None:
    """One self-signed P-256 certificate for all."""
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30"
        " -keyout edge.key -out edge.pem -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost,IP:127.0.0.1".split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    pair = (folder / "edge.pem").read_text() + (folder / "edge.key").read_text()
    (folder / "haproxy.pem").write_text(pair)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"nothing answers on port {port}; its .out file may say why")
            time.sleep(0.02)
