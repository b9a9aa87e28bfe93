"""A real redis-server of a test's own: on a free port, perhaps with TLS and a password."""

import pathlib
import signal
import socket
import subprocess

from .waiting import free_port, until


class Redis:
    """Started with nothing on disk; use it with `with`."""

    def __init__(
        self,
        folder: pathlib.Path,
        password: str | None = None,
        user: str | None = None,
        tls: dict[str, pathlib.Path] | None = None,
    ):
        self.folder = folder
        self.port = free_port()
        self.password = password
        self.user = user
        self.tls = tls
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Redis":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.kill()

    def start(self) -> None:
        plain, secure = (0, self.port) if self.tls else (self.port, 0)
        options = ["--port", str(plain), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        options += ["--dir", str(self.folder), "--daemonize", "no"]
        if secure:
            options += ["--tls-port", str(secure), "--tls-auth-clients", "no"]
            options += ["--tls-cert-file", str(self.tls["cert"])]
            options += ["--tls-key-file", str(self.tls["key"])]
        if self.password and self.user:
            options += ["--user", f"{self.user} on >{self.password} ~* &* +@all"]
            options += ["--user", "default off"]
        elif self.password:
            options += ["--requirepass", self.password]
        self.process = subprocess.Popen(
            ["redis-server", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._answers, 10, "redis to listen")

    def _answers(self) -> bool:
        assert self.process.poll() is None, "redis-server ended as it started"
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(5)

    def ask(self, *words: str) -> str:
        """One command on a connection of its own, without TLS; the raw reply."""
        with socket.create_connection(("127.0.0.1", self.port), 2) as peer:
            text = f"*{len(words)}\r\n" + "".join(f"${len(w)}\r\n{w}\r\n" for w in words)
            peer.sendall(text.encode())
            return peer.recv(65536).decode()
