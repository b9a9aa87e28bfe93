"""A client that sends exactly the bytes that a test gives it, over TCP, TLS or a unix socket."""

import socket
import ssl
import struct

from .message import Incomplete, Reader, Response


class Client:
    """One connection; close it with `with`."""

    def __init__(
        self,
        address,
        tls: ssl.SSLContext | None = None,
        name: str = "localhost",
        session: ssl.SSLSession | None = None,
        seconds: float = 10.0,
    ):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        if family == socket.AF_INET and ":" in address[0]:
            family = socket.AF_INET6
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(seconds)
        self.socket.connect(address)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name, session=session)
        self.reader = Reader(self.socket)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def send(self, *pieces: bytes | str) -> "Client":
        for piece in pieces:
            self.socket.sendall(piece.encode("latin-1") if isinstance(piece, str) else piece)
        return self

    def response(self, method: str = "GET") -> Response:
        return self.reader.response(method)

    def ask(
        self,
        target: str = "/",
        method: str = "GET",
        fields: dict | None = None,
        body: bytes = b"",
        host: str = "localhost",
    ) -> Response:
        """Sends one well-formed request and reads its response."""
        self.send(request(target, method, fields, body, host))
        return self.response(method)

    def is_closed(self) -> bool:
        """Whether the peer closed and sent nothing more; waits for it as long as the timeout."""
        try:
            return self.reader.rest() == b""
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            return self.reader.buffer == b""

    def until_closed(self) -> bytes:
        """All bytes until the peer closes or resets."""
        try:
            return self.reader.rest()
        except (ConnectionResetError, ssl.SSLEOFError):
            return self.reader.buffer

    def reset(self) -> None:
        """Closes with a reset instead of an orderly end."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()


def request(
    target: str = "/",
    method: str = "GET",
    fields: dict | None = None,
    body: bytes = b"",
    host: str = "localhost",
) -> bytes:
    """The bytes of one well-formed request; a body brings its Content-Length."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in (fields or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(*chunks: bytes, trailers: str = "") -> bytes:
    """A chunked body."""
    parts = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
    return b"".join(parts) + b"0\r\n" + trailers.encode("latin-1") + b"\r\n"


__all__ = ["Client", "Incomplete", "chunked", "request"]
