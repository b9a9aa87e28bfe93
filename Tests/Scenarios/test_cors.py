"""CORS on the wire: preflights, every answer that Sluice makes itself, and a real browser."""

import json
import pathlib
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness import responses
from harness.answers import problem
from harness.site import block
from harness.waiting import free_port

APP = "https://app.example.com"
POLICY = (
    f"cors origins=[{APP}] methods=[GET PUT DELETE] headers=[content-type x-a] credentials=on"
)


def preflight(client, target="/", method="PUT", origin=APP, names=None, **more):
    fields = {"Origin": origin, "Access-Control-Request-Method": method} | more
    if names is not None:
        fields["Access-Control-Request-Headers"] = names
    return client.ask(target, "OPTIONS", fields)


def allowed(answer):
    return answer.value("access-control-allow-origin")


def test_a_preflight_is_answered_here_and_the_connection_stays(start, origin):
    with start(route=POLICY).connect() as client:
        for _ in range(2):
            answer = preflight(client, names="content-type,x-a")
            assert (answer.status, answer.body) == (204, b"")
            assert allowed(answer) == APP
            assert answer.value("access-control-allow-methods") == "GET, PUT, DELETE"
            assert answer.value("access-control-allow-headers") == "content-type, x-a"
            assert answer.value("access-control-allow-credentials") == "true"
            assert answer.value("access-control-max-age") == "600"
            assert answer.value("content-length") is None
    assert origin.requests == []


def test_a_preflight_is_matched_by_the_method_that_it_asks_for(start, origin):
    routes = block(
        "group api",
        "match path=/x",
        "auth none",
        block("route read", "match method=GET", "cors origins=[https://read.example]", "to origin"),
        block(
            "route write",
            "match method=PUT",
            "cors origins=[https://write.example] methods=[PUT]",
            "to origin",
        ),
        block("route ask", "match method=OPTIONS", "to origin"),
        block("route drop", "match method=DELETE", "to origin"),
    )
    site = start(routes=routes)
    with site.connect() as client:
        assert allowed(preflight(client, "/x", "PUT", "https://write.example")) is not None
        assert preflight(client, "/x", "PUT", "https://read.example").status == 403
        assert allowed(preflight(client, "/x", "GET", "https://read.example")) is not None
        assert origin.requests == []
        # No policy answers for DELETE: the request is what its own method says, and nothing more.
        assert preflight(client, "/x", "DELETE").status == 200
        assert origin.only_request.method == "OPTIONS"
        # An OPTIONS request that is no preflight is the upstream's.
        assert client.ask("/x", "OPTIONS", {"Origin": "https://read.example"}).status == 200
    assert len(origin.requests) == 2
    for route in ("api.write", "api.read", "api.ask"):
        assert site.gateway.log_line(route=route)["method"] == "OPTIONS"


def test_a_preflight_cannot_carry_a_method_past_its_route(start, origin):
    routes = block("route read", "match path=/x method=GET", "auth none", "to origin")
    with start(routes=routes).connect() as client:
        problem(preflight(client, "/x", "GET"), 405)
    assert origin.requests == []


