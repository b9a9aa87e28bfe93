"""Ready-made behaviour for an origin: each function makes a `respond` for `Origin`."""

import threading

from .client import chunked as chunked_body
from .origin import Peer, describe


def fixed(status: str = "200 OK", body: bytes = b"ok", fields: str = "", keep: bool = True):
    """An answer with Content-Length."""

    def respond(request, peer: Peer) -> bool:
        peer.read_body(request)
        head = f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode("latin-1")
        peer.send(head + (b"" if request.method == "HEAD" else body))
        return keep

    return respond


def bytes_of(raw: bytes, keep: bool = False):
    """Exactly these bytes, after the request's body was read; then the connection closes."""

    def respond(request, peer: Peer) -> bool:
        peer.read_body(request)
        peer.send(raw)
        return keep

    return respond


def chunked(*chunks: bytes, trailers: str = "", fields: str = ""):
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{fields}\r\n".encode("latin-1")
    return bytes_of(head + chunked_body(*chunks, trailers=trailers), keep=True)


def close_delimited(body: bytes):
    """A body that only the end of the connection ends."""
    return bytes_of(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body)


def cut_short(declared: int, sent: bytes):
    """Promises more bytes than it sends."""
    return bytes_of(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % declared + sent)


def cut_chunked(sent: bytes):
    """A chunked body without its last chunk."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return bytes_of(head + b"%x\r\n%b\r\n" % (len(sent), sent))


def reset(request, peer: Peer) -> bool:
    peer.reset()
    return False


def silent(request, peer: Peer) -> bool:
    """Never answers; ends when the gateway gives up."""
    peer.saw_close(30)
    return False


class Held:
    """Answers as usual, but only when the test says so."""

    def __init__(self):
        self.arrived = threading.Event()
        self.release = threading.Event()

    def __call__(self, request, peer: Peer) -> bool:
        self.arrived.set()
        self.release.wait(30)
        return describe(request, peer)


class Watched:
    """Never answers; tells whether the gateway closed the connection."""

    def __init__(self, first: bytes = b""):
        self.first = first
        self.arrived = threading.Event()
        self.closed = threading.Event()

    def __call__(self, request, peer: Peer) -> bool:
        peer.send(self.first)
        self.arrived.set()
        if peer.saw_close(20):
            self.closed.set()
        return False
