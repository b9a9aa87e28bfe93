"""The access log: one JSON line for each request, whatever its end, and no secret in it."""

import json
import re
import threading
from datetime import datetime

import pytest

from harness import responses
from harness.client import request
from harness.waiting import until

CANARY = "c4n4ry-do-not-log"


def test_a_line_tells_what_happened(start, origin):
    site = start()
    with site.connect() as client:
        answer = client.ask("/a/b?x=1", "POST", {"User-Agent": "tester/1"}, b"hello")
    line = site.gateway.log_line(request_id=answer.value("x-request-id"))
    assert line["method"] == "POST"
    assert line["path"].startswith("/a/b")
    assert line["status"] == 200
    assert line["route"] == "every"
    assert line["listener"] == "edge"
    assert line["host"] == "localhost"
    assert line["client_ip"] == line["peer_ip"] == "127.0.0.1"
    assert line["user_agent"] == "tester/1"
    assert line["proto"] == "HTTP/1.1"
    assert line["bytes_in"] == 5
    assert line["bytes_out"] == len(answer.body)
    assert line["upstream"]["name"] == "origin"
    assert line["upstream"]["server"] == site.origin
    assert line["upstream"]["status"] == 200
    assert re.fullmatch("[0-9a-f]{32}", line["trace_id"])
    assert line["reason"] is None


def test_times_are_told_and_make_sense(start, origin):
    usual = origin.respond

    def slow(message, peer):
        peer.saw_close(0.15)
        peer.connection.settimeout(None)
        return usual(message, peer)

    origin.respond = slow
    site = start()
    with site.connect() as client:
        client.ask("/slow")
    line = site.gateway.log_line(path="/slow")
    assert 140 < line["ttfb_ms"] <= line["dur_ms"] < 2000
    assert 0 < line["overhead_ms"] < 20
    datetime.fromisoformat(line["ts"].replace("Z", "+00:00"))


def test_tls_is_told(start, authority):
    from harness.client import Client

    pair = authority.leaf("logged", "localhost")
    site = start(
        top=f'certificate c names=[localhost] cert="{pair[0]}" key="{pair[1]}"\n',
        listener="tls min=1.2 certificates=[c]",
    )
    with Client(site.address, tls=authority.client_context()) as client:
        client.ask("/tls")
    tls = site.gateway.log_line(path="/tls")["tls"]
    assert tls["version"] in ("TLSv1.3", "1.3")
    assert tls["sni"] == "localhost"
    assert tls["cipher"]


ENDS = {
    "a bad request": (b"GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", 400),
    "a path that is not canonical": (b"GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "a head that is too long": (request("/", fields={"X": "a" * 40000}), 431),
    "a body that is too large": (request("/", "POST", body=b"x" * 2000), 413),
}


@pytest.mark.parametrize("raw, status", ENDS.values(), ids=ENDS.keys())
def test_a_refused_request_has_a_line(start, raw, status):
    site = start(route="body max=1KiB")
    with site.connect() as client:
        answer = client.send(raw).response()
    line = site.gateway.log_line(status=status)
    assert line["reason"] == answer.json()["reason"]
    assert line["request_id"] == answer.value("x-request-id")
    method, target = raw.decode().split(" ")[:2]
    assert (line["method"], line["path"]) == (method, target)


def test_an_aborted_request_has_one_line(start, origin):
    origin.respond = watched = responses.Watched()
    site = start()
    with site.connect() as client:
        client.send(request("/gone"))
        watched.arrived.wait(5)
    site.gateway.log_line(path="/gone", status=499)
    with site.connect() as client:
        origin.respond = responses.fixed()
        client.ask("/next")
    site.gateway.log_line(path="/next")
    assert [line["path"] for line in site.gateway.log()] == ["/gone", "/next"]


def test_an_answer_cut_short_is_told_apart(start, origin):
    seen = threading.Event()

    def respond(message, peer):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        seen.wait(5)
        return False

    origin.respond = respond
    site = start()
    with site.connect() as client:
        client.send(request("/cut")).reader.until(b"\r\n\r\nabc")
        seen.set()
        client.until_closed()
    line = site.gateway.log_line(path="/cut")
    assert line["reason"]
    assert line["bytes_out"] == 3


def test_a_failing_upstream_is_named(start):
    from harness.waiting import free_port

    port = free_port()
    site = start(origin=f"127.0.0.1:{port}")
    with site.connect() as client:
        client.ask("/down")
    line = site.gateway.log_line(path="/down")
    assert line["upstream"]["server"] == f"127.0.0.1:{port}"
    assert line["reason"]
    assert line["origin"] == "upstream"


def test_no_secret_is_logged(start, origin):
    origin.respond = responses.fixed(fields=f"Set-Cookie: a={CANARY}\r\n")
    site = start()
    with site.connect() as client:
        client.ask(
            f"/?token={CANARY}&a={CANARY}",
            fields={
                "Authorization": f"Bearer {CANARY}",
                "Cookie": f"s={CANARY}",
                "X-Api-Key": CANARY,
                "Proxy-Authorization": f"Basic {CANARY}",
                "Referer": f"https://a.example/?b={CANARY}",
            },
        )
        client.send(f"GET /x?{CANARY} HTTP/1.1\r\nHost: a\r\nX : {CANARY}\r\n\r\n").until_closed()
    until(lambda: len(site.gateway.output) >= 2, 5, "two lines")
    everything = "\n".join(site.gateway.output + site.gateway.errors)
    everything += site.gateway.admin("/metrics")[1]
    assert CANARY not in everything


def test_a_query_keeps_its_names(start):
    site = start()
    with site.connect() as client:
        client.ask("/q?user=anna&page=2")
    until(lambda: site.gateway.output, 5, "a line")
    line = site.gateway.log()[0]
    assert line["path"].startswith("/q")
    assert "anna" not in json.dumps(line)
    assert "user" in line["path"] and "page" in line["path"]


@pytest.mark.parametrize(
    "agent", ['"quoted"', "back\\slash", "caf\xe9", "\t{}", "\x7f".strip("\x7f")]
)
def test_hostile_text_stays_inside_its_string(start, agent):
    site = start()
    with site.connect() as client:
        client.send(
            "GET /agent HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ".encode(),
            agent.encode("latin-1"),
            b"\r\n\r\n",
        )
        client.response()
    until(lambda: site.gateway.output, 5, "a line")
    assert len(site.gateway.output) == 1
    assert set(site.gateway.log()[0]) >= {"status", "method", "path"}


def test_every_one_of_many_requests_has_its_line(start):
    site = start(workers=2)
    for _ in range(4):
        with site.connect() as client:
            client.send(b"".join(request("/many") for _ in range(250)))
            for _ in range(250):
                assert client.response().status == 200
    until(lambda: len(site.gateway.output) >= 1000, 5, "1000 lines")
    ids = [line["request_id"] for line in site.gateway.log()]
    assert len(ids) == len(set(ids)) == 1000


def test_the_log_may_go_to_a_file(start, tmp_path):
    site = start()
    path = tmp_path / "access.log"
    site.gateway.reload(site.text.replace("to=stdout", f'to="{path}"'))
    with site.connect() as client:
        client.ask("/filed")
    line = until(lambda: path.exists() and path.read_text(), 5, "the file")
    assert json.loads(line.splitlines()[0])["path"] == "/filed"
