"""WebSocket peers: server and client of the `websockets` package, and a scripted handshake."""

import base64
import hashlib
import threading

from websockets.sync.client import connect
from websockets.sync.server import serve

from .client import request
from .origin import Peer

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


def acceptance(key: str) -> str:
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()


def handshake(target: str = "/", **changes: str | None) -> bytes:
    """A handshake with some of its fields changed, or left out with None."""
    fields = HANDSHAKE | {name.replace("_", "-"): value for name, value in changes.items()}
    return request(target, fields={name: text for name, text in fields.items() if text})


def switching(accept: str = acceptance(KEY), more: str = "") -> bytes:
    """The answer that makes the connection a tunnel."""
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
    ).encode()


def tunnel(talk):
    """An origin's `respond` that switches, then lets `talk(peer)` use the raw connection."""

    def respond(asked, peer: Peer) -> bool:
        peer.send(switching(acceptance(asked.value("sec-websocket-key"))))
        talk(peer)
        return False

    return respond


def raw_echo(peer: Peer) -> None:
    """Sends back every byte; ends when the other side does."""
    while peer.reader.buffer or peer.reader.fill():
        data, peer.reader.buffer = peer.reader.buffer, b""
        peer.send(data)


class EchoServer:
    """A real WebSocket server on a free port; `options` go to `websockets`."""

    def __init__(self, handler=None, **options):
        self.server = serve(handler or self._echo, "127.0.0.1", 0, **options)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.socket.getsockname()[1]}"

    @staticmethod
    def _echo(connection) -> None:
        for message in connection:
            connection.send(message)

    def __enter__(self) -> "EchoServer":
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()


def dial(site, path: str = "/", secure=None, **options):
    """A real WebSocket client through the gateway; use it with `with`."""
    scheme = "wss" if secure else "ws"
    url = f"{scheme}://localhost:{site.edge}{path}"
    return connect(url, ssl=secure, proxy=None, max_size=None, **options)
