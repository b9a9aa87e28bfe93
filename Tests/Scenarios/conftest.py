"""Fixtures of the scenario tests: the binary, an origin, a gateway that forwards to it."""

import pytest

from harness.certificates import Authority
from harness.client import Client
from harness.gateway import BINARY, Gateway
from harness.origin import Origin
from harness.site import Site
from harness.tls import HOSTS, certificate
from harness.waiting import free_port


def pytest_addoption(parser):
    parser.addoption("--deep", action="store_true", help="runs the long tests too")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--deep"):
        chosen = [item for item in items if "deep" not in item.keywords]
        config.hook.pytest_deselected(items=[item for item in items if "deep" in item.keywords])
        items[:] = chosen


@pytest.fixture(scope="session", autouse=True)
def binary():
    assert BINARY.exists(), f"there is no {BINARY}; run `make build`, or set SLUICE_BIN"
    return BINARY


@pytest.fixture
def origin():
    made = Origin()
    yield made
    made.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def leaves(authority):
    return {
        "ec": authority.leaf("ec", "localhost", "127.0.0.1"),
        "rsa": authority.leaf("rsa", "localhost", kind="rsa"),
        "wild": authority.leaf("wild", "*.example.com"),
        "api": authority.leaf("api", "api.example.com"),
    }


@pytest.fixture
def secure(start, leaves):
    """Starts a TLS listener: `secure(tls="min=1.2 ...", certificates="ec rsa")`."""

    def start_secure(tls: str = "min=1.2", certificates: str = "ec", **parts):
        top = "".join(certificate(name, HOSTS[name], leaves[name]) for name in certificates.split())
        listener = parts.pop("listener", "")
        return start(
            top=top + parts.pop("top", ""),
            listener=f"tls {tls} certificates=[{certificates}]\n{listener}",
            **parts,
        )

    return start_secure


@pytest.fixture
def start(origin, tmp_path):
    """Starts a gateway in front of the origin: `start(listener=..., route=...)` gives the site.

    `contents` names files that lie beside the config.
    """
    running = []

    def start_site(**parts):
        options = {name: parts.pop(name) for name in ("files", "environment") if name in parts}
        contents = parts.pop("contents", {})
        site = Site(parts.pop("origin", f"127.0.0.1:{origin.port}"), **parts)
        folder = tmp_path / f"gateway-{len(running)}"
        folder.mkdir()
        for name, text in contents.items():
            (folder / name).write_text(text)
        gateway = Gateway(site.text, folder, site.admin, **options)
        gateway.start()
        running.append(gateway)
        site.gateway = gateway
        site.connect = lambda **options: Client(site.address, **options)
        return site

    yield start_site
    for gateway in running:
        gateway.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One gateway and one origin for all tests of a module that need nothing special."""
    made = Origin()
    site = Site(f"127.0.0.1:{made.port}")
    site.gateway = Gateway(site.text, tmp_path_factory.mktemp("shared"), site.admin)
    site.gateway.start()
    site.scripted = made
    site.connect = lambda **options: Client(site.address, **options)
    yield site
    # The test that ended it has failed already.
    if site.gateway.process.poll() is None:
        site.gateway.stop()
    made.close()


@pytest.fixture
def edge(shared):
    """The module's gateway, its origin behaving as usual again; a new one when it has crashed."""
    if shared.gateway.process.poll() is not None:
        shared.gateway.start()
    shared.scripted.reset_script()
    yield shared
    assert shared.gateway.process.poll() is None, shared.gateway.last_words()


# The same with HTTP/2.


def both_protocols(parts: dict) -> dict:
    """The parts of a site whose listener speaks HTTP/2 and HTTP/1.1."""
    port = parts.setdefault("edge", free_port())
    return parts | {"bind": f"bind 127.0.0.1:{port} protocols=[h2 http/1.1]"}


@pytest.fixture
def clear(start):
    """Starts a listener that speaks both protocols in clear text."""
    return lambda **parts: start(**both_protocols(parts))


@pytest.fixture(scope="session")
def leaf(authority):
    return authority.leaf("both", "localhost", "127.0.0.1")


@pytest.fixture
def secure_both(start, leaf):
    """Starts a listener that speaks both protocols over TLS."""

    def start_secure(**parts):
        top = f'certificate both names=[localhost] cert="{leaf[0]}" key="{leaf[1]}"\n'
        listener = f"tls certificates=[both]\n{parts.pop('listener', '')}"
        top += parts.pop("top", "")
        return start(top=top, listener=listener, **both_protocols(parts))

    return start_secure


@pytest.fixture(scope="module")
def shared_h2(tmp_path_factory):
    """One gateway and one origin for all tests of a module, in clear text."""
    made = Origin()
    parts = both_protocols({"listener": "limits write-stall=1s"})
    site = Site(f"127.0.0.1:{made.port}", **parts)
    site.gateway = Gateway(site.text, tmp_path_factory.mktemp("shared-h2"), site.admin)
    site.gateway.start()
    site.scripted = made
    yield site
    if site.gateway.process.poll() is None:
        site.gateway.stop()
    made.close()


@pytest.fixture
def edge_h2(shared_h2):
    shared_h2.scripted.reset_script()
    yield shared_h2
    assert shared_h2.gateway.process.poll() is None, shared_h2.gateway.last_words()
