"""HTTP/1.1 messages as the tests read them off a socket, strict about framing."""

import json
import socket
from dataclasses import dataclass, field


class Incomplete(Exception):
    """The peer closed or broke off in the middle of a message."""


@dataclass
class Message:
    """One request or response; `start` is its first line."""

    start: str
    fields: list[tuple[str, str]]
    raw_head: bytes
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    interim: list["Message"] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def value(self, name: str) -> str | None:
        """The only value of a field, None when it is absent; a second one fails the test."""
        found = self.values(name)
        assert len(found) <= 1, f"{name} stands {len(found)} times"
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)


class Request(Message):
    @property
    def method(self) -> str:
        return self.start.split(" ")[0]

    @property
    def target(self) -> str:
        return self.start.split(" ")[1]


class Response(Message):
    @property
    def status(self) -> int:
        return int(self.start.split(" ")[1])


class Reader:
    """Takes messages from a socket; keeps what was read too far for the next one."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self.buffer = b""

    def fill(self) -> bool:
        """Reads more bytes; False at the end of the stream."""
        piece = self.connection.recv(65536)
        self.buffer += piece
        return bool(piece)

    def take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            if not self.fill():
                raise Incomplete(f"{len(self.buffer)} of {count} bytes before the end")
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def until(self, mark: bytes) -> bytes:
        """The bytes up to the mark, which is taken too and left out."""
        while mark not in self.buffer:
            if not self.fill():
                raise Incomplete(f"the end came before {mark!r}; had {self.buffer[-80:]!r}")
        taken, self.buffer = self.buffer.split(mark, 1)
        return taken

    def rest(self) -> bytes:
        while self.fill():
            pass
        taken, self.buffer = self.buffer, b""
        return taken

    def head(self, kind):
        """A message without its body."""
        raw = self.until(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        return kind(first, fields_of(lines), raw + b"\r\n\r\n")

    def chunks(self) -> tuple[bytes, list[tuple[str, str]]]:
        """A chunked body and its trailers."""
        body = b""
        while size := int(self.until(b"\r\n").split(b";")[0], 16):
            body += self.take(size)
            assert self.take(2) == b"\r\n", "a chunk does not end in CRLF"
        trailers = []
        while line := self.until(b"\r\n"):
            trailers.append(line.decode("latin-1"))
        return body, fields_of(trailers)

    def read_body(self, message: Message, to_the_end: bool) -> None:
        """The body by its framing; `to_the_end` says what holds when there is none."""
        encoding, length = message.value("transfer-encoding"), message.value("content-length")
        if encoding is not None:
            assert encoding == "chunked" and length is None, message.raw_head
            message.body, message.trailers = self.chunks()
        elif length is not None:
            message.body = self.take(int(length))
        elif to_the_end:
            message.body = self.rest()

    def response(self, method: str = "GET") -> Response:
        """The next final response, with the interim ones before it."""
        interim: list[Message] = []
        while True:
            response = self.head(Response)
            # Behind a 101 the connection speaks another protocol: it is final, without a body.
            if response.status >= 200 or response.status == 101:
                break
            interim.append(response)
        response.interim = interim
        if method != "HEAD" and response.status not in (101, 204, 304):
            self.read_body(response, to_the_end=True)
        return response


def fields_of(lines: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        assert colon and name and " " not in name, f"not a field line: {line!r}"
        pairs.append((name, value.strip(" \t")))
    return pairs
