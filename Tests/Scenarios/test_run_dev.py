"""`sluice run --dev`: a config and nothing else is enough for a first try."""

import signal
import ssl
import subprocess

from harness.client import Client
from harness.gateway import BINARY
from harness.waiting import free_port, until

CONFIG = """sluice 1
certificate edge names=[localhost *.dev.test] cert="certs/edge.pem" key="certs/edge.key"
listener edge {{
  bind 127.0.0.1:{edge}
  tls certificates=[edge]
}}
upstream demo {{
  server 127.0.0.1:{server}
}}
upstream other {{
  server 127.0.0.1:{taken}
}}
route all {{
  match path=/**
  auth none
  to demo
}}
route other {{
  match path=/other
  auth none
  to other
}}
admin {{
  bind 127.0.0.1:{admin}
}}
"""


def test_certificates_and_an_upstream_are_made(tmp_path, origin):
    edge = free_port()
    config = CONFIG.format(edge=edge, server=free_port(), taken=origin.port, admin=free_port())
    (tmp_path / "routes.conf").write_text(config)

    def ask(path: str, name: str = "localhost"):
        context = ssl.create_default_context(cafile=str(tmp_path / "certs" / "ca.pem"))
        with Client(("127.0.0.1", edge), tls=context, name=name) as client:
            return client.ask(path, host=name)

    def answers():
        try:
            return ask("/hello").status == 200
        except OSError:
            return False

    process = subprocess.Popen(
        [str(BINARY), "run", "--dev"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    try:
        until(answers, 10, "an answer over TLS")
        assert ask("/hello", "any.dev.test").json()["target"] == "/hello"
        # What is there is left alone: this one's own origin answers.
        assert ask("/other").status == 200
        assert [request.target for request in origin.requests] == ["/other"]
        key = (tmp_path / "certs" / "edge.key").read_bytes()
    finally:
        process.send_signal(signal.SIGTERM)
        errors = process.communicate(timeout=10)[1]
    assert process.returncode == 0, errors
    assert "development: made" in errors and "development: echo answers" in errors
    assert (tmp_path / "certs" / "edge.key").read_bytes() == key


def test_a_wrong_config_gets_nothing(tmp_path):
    (tmp_path / "routes.conf").write_text("sluice 1\nlistner edge {\n}\n")
    done = subprocess.run(
        [str(BINARY), "run", "--dev"], cwd=tmp_path, capture_output=True, text=True, timeout=10
    )
    assert done.returncode == 78, done.stderr
    assert not (tmp_path / "certs").exists()