@pytest.mark.parametrize(
    "case, status",
    [
        ("not-found", 404),
        ("method", 405),
        ("large", 413),
        ("refused", 502),
        ("garbage", 502),
        ("slow", 504),
        ("own", 200),
        ("redirect", 308),
    ],
)
def test_every_answer_can_be_read_by_the_page(start, origin, case, status):
    dead = free_port()
    routes = (
        block("route get", "match path=/get method=GET", "auth none", "to origin")
        + block("route post", "match path=/post", "auth none", "body max=4B", "to origin")
        + block("route dead", "match path=/dead", "auth none", "to dead")
        + block(
            "route slow", "match path=/slow", "auth none", "timeout response=200ms", "to origin"
        )
        + block("route own", "match path=/own", "auth none", "respond 200 body=x")
        + block("route go", "match path=/go", "auth none", "redirect to=/own")
    )
    site = start(
        defaults=POLICY, routes=routes, top=block("upstream dead", f"server 127.0.0.1:{dead}")
    )
    asked = {
        "not-found": ("/none", "GET", b""),
        "method": ("/get", "DELETE", b""),
        "large": ("/post", "POST", b"12345"),
        "refused": ("/dead", "GET", b""),
        "garbage": ("/get", "GET", b""),
        "slow": ("/slow", "GET", b""),
        "own": ("/own", "GET", b""),
        "redirect": ("/go", "GET", b""),
    }
    if case == "garbage":
        origin.respond = responses.bytes_of(b"HTTP/1.1 2x0 OK\r\n\r\n")
    if case == "slow":
        origin.respond = responses.silent
    target, method, body = asked[case]
    with site.connect() as client:
        answer = client.ask(target, method, {"Origin": APP}, body)
    assert answer.status == status
    assert allowed(answer) == APP
    assert answer.value("access-control-allow-credentials") == "true"
    assert "x-request-id" in answer.value("access-control-expose-headers")
    assert answer.value("vary") == "Origin"
    with site.connect() as client:
        answer = client.ask(target, method, {"Origin": "https://evil.test"}, body)
    assert answer.status == status
    assert allowed(answer) is None
    assert answer.value("vary") == "Origin"


def test_a_path_without_a_route_answers_preflights_as_its_scope_says(start):
    routes = block("route a", "match path=/a", "auth none", "respond 200")
    with start(defaults=POLICY, routes=routes).connect() as client:
        assert preflight(client, "/none").status == 204
        assert preflight(client, "/none", origin="https://evil.test").status == 403


def test_two_origins_are_no_origin(start, origin):
    with start(route=POLICY).connect() as client:
        client.send(f"GET / HTTP/1.1\r\nHost: a\r\nOrigin: {APP}\r\nOrigin: {APP}\r\n\r\n")
        problem(client.response(), 400)
    assert origin.requests == []


def test_the_log_says_why_a_preflight_was_refused(start):
    site = start(route=POLICY)
    with site.connect() as client:
        problem(preflight(client, method="PATCH"), 403)
        problem(preflight(client, names="x" * 1025), 400)
    assert site.gateway.log_line(reason="cors_method_refused")["status"] == 403
    assert site.gateway.log_line(reason="preflight_too_long")["status"] == 400


def test_what_the_upstream_says_of_cors_is_replaced(start, origin):
    origin.respond = responses.fixed(
        fields="Access-Control-Allow-Origin: *\r\nVary: Accept\r\nAccess-Control-Max-Age: 9\r\n"
    )
    with start(route=POLICY).connect() as client:
        answer = client.ask(fields={"Origin": APP})
        assert answer.values("access-control-allow-origin") == [APP]
        assert answer.values("vary") == ["Accept", "Origin"]
        assert answer.value("access-control-max-age") is None
        assert allowed(client.ask()) is None


# A real browser.

PAGE = """<!doctype html><meta charset=utf-8><script>
const edge = EDGE, results = {};
async function ask(name, path, init) {
  try {
    const answer = await fetch(edge + path, init);
    results[name] = {status: answer.status, id: answer.headers.get("x-request-id") !== null,
      secret: answer.headers.get("x-secret"), body: (await answer.text()).length};
  } catch (error) { results[name] = String(error.name); }
}
function framed() {
  return new Promise(resolve => {
    addEventListener("message", event => { results.null = event.data; resolve(); });
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = `<script>fetch("${edge}/get").then(() => "read", error => error.name)` +
      `.then(result => parent.postMessage(result, "*"))</` + `script>`;
    document.documentElement.append(frame);
  });
}
(async () => {
  await ask("simple", "/get");
  await ask("put", "/get", {method: "PUT", headers: {"x-a": "1"}, body: "1"});
  await ask("json", "/get", {method: "PUT", headers: {"content-type": "application/json"}});
  await ask("patch", "/get", {method: "PATCH"});
  await ask("header", "/get", {headers: {"x-b": "1"}});
  await ask("cookies", "/get", {credentials: "include"});
  await ask("missing", "/none", {headers: {"x-a": "1"}});
  await ask("method", "/read", {method: "DELETE"});
  await ask("large", "/small", {method: "POST", body: "12345"});
  await ask("dead", "/dead");
  await ask("slow", "/slow");
  await ask("open", "/open");
  await ask("open-cookies", "/open", {credentials: "include"});
  await ask("off", "/off");
  await framed();
  await fetch("/done", {method: "POST", body: JSON.stringify(results)});
})();
</script>"""


