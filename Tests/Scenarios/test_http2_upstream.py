"""Upstreams that speak HTTP/2: one connection for many requests, and every answer judged as
strictly as those of HTTP/1.1."""

import hashlib
import shutil
import subprocess
import threading
import time

import pytest

from harness.answers import problem
from harness.client import chunked, request
from harness.http2_origin import H2Origin, describe, limited
from harness.waiting import free_port, until

H2C = "protocol h2c"


@pytest.fixture
def server():
    with H2Origin() as made:
        yield made


def at(start, server, **parts):
    return start(origin=server.address, upstream=H2C, **parts)


def pairs(answer) -> dict:
    fields = answer.json()["fields"]
    names = [name for name, _ in fields]
    assert names == [name.lower() for name in names]
    return dict(fields)


# What is sent.


def test_a_request_goes_on_with_the_fields_of_http2(start, server):
    with at(start, server).connect() as client:
        fields = {
            "X-A": "1",
            "Cookie": "a=1; b=2",
            "TE": "trailers",
            "Keep-Alive": "5",
            "Proxy-Authorization": "Basic x",
        }
        seen = pairs(client.ask("/p?q=1", fields=fields))
    assert seen[":method"] == "GET"
    assert seen[":scheme"] == "http"
    assert seen[":authority"] == "localhost"
    assert seen[":path"] == "/p?q=1"
    assert seen["x-a"] == "1"
    assert seen["cookie"] == "a=1; b=2"
    assert seen["te"] == "trailers"
    assert seen["x-request-id"] and seen["x-forwarded-for"] == "127.0.0.1"
    for name in ("host", "connection", "keep-alive", "proxy-authorization", "transfer-encoding"):
        assert name not in seen


