"""Waiting for something with a deadline, and ports that are free at the moment of asking."""

import socket
import time

_handed_out: set[int] = set()


def until(condition, seconds: float = 5.0, what: str = "the condition"):
    """The first true value of `condition`; asks again every few milliseconds until the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.005)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on; the same one is never handed out twice."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family) as probe:
            probe.bind((host, 0))
            port = probe.getsockname()[1]
        if port not in _handed_out:
            _handed_out.add(port)
            return port
