"""An origin that does what a test tells it, byte for byte, and remembers what it received.

A test sets `respond`, a function of the request and the peer. It may read the body (`request.body`
is there once `peer.read_body(request)` ran), send any bytes, close or reset. When it returns True
the connection stays open for the next request.
"""

import json
import socket
import ssl
import struct
import threading

from .message import Incomplete, Reader, Request


class Peer:
    """The gateway's end of one connection, as the origin sees it."""

    def __init__(self, connection: socket.socket, number: int):
        self.connection = connection
        self.number = number
        self.reader = Reader(connection)

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.connection.sendall(piece)

    def read_body(self, request: Request) -> None:
        self.reader.read_body(request, to_the_end=False)

    def saw_close(self, seconds: float = 5.0) -> bool:
        """Whether the gateway closes or resets the connection within the time."""
        self.connection.settimeout(seconds)
        try:
            while self.connection.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()


def describe(request: Request, peer: Peer) -> bool:
    """The usual answer: 200 and a JSON description of what arrived."""
    peer.read_body(request)
    seen = {
        "method": request.method,
        "target": request.target,
        "fields": request.fields,
        "bytes": len(request.body),
        "connection": peer.number,
    }
    body = json.dumps(seen).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    peer.send(head % len(body) + (b"" if request.method == "HEAD" else body))
    return True


class Origin:
    """Accepts in one thread and serves each connection in one of its own."""

    def __init__(self, address=("127.0.0.1", 0), tls: ssl.SSLContext | None = None):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        if family == socket.AF_INET and ":" in address[0]:
            family = socket.AF_INET6
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        if family != socket.AF_UNIX:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(address)
        self.listener.listen(512)
        self.tls = tls
        self.open: set[socket.socket] = set()
        self.reset_script()
        threading.Thread(target=self._accept, daemon=True).start()

    def reset_script(self) -> None:
        """Forgets what happened and answers as usual again."""
        self.respond = describe
        self.on_accept = None
        self.requests: list[Request] = []
        self.accepted = 0
        self.events: list[str] = []

    @property
    def port(self) -> int:
        return self.listener.getsockname()[1]

    @property
    def only_request(self) -> Request:
        assert len(self.requests) == 1, f"the origin received {len(self.requests)} requests"
        return self.requests[0]

    def close(self) -> None:
        # shutdown wakes the thread that waits in accept; close alone would not.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """Closes every connection that stands open."""
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(
                target=self._serve, args=(connection, self.accepted), daemon=True
            ).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if connection.family != socket.AF_UNIX:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self.open.add(connection)
            peer = Peer(connection, number)
            if self.on_accept:
                self.on_accept(peer)
            while self._exchange(peer):
                pass
        except (OSError, Incomplete) as error:
            self.events.append(f"{type(error).__name__}: {error}")
        finally:
            self.open.discard(connection)
            connection.close()

    def _exchange(self, peer: Peer) -> bool:
        if not peer.reader.buffer and not peer.reader.fill():
            return False
        request = peer.reader.head(Request)
        self.requests.append(request)
        return bool(self.respond(request, peer))
