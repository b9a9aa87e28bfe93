"""What cannot start says why in one sentence, with the exit code of its kind, and holds nothing."""

import os
import socket

import pytest

from harness.gateway import is_free, run
from harness.site import Site, block
from harness.waiting import free_port


@pytest.fixture
def site():
    return Site(f"127.0.0.1:{free_port()}")


def start(folder, text: str):
    (folder / "routes.conf").write_text(text)
    return run("run", "-c", "routes.conf", folder=folder)


def sentence(done) -> str:
    """The one line that says why."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) <= 3, done.stderr
    return done.stderr


def test_every_error_of_a_config_is_told_at_its_place(tmp_path, site):
    text = site.text.replace("bind 127", "bnd 127", 1).replace("idle=20s", "idle=20x")
    text += "buckt per-user\nroute lost {\n  match path=/lost\n}\n"
    done = start(tmp_path, text)
    assert done.returncode == 78
    for number, line in enumerate(text.splitlines(), 1):
        for wrong in ("bnd 127", "idle=20x", "buckt"):
            if wrong in line:
                column = line.index(wrong.split()[0]) + 1
                places = (f"routes.conf:{number}:{column}", f"routes.conf:{number}:{column + 5}")
                assert any(place in done.stderr for place in places), (wrong, done.stderr)
    assert "did you mean 'bucket'" in done.stderr
    assert "lost" in done.stderr


def test_a_wrong_config_opens_nothing(tmp_path, site):
    assert start(tmp_path, site.text + "limt\n").returncode == 78
    assert is_free(site.edge) and is_free(site.admin)


def test_a_directive_of_a_later_version_is_refused(tmp_path, site):
    done = start(tmp_path, site.text + 'tracing otlp="http://127.0.0.1:4318"\n')
    assert done.returncode == 78
    assert "E0109" in done.stderr


def test_a_route_without_auth_is_refused(tmp_path, site):
    site.routes = block("route every", "match path=/**", "to origin")
    done = start(tmp_path, site.text)
    assert done.returncode == 78
    assert "auth" in done.stderr


def test_two_routes_that_tie_are_refused(tmp_path, site):
    site.routes = "".join(
        block(f"route {name}", "match path=/a", "auth none", "to origin") for name in "ab"
    )
    done = start(tmp_path, site.text)
    assert done.returncode == 78
    assert '"a"' in done.stderr and '"b"' in done.stderr or "a" in done.stderr


def test_a_missing_config_is_66(tmp_path):
    done = run("run", "-c", "nothing.conf", folder=tmp_path)
    assert done.returncode == 66
    assert "nothing.conf" in sentence(done)


def test_a_folder_in_place_of_a_config_is_66(tmp_path):
    done = run("run", "-c", ".", folder=tmp_path)
    assert done.returncode == 66


def secure(site, certificate: str, key: str) -> str:
    site.top = f'certificate c names=[localhost] cert="{certificate}" key="{key}"\n'
    site.listener = "tls min=1.2 certificates=[c]"
    return site.text


def test_a_missing_certificate_is_66(tmp_path, site):
    done = start(tmp_path, secure(site, "no.pem", "no.key"))
    assert done.returncode == 66
    assert "no.pem" in sentence(done)
    assert is_free(site.edge)


def test_a_key_of_another_certificate_is_refused(tmp_path, site, authority):
    one, two = authority.leaf("one", "localhost"), authority.leaf("two", "localhost")
    done = start(tmp_path, secure(site, str(one[0]), str(two[1])))
    assert done.returncode in (66, 78)
    assert "certificate c" in sentence(done) and "key" in done.stderr
    assert is_free(site.edge)


def test_check_needs_no_certificate(tmp_path, site):
    (tmp_path / "routes.conf").write_text(secure(site, "no.pem", "no.key"))
    assert run("check", "-c", "routes.conf", folder=tmp_path).returncode == 0
    assert run("check", "--resolve", "-c", "routes.conf", folder=tmp_path).returncode == 1


def test_a_port_in_use_is_71(tmp_path, site):
    with socket.socket() as other:
        other.bind(("127.0.0.1", site.edge))
        other.listen()
        done = start(tmp_path, site.text)
    assert done.returncode == 71
    assert str(site.edge) in sentence(done)
    assert is_free(site.admin)


def test_a_port_without_permission_is_71(tmp_path, site):
    if int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read()) <= 1 or os.geteuid() == 0:
        site.bind = "bind 192.0.2.1:8080"
    else:
        site.bind = "bind 127.0.0.1:1"
    done = start(tmp_path, site.text)
    assert done.returncode == 71
    assert sentence(done)


def test_an_unknown_user_is_told(tmp_path, site):
    site.top = "user nobody-of-this-name\n"
    done = start(tmp_path, site.text)
    assert done.returncode in (71, 78)
    assert "nobody-of-this-name" in done.stderr


def test_a_wrong_option_is_64(tmp_path):
    assert run("run", "--frobnicate", folder=tmp_path).returncode == 64
    assert run("frobnicate", folder=tmp_path).returncode == 64


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop its privilege")
def test_privilege_is_dropped_on_demand(tmp_path):
    from harness.gateway import Gateway

    site = Site(f"127.0.0.1:{free_port()}", top="user nobody\n")
    # The folder of a test is its owner's; a user without rights must still reach the config once.
    with Gateway(site.text, tmp_path, site.admin) as gateway:
        status = open(f"/proc/{gateway.process.pid}/status").read()
        children = open(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children").read()
        for child in children.split():
            status = open(f"/proc/{child}/status").read()
        uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
        assert "0" not in uids
        groups = next(line for line in status.splitlines() if line.startswith("Groups:"))
        assert groups.split()[1:] in ([], ["65534"])
