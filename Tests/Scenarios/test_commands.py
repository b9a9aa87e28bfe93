"""The command line: every command's output, exit code and purity."""

import json
import os
import subprocess

import pytest

from harness.client import Client
from harness.gateway import BINARY, run
from harness.site import Site
from harness.waiting import free_port, until

COMMANDS = ["run", "check", "fmt", "adapt", "schema", "explain", "echo", "certs"]


@pytest.fixture
def folder(tmp_path):
    site = Site("127.0.0.1:9000", edge=8443, admin=9901)
    (tmp_path / "routes.conf").write_text(site.text)
    return tmp_path


def test_help_names_every_command():
    done = run("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert command in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert "USAGE" in done.stdout.upper()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_made(shell):
    done = run("--generate-completion-script", shell)
    assert done.returncode == 0
    assert "check" in done.stdout


def test_check_accepts_a_good_config(folder):
    done = run("check", "-c", "routes.conf", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_check_is_pure(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    run("check", "-c", "routes.conf", folder=folder)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_check_tells_a_mistake_at_its_place(folder):
    path = folder / "routes.conf"
    path.write_text(path.read_text() + "buckt per-user\n")
    done = run("check", "-c", "routes.conf", folder=folder)
    assert done.returncode == 1
    line = len(path.read_text().splitlines())
    assert f"--> routes.conf:{line}:1" in done.stdout + done.stderr
    assert "did you mean 'bucket'?" in done.stdout + done.stderr


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_findings_come_as_json(folder, form):
    path = folder / "routes.conf"
    path.write_text(path.read_text() + "buckt per-user\n")
    done = run("check", "--format", form, "-c", "routes.conf", folder=folder)
    assert done.returncode == 1
    assert "buckt" in json.dumps(json.loads(done.stdout))


def test_fmt_writes_standard_input_to_standard_output(folder):
    done = run("fmt", "-", text="sluice 1\nlistener a {\nbind   :1  # x\n}\n", folder=folder)
    assert done.returncode == 0
    assert "  bind :1" in done.stdout
    assert run("fmt", "-", text=done.stdout).stdout == done.stdout


def test_fmt_check_tells_a_difference(folder):
    path = folder / "routes.conf"
    path.write_text(path.read_text().replace("  bind", "      bind"))
    assert run("fmt", "--check", "routes.conf", folder=folder).returncode == 1
    assert run("fmt", "routes.conf", folder=folder).returncode == 0
    assert run("fmt", "--check", "routes.conf", folder=folder).returncode == 0


def test_adapt_prints_canonical_json(folder):
    done = run("adapt", "-c", "routes.conf", folder=folder)
    assert done.returncode == 0
    assert json.loads(done.stdout)
    assert run("adapt", "-c", "routes.conf", folder=folder).stdout == done.stdout


def test_schema_is_json_schema():
    assert "$schema" in json.loads(run("schema").stdout)


@pytest.mark.parametrize("topic", ["listener", "upstream", "timeout", "body", "secure-headers"])
def test_explain_knows_each_directive(topic):
    done = run("explain", topic)
    assert done.returncode == 0
    assert topic in done.stdout


def test_explain_shows_where_a_value_comes_from(folder):
    done = run("explain", "route", "every", "-c", "routes.conf", folder=folder)
    assert done.returncode == 0
    assert "routes.conf:" in done.stdout


def test_explain_suggests_a_topic():
    done = run("explain", "listner")
    assert done.returncode != 0
    assert "listener" in done.stdout + done.stderr


def test_a_secret_is_never_printed(folder):
    (folder / "k.pem").write_text("not a key: hunter2\n")
    path = folder / "routes.conf"
    path.write_text(
        path.read_text() + 'certificate c names=[a.example] cert="c.pem" '
        'key=secret("file:k.pem")\n'
    )
    done = run("adapt", "-c", "routes.conf", folder=folder)
    assert "hunter2" not in done.stdout + done.stderr
    assert "<secret file:k.pem>" in done.stdout


def test_certs_make_a_chain_that_openssl_accepts(tmp_path):
    done = run("certs", "--directory", "made", "localhost", "127.0.0.1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    made = tmp_path / "made"
    verified = subprocess.run(
        [
            "openssl",
            "verify",
            "-purpose",
            "sslserver",
            "-verify_hostname",
            "localhost",
            "-CAfile",
            made / "ca.pem",
            made / "edge.pem",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stderr
    assert os.stat(made / "edge.key").st_mode & 0o077 == 0
    assert os.stat(made / "ca.key").st_mode & 0o077 == 0


def test_certs_keep_an_authority_that_is_there(tmp_path):
    run("certs", "--directory", "made", "localhost", folder=tmp_path)
    before = (tmp_path / "made" / "ca.pem").read_bytes()
    run("certs", "--directory", "made", "localhost", folder=tmp_path)
    assert (tmp_path / "made" / "ca.pem").read_bytes() == before


def test_echo_tells_what_it_received():
    port = free_port()
    echo = subprocess.Popen(
        [str(BINARY), "echo", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:

        def connected():
            try:
                return Client(("127.0.0.1", port))
            except OSError:
                return None

        with until(connected, 5, "the echo upstream") as client:
            answer = client.ask("/hello?a=b", "POST", {"X-A": "1"}, b"abc")
        assert answer.status == 200
        assert b"/hello" in answer.body
    finally:
        echo.terminate()
        assert echo.wait(5) is not None


def test_output_has_no_colour_when_nobody_looks(folder):
    path = folder / "routes.conf"
    path.write_text(path.read_text() + "limt\n")
    done = run("check", "-c", "routes.conf", folder=folder)
    assert "\x1b" not in done.stdout + done.stderr
