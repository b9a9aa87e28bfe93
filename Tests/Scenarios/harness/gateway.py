"""The real binary as a child process: started on its own config, watched, always stopped."""

import http.client
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import threading

from .waiting import until

BINARY = pathlib.Path(os.environ.get("SLUICE_BIN", ".build/release/sluice")).absolute()


def run(
    *arguments: str,
    folder: pathlib.Path | None = None,
    text: str | None = None,
    seconds: float = 20,
    **environment: str,
) -> subprocess.CompletedProcess:
    """One command of the binary, to its end."""
    return subprocess.run(
        [str(BINARY), *arguments],
        cwd=folder,
        input=text or "",
        capture_output=True,
        text=True,
        timeout=seconds,
        env=os.environ | {"NO_COLOR": "1"} | environment,
        check=False,
    )


class Gateway:
    """`sluice run` on a config file in a folder; use it with `with`."""

    def __init__(
        self,
        text: str,
        folder: pathlib.Path,
        admin: int,
        files: int | None = None,
        environment: dict[str, str] | None = None,
    ):
        self.folder = folder
        self.config = folder / "routes.conf"
        self.config.write_text(text)
        self.admin_port = admin
        self.files = files
        self.environment = os.environ | {"NO_COLOR": "1"} | (environment or {})
        self.output: list[str] = []
        self.errors: list[str] = []

    def __enter__(self) -> "Gateway":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> None:
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (self.files,) * 2)
        self.process = subprocess.Popen(
            [str(BINARY), "run", "-c", self.config.name],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit if self.files else None,
        )
        self.errors.clear()
        self.readers: list[threading.Thread] = []
        for stream, lines in (
            (self.process.stdout, self.output),
            (self.process.stderr, self.errors),
        ):
            reader = threading.Thread(target=self._collect, args=(stream, lines), daemon=True)
            reader.start()
            self.readers.append(reader)
        until(self._is_ready, 15, f"readiness; it said: {self.errors}")

    def stop(self) -> None:
        """Ends the process, and fails the test when it had ended or did not obey."""
        ended = self.process.poll()
        if ended is None:
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        assert ended in (None, 0), self.last_words()

    def last_words(self) -> str:
        """Why it ended, as far as it told: the trap and the frames of the project's own sources."""
        # What it said last may still be on its way.
        for reader in self.readers:
            reader.join(2)
        telling = ("rror:", "Crash", "crash", "/Sources/", "Sanitizer")
        lines = [line for line in self.errors if any(word in line for word in telling)]
        return f"it ended with {self.process.poll()}:\n" + "\n".join((lines or self.errors)[:25])

    @staticmethod
    def _collect(stream, lines: list[str]) -> None:
        for line in stream:
            lines.append(line.rstrip("\n"))

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.last_words()
        try:
            return self.admin("/readyz")[0] == 200
        except OSError:
            return False

    # What it says about itself.

    def admin(self, path: str, method: str = "GET") -> tuple[int, str]:
        """Status and body of the admin listener's answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=5)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that carry these labels."""
        total = 0.0
        for line in self.admin("/metrics")[1].splitlines():
            sample, _, value = line.rpartition(" ")
            found, _, rest = sample.partition("{")
            if found == name and all(f'{key}="{text}"' in rest for key, text in labels.items()):
                total += float(value)
        return total

    def log(self) -> list[dict]:
        """The access log so far; a line that is no JSON object fails the test."""
        lines = [json.loads(line) for line in list(self.output)]
        for line in lines:
            # The log names the reason as ECS does; tests call it as the problem document does.
            line["reason"] = line.get("error")
        return lines

    def log_line(self, **wanted) -> dict:
        """The first access-log line with these values; waits for it."""

        def find():
            return next((line for line in self.log() if wanted.items() <= line.items()), None)

        return until(find, 5, f"a log line with {wanted} in {self.output[-5:]}")

    def said(self, words: str, seconds: float = 5) -> str:
        """The first line on standard error that holds the words; waits for it."""
        return until(
            lambda: next((line for line in list(self.errors) if words in line), None),
            seconds,
            f"the words {words!r} in {self.errors[-20:]}",
        )

    # What is done to it.

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def reload(self, text: str, good: bool = True) -> None:
        """Writes a new config, sends HUP and checks that the outcome is the wanted one."""
        before = self.metric("sluice_config_reloads_total")
        self.config.write_text(text)
        self.signal(signal.SIGHUP)
        until(lambda: self.metric("sluice_config_reloads_total") > before, 10, "a reload")
        succeeded = self.metric("sluice_config_last_reload_success") == 1
        assert succeeded == good, self.errors[-20:]

    def exit_code(self, seconds: float = 10) -> int:
        return self.process.wait(seconds)

    # What the kernel says about it.

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def resident_bytes(self) -> int:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the kernel tells no VmRSS")


def is_free(port: int) -> bool:
    """Whether a listener could be bound to this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False
