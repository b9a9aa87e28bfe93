"""Clients that ask at a steady pace and note how it went: what a person in front of the gateway
would have seen."""

import threading
import time
from dataclasses import dataclass

from .client import Client, Incomplete


@dataclass(frozen=True)
class Outcome:
    """One request: when it began, how long it took, and its status; 0 when none was whole."""

    start: float
    seconds: float
    status: int
    reason: str

    @property
    def is_good(self) -> bool:
        return self.status == 200


class Load:
    """So many clients, each with so many requests per second; use it with `with`."""

    def __init__(self, address, clients: int = 8, rate: float = 50.0):
        self.address = address
        self.pause = 1 / rate
        self.outcomes: list[Outcome] = []
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def _run(self) -> None:
        client = None
        next_start = time.monotonic()
        while not self.ending.is_set():
            next_start = max(next_start + self.pause, time.monotonic() - self.pause)
            begin = time.monotonic()
            status, reason = 0, ""
            try:
                client = client or Client(self.address)
                answer = client.ask()
                status = answer.status
                if status != 200 and answer.value("content-type") == "application/problem+json":
                    reason = answer.json().get("reason", "")
                if answer.value("connection") == "close":
                    raise Incomplete("the gateway ends the connection")
            except (OSError, Incomplete):
                if client:
                    client.socket.close()
                client = None
            now = time.monotonic()
            self.outcomes.append(Outcome(begin, now - begin, status, reason))
            self.ending.wait(max(0.0, next_start - now))
        if client:
            client.socket.close()

    def between(self, start: float, end: float = float("inf")) -> list[Outcome]:
        return [outcome for outcome in list(self.outcomes) if start <= outcome.start < end]