class PageServer:
    """Serves the page under any host, and waits for what it found out."""

    def __init__(self, edge: str):
        self.results = None
        self.done = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = PAGE.replace("EDGE", json.dumps(edge)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                outer.results = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()
                outer.done.set()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def browse(url: str, pages: PageServer, folder: pathlib.Path) -> dict:
    """Opens the page in headless Chromium until it has told its results."""
    command = [
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        f"--user-data-dir={folder}", "--host-resolver-rules=MAP *.test 127.0.0.1", url,
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as browser:
        try:
            assert pages.done.wait(45), "the page has told nothing"
        finally:
            browser.terminate()
            browser.wait(10)
    return pages.results


@pytest.mark.deep
@pytest.mark.timeout(120)
@pytest.mark.parametrize("host, is_listed", [("a.b.app.test", True), ("evilapp.test", False)])
def test_a_browser_lets_pages_read_what_the_config_says(start, origin, tmp_path, host, is_listed):
    edge = free_port()
    pages = PageServer(f"http://edge.test:{edge}")
    policy = (
        f"cors origins=[http://*.app.test:{pages.port}] methods=[GET PUT DELETE] "
        "headers=[content-type x-a] credentials=on"
    )
    routes = (
        block("route get", "match path=/get", "auth none", "to origin")
        + block("route read", "match path=/read method=GET", "auth none", "to origin")
        + block("route small", "match path=/small", "auth none", "body max=4B", "to origin")
        + block("route dead", "match path=/dead", "auth none", "to dead")
        + block("route slow", "match path=/slow", "auth none", "timeout response=1ms", "to origin")
        + block(
            "route open", "match path=/open", "auth none", "cors reset origins=[*]", "to origin"
        )
        + block("route bare", "match path=/off", "auth none", "cors off", "to origin")
    )
    dead = block("upstream dead", f"server 127.0.0.1:{free_port()}")
    start(edge=edge, defaults=policy, routes=routes, top=dead)

    def respond(request, peer):
        if request.target == "/slow":
            return responses.silent(request, peer)
        fields = "Access-Control-Allow-Origin: null\r\nX-Secret: 1\r\n"
        return responses.fixed(fields=fields)(request, peer)

    origin.respond = respond
    found = browse(f"http://{host}:{pages.port}/", pages, tmp_path / "profile")

    refused = "TypeError"
    read = {"status": 200, "id": True, "secret": None, "body": 2}
    assert found["open"] == read
    assert found["open-cookies"] == found["off"] == found["null"] == refused
    listed = ["simple", "put", "json", "cookies"]
    statuses = {"missing": 404, "method": 405, "large": 413, "dead": 502, "slow": 504}
    if is_listed:
        assert {name: found[name] for name in listed} == dict.fromkeys(listed, read)
        assert {name: found[name]["status"] for name in statuses} == statuses
        assert all(found[name]["id"] for name in statuses)
        assert found["patch"] == found["header"] == refused
    else:
        names = [*listed, *statuses, "patch", "header"]
        assert {name: found[name] for name in names} == dict.fromkeys(names, refused)