def test_bodies_arrive_whole(start, server):
    with at(start, server, route="body max=64MiB").connect() as client:
        for size in (0, 1, 16_384, 65_536, 3_000_000):
            body = bytes(range(256)) * (size // 256 + 1)
            assert client.ask("/", "POST", body=body[:size]).json()["bytes"] == size
            assert server.requests[-1][1] == body[:size]
            length = dict(server.requests[-1][0]).get("content-length")
            assert length == (str(size) if size else "0" if length else None)
        client.send(request("/", "POST", {"Transfer-Encoding": "chunked"}), chunked(b"ab", b"c"))
        assert client.response("POST").json()["bytes"] == 3


def test_trailers_pass_in_both_directions(start, server):
    server.respond = lambda link, stream, fields, body: link.answer(
        stream, body=b"body", trailers=[("x-checksum", "1"), ("grpc-status", "0")]
    )
    with at(start, server).connect() as client:
        body = chunked(b"abc", trailers="X-Digest: 2\r\n")
        client.send(request("/", "POST", {"Transfer-Encoding": "chunked"}), body)
        answer = client.response("POST")
        assert answer.body == b"body"
        assert dict(answer.trailers) == {"x-checksum": "1", "grpc-status": "0"}
    assert [("x-digest", "2")] == [(n.lower(), v) for n, v in server.trailers[0]]


def test_interim_answers_pass(start, server):
    def respond(link, stream, fields, body):
        link.head(stream, "103", [("link", "</a.css>")])
        link.answer(stream, body=b"final")

    server.respond = respond
    with at(start, server).connect() as client:
        answer = client.ask()
        assert (answer.status, answer.body) == (200, b"final")
        assert [interim.status for interim in answer.interim] == [103]


@pytest.mark.parametrize("method, status", [("HEAD", "200"), ("GET", "204"), ("GET", "304")])
def test_answers_without_a_body(start, server, method, status):
    server.respond = lambda link, stream, fields, body: link.answer(
        stream, status, [("content-length", "5")] if status == "200" else []
    )
    with at(start, server).connect() as client:
        for _ in range(2):
            client.send(request("/", method))
            answer = client.response(method)
            assert (answer.status, answer.body) == (int(status), b"")


# How connections are used.


def test_requests_at_the_same_time_share_one_connection(start, server):
    gate = threading.Event()
    arrived = []

    def respond(link, stream, fields, body):
        def later():
            gate.wait(10)
            link.answer(stream, body=b"x")

        arrived.append(stream)
        threading.Thread(target=later, daemon=True).start()

    server.respond = respond
    site = at(start, server)
    clients = [site.connect() for _ in range(20)]
    for client in clients:
        client.send(request())
    until(lambda: len(arrived) == 20, 5, "twenty streams")
    gate.set()
    assert [client.response().status for client in clients] == [200] * 20
    assert len(server.links) == 1
    assert site.gateway.metric("sluice_http_requests_total", code="200") == 20


def test_the_servers_limit_of_streams_is_kept(start):
    gate = threading.Event()

    def respond(link, stream, fields, body):
        def later():
            gate.wait(10)
            link.answer(stream, body=b"x")

        threading.Thread(target=later, daemon=True).start()

    with H2Origin(settings=limited(2)) as server:
        server.respond = respond
        site = at(start, server)
        with site.connect() as first:
            # The server's SETTINGS are there after one exchange.
            gate.set()
            assert first.ask().status == 200
            gate.clear()
        clients = [site.connect() for _ in range(6)]
        for client in clients:
            client.send(request())
            time.sleep(0.02)
        until(lambda: sum(link.most_open for link in server.links) >= 6, 5, "six streams")
        gate.set()
        assert [client.response().status for client in clients] == [200] * 6
        assert max(link.most_open for link in server.links) <= 2


def test_tls_takes_what_alpn_chooses(start, origin, authority):
    pair = authority.leaf("http2", "localhost", "127.0.0.1")
    tls = f'tls server-name=localhost ca="{authority.certificate}"'
    for offered, expected in ((["h2", "http/1.1"], "2"), (["http/1.1"], "1"), ([], "1")):
        context = authority.server_context(*pair)
        if offered:
            context.set_alpn_protocols(offered)
        if expected == "2":
            with H2Origin(tls=context) as server:
                with start(origin=server.address, upstream=tls).connect() as client:
                    assert pairs(client.ask())[":scheme"] == "https"
                    assert client.ask().json()["connection"] == 1
        else:
            origin.tls = context
            site = start(origin=f"127.0.0.1:{origin.port}", upstream=tls)
            with site.connect() as client:
                assert client.ask().json()["method"] == "GET"


def test_a_server_that_does_not_choose_h2_is_refused_where_h2_is_wanted(start, origin, authority):
    pair = authority.leaf("http2", "localhost", "127.0.0.1")
    origin.tls = authority.server_context(*pair)
    tls = f'tls server-name=localhost ca="{authority.certificate}"\nprotocol h2'
    site = start(origin=f"127.0.0.1:{origin.port}", upstream=tls)
    with site.connect() as client:
        assert problem(client.ask(), 502)["reason"] == "tls_protocol_error"


@pytest.mark.skipif(not shutil.which("nghttpd"), reason="nghttpd is not installed")
def test_nghttpd(start, tmp_path):
    content = hashlib.sha256(b"x").hexdigest().encode() * 40_000
    (tmp_path / "file").write_bytes(content)
    port = free_port()
    command = ["nghttpd", "--no-tls", "-d", str(tmp_path), "--echo-upload", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        site = start(origin=f"127.0.0.1:{port}", upstream=H2C, route="body max=64MiB")

        def served():
            with site.connect() as client:
                return client.ask("/file").body == content

        until(served, 5, "nghttpd to serve")
        with site.connect() as client:
            assert client.ask("/file", "POST", body=content).body == content
            assert client.ask("/missing").status == 404
    finally:
        process.terminate()
        process.wait(5)


# Flow control.


def test_a_client_that_does_not_read_holds_the_server_back(start, server):
    size = 16 << 20
    server.respond = lambda link, stream, fields, body: link.answer(stream, body=b"x" * size)
    site = at(start, server)
    before = site.gateway.resident_bytes
    with site.connect() as client:
        client.send(request())
        time.sleep(0.5)
        left = len(server.links[0].waiting[1][0])
        assert left > 8 << 20
        assert site.gateway.resident_bytes - before < 4 << 20
        with site.connect() as other:
            server.respond = lambda link, stream, fields, body: link.answer(stream, body=b"quick")
            assert other.ask().body == b"quick"
        assert len(client.response().body) == size


def test_a_server_that_does_not_read_holds_the_client_back(start, server):
    server.reads = False
    site = at(start, server, route="body max=64MiB", defaults="timeout response=2s idle=1s")
    before = site.gateway.resident_bytes
    with site.connect() as client:
        client.socket.settimeout(0.5)
        sent = 0
        try:
            client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 33554432\r\n\r\n")
            while sent < 32 << 20:
                sent += client.socket.send(b"x" * 65536)
        except TimeoutError:
            pass
        assert sent < 16 << 20
        assert site.gateway.resident_bytes - before < 4 << 20
        client.socket.settimeout(5)
        problem(client.response("POST"), 504)


# Ends.


def test_a_client_that_leaves_resets_its_stream_only(start, server):
    server.respond = lambda link, stream, fields, body: link.head(stream)
    site = at(start, server)
    with site.connect() as client:
        client.send(request())
        client.reader.until(b"\r\n\r\n")
    until(lambda: server.links[0].resets.get(1) == 8, 2, "a reset with CANCEL")
    server.respond = lambda link, stream, fields, body: link.answer(stream, body=b"ok")
    with site.connect() as client:
        assert client.ask().body == b"ok"
    assert len(server.links) == 1


def test_an_idle_connection_says_goodbye(start, server):
    site = start(origin=server.address, upstream=H2C + "\nconnections idle-timeout=300ms")
    with site.connect() as client:
        assert client.ask().status == 200
        assert client.ask().json()["connection"] == 1
        until(lambda: server.links[0].socket.fileno() == -1, 4, "the connection to end")
        assert client.ask().json()["connection"] == 2


def test_a_reload_ends_connections_after_their_streams(start, server):
    gate = threading.Event()

    def respond(link, stream, fields, body):
        def later():
            gate.wait(5)
            link.answer(stream, body=b"late")

        threading.Thread(target=later, daemon=True).start()

    server.respond = respond
    site = at(start, server)
    with site.connect() as client:
        client.send(request())
        until(lambda: server.requests, 3, "the request")
        site.gateway.reload(site.text.replace(H2C, H2C + "\nconnections idle=3"))
        gate.set()
        assert client.response().body == b"late"
    until(lambda: server.links[0].socket.fileno() == -1, 3, "the old connection to end")


# Checks.


def test_a_grpc_server_is_asked_by_its_own_protocol(start, server):
    said = {"status": 1, "code": "0"}

    def respond(link, stream, fields, body):
        if dict(fields)[":path"] != "/grpc.health.v1.Health/Check":
            return describe(link, stream, fields, body)
        link.answer(
            stream,
            fields=[("content-type", "application/grpc")],
            body=bytes([0, 0, 0, 0, 2, 8, said["status"]]),
            trailers=[("grpc-status", said["code"])],
        )

    server.respond = respond
    site = start(
        origin=server.address,
        upstream=f"{H2C}\nhealth grpc=a.B every=100ms timeout=90ms rise=1 fall=1",
    )
    healthy = lambda: site.gateway.metric("sluice_upstream_server_healthy")
    until(lambda: healthy() == 1, 5, "a healthy server")
    fields, body = server.requests[0]
    assert dict(fields)["content-type"] == "application/grpc" and dict(fields)["te"] == "trailers"
    assert body == b"\0\0\0\0\x05\x0a\x03a.B"
    said["status"] = 2
    assert "it says NOT_SERVING" in site.gateway.said("a server is unhealthy")
    assert healthy() == 0
    said["status"] = 1
    until(lambda: healthy() == 1, 5, "a healthy server again")
    said["code"] = "12"
    until(lambda: healthy() == 0, 5, "an unhealthy server")
    site.gateway.said("gRPC status 12")


def test_a_path_is_checked_over_http2(start, server):
    statuses = ["200"]

    def respond(link, stream, fields, body):
        if dict(fields)[":path"] == "/healthz":
            return link.answer(stream, status=statuses[0])
        return describe(link, stream, fields, body)

    server.respond = respond
    site = start(
        origin=server.address,
        upstream=f"{H2C}\nhealth path=/healthz every=100ms timeout=90ms rise=1 fall=1",
    )
    healthy = lambda: site.gateway.metric("sluice_upstream_server_healthy")
    until(lambda: healthy() == 1, 5, "a healthy server")
    statuses[0] = "503"
    assert "status 503" in site.gateway.said("a server is unhealthy")
    # Checks leave no connection behind.
    until(lambda: len([link for link in server.links if link.socket.fileno() >= 0]) <= 2, 5)
