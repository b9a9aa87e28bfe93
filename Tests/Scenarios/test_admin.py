"""The admin listener: probes and metrics, on loopback only, and nothing of it on the edge."""

import re

import pytest

from harness import responses
from harness.client import Client, request
from harness.waiting import until

SAMPLE = re.compile(
    r'[a-z_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? '
    r"(?:[0-9.e+-]+|\+Inf|NaN)"
)


def test_probes_answer(edge):
    for path in ("/livez", "/readyz"):
        assert edge.gateway.admin(path)[0] == 200


def test_an_unknown_path_is_404(edge):
    assert edge.gateway.admin("/secrets")[0] == 404


def test_probes_take_get_only(edge):
    assert edge.gateway.admin("/livez", "POST")[0] == 405


def test_the_edge_serves_no_admin_path(edge):
    with edge.connect() as client:
        for path in ("/livez", "/readyz", "/metrics"):
            assert client.ask(path).json()["target"] == path


def test_another_host_is_refused(edge):
    """A page in a browser here must not reach the admin listener through a name of its own."""
    with Client(("127.0.0.1", edge.admin)) as client:
        assert client.ask("/metrics", host="evil.example").status in (400, 403, 421)


def test_metrics_are_well_formed(edge):
    with edge.connect() as client:
        client.ask("/a?secret=hunter2")
    text = edge.gateway.admin("/metrics")[1]
    types, seen = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in types, f"{name} is declared twice"
            types[name] = kind
        elif not line.startswith("#"):
            assert SAMPLE.fullmatch(line), line
            sample = line.rpartition(" ")[0]
            assert sample not in seen, f"{sample} stands twice"
            seen.add(sample)
            family = re.sub(r"_(bucket|sum|count)$", "", sample.partition("{")[0])
            assert family in types or sample.partition("{")[0] in types, line
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "name",
    [
        "sluice_http_requests_total",
        "sluice_http_request_duration_seconds_count",
        "sluice_http_overhead_seconds_count",
        "sluice_upstream_requests_total",
        "sluice_upstream_request_duration_seconds_count",
    ],
)
def test_a_request_is_counted_once(edge, name):
    before = edge.gateway.metric(name)
    with edge.connect() as client:
        for _ in range(7):
            assert client.ask().status == 200
    until(lambda: edge.gateway.metric(name) >= before + 7, 3, name)
    assert edge.gateway.metric(name) == before + 7


def test_requests_are_counted_by_route_method_and_code(edge):
    labels = {"route": "every", "method": "DELETE", "code": "418"}
    edge.scripted.respond = responses.fixed("418 I'm a teapot")
    before = edge.gateway.metric("sluice_http_requests_total", **labels)
    with edge.connect() as client:
        client.ask("/", "DELETE")
    until(lambda: edge.gateway.metric("sluice_http_requests_total", **labels) == before + 1)


def test_an_unknown_method_makes_no_label(edge):
    with edge.connect() as client:
        client.ask("/", "FROBNICATE")
    assert "FROBNICATE" not in edge.gateway.admin("/metrics")[1]


def test_a_request_without_a_route_is_counted(start):
    from harness.site import block

    site = start(routes=block("route one", "match path=/one", "auth none", "to origin"))
    with site.connect() as client:
        assert client.ask("/two").status == 404
    until(lambda: site.gateway.metric("sluice_http_requests_total", route="none", code="404") == 1)


def test_open_connections_rise_and_fall(start):
    site = start()
    name = "sluice_open_connections"
    found = [
        line.split("{")[0].split()[0]
        for line in site.gateway.admin("/metrics")[1].splitlines()
        if "open_connections" in line and not line.startswith("#")
    ]
    name = found[0] if found else name
    clients = [site.connect() for _ in range(5)]
    for client in clients:
        client.ask()
    until(lambda: site.gateway.metric(name, listener="edge") == 5, 3, "five open connections")
    for client in clients:
        client.socket.close()
    until(lambda: site.gateway.metric(name, listener="edge") == 0, 3, "no open connection")


def test_workers_are_added_up(start):
    site = start(workers=4)
    for _ in range(40):
        with site.connect() as client:
            client.send(request())
            assert client.response().status == 200
    until(lambda: site.gateway.metric("sluice_http_requests_total") == 40, 3, "40 requests")


def test_the_config_hash_is_told_and_changes(start):
    site = start()

    def told():
        return re.search(
            r'sluice_config_info\{[^}]*hash="([^"]+)"', site.gateway.admin("/metrics")[1]
        )[1]

    before = told()
    site.gateway.reload(site.text.replace("idle=20s", "idle=21s"))
    assert told() != before


def test_admin_beyond_loopback_is_refused_by_check(tmp_path, start):
    from harness.gateway import run

    site = start()
    text = site.text.replace(f"bind 127.0.0.1:{site.admin}", f"bind 0.0.0.0:{site.admin}")
    (tmp_path / "routes.conf").write_text(text)
    assert run("check", "-c", "routes.conf", folder=tmp_path).returncode == 1
