"""A WebSocket on a stream of HTTP/2, RFC 8441, by the packages `h2` and `wsproto`."""

import socket
import ssl
import time

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.settings import SettingCodes
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage


class H2Sockets:
    """One HTTP/2 connection whose streams may become tunnels. Use it with `with`."""

    def __init__(self, address, tls: ssl.SSLContext | None = None, window: int | None = None):
        self.socket = socket.create_connection(address, timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            tls.set_alpn_protocols(["h2"])
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.scheme = "https" if tls else "http"
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        if window is not None:
            self.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.h2.initiate_connection()
        self.tunnels: dict[int, Tunnel] = {}
        self.has_settings = False
        self.goaways: list[int] = []
        self.flush()
        self.until(lambda: self.has_settings, "the server's SETTINGS")

    def __enter__(self) -> "H2Sockets":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    @property
    def offers_connect(self) -> bool:
        return self.h2.remote_settings.enable_connect_protocol == 1

    def flush(self) -> None:
        if data := self.h2.data_to_send():
            self.socket.sendall(data)

    def until(self, condition, what: str, seconds: float = 5) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"no sign of {what}"
            self.read(0.1)

    def read(self, seconds: float) -> bool:
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return False
        for event in self.h2.receive_data(data) if data else ():
            self.seen(event)
        self.socket.settimeout(5)
        self.flush()
        return bool(data)

    def seen(self, event) -> None:
        if isinstance(event, RemoteSettingsChanged):
            self.has_settings = True
        elif isinstance(event, ConnectionTerminated):
            self.goaways.append(event.error_code)
        tunnel = self.tunnels.get(getattr(event, "stream_id", None))
        if tunnel:
            tunnel.seen(event)

    def connect(self, path: str = "/", protocol: str = "websocket", fields=(), ends=False):
        """An extended CONNECT; says nothing of how it is answered."""
        stream = self.h2.get_next_available_stream_id()
        head = [
            (":method", "CONNECT"),
            (":protocol", protocol),
            (":scheme", self.scheme),
            (":path", path),
            (":authority", "localhost"),
            ("sec-websocket-version", "13"),
            *fields,
        ]
        tunnel = self.tunnels[stream] = Tunnel(self, stream)
        self.h2.send_headers(stream, head, end_stream=ends)
        self.flush()
        return tunnel

    def dial(self, path: str = "/", **options) -> "Tunnel":
        """A tunnel that was answered with 200."""
        tunnel = self.connect(path, **options)
        assert tunnel.answered().status == 200, tunnel.fields
        return tunnel


class Tunnel:
    """One stream, by bytes or by messages."""

    def __init__(self, owner: H2Sockets, stream: int):
        self.owner, self.stream = owner, stream
        self.status = 0
        self.fields: dict[str, str] = {}
        self.bytes = b""
        self.ended = False
        self.reset: int | None = None
        self.reads = True
        self.protocol = Connection(ConnectionType.CLIENT)
        self.messages: list = []
        self.pongs = 0
        self.parts: list = []

    def seen(self, event) -> None:
        if isinstance(event, ResponseReceived):
            self.fields = dict(event.headers)
            self.status = int(self.fields[":status"])
        elif isinstance(event, DataReceived):
            self.bytes += event.data
            if self.reads:
                self.owner.h2.acknowledge_received_data(event.flow_controlled_length, self.stream)
        elif isinstance(event, StreamEnded):
            self.ended = True
        elif isinstance(event, StreamReset):
            self.reset = int(event.error_code)

    def answered(self) -> "Tunnel":
        self.owner.until(lambda: self.status or self.reset is not None, "an answer")
        return self

    def until_over(self) -> "Tunnel":
        self.owner.until(lambda: self.ended or self.reset is not None, "the end of the stream")
        return self

    # Bytes.

    def write(self, data: bytes, seconds: float = 5) -> int:
        """Sends as the window allows; returns how much went out in that time."""
        sent, end = 0, time.monotonic() + seconds
        while sent < len(data) and time.monotonic() < end and self.reset is None:
            room = min(self.owner.h2.local_flow_control_window(self.stream), 16384)
            if room <= 0:
                self.owner.read(0.1)
                continue
            self.owner.h2.send_data(self.stream, data[sent : sent + room])
            sent += min(room, len(data) - sent)
            self.owner.flush()
        return sent

    def finish(self) -> None:
        self.owner.h2.end_stream(self.stream)
        self.owner.flush()

    def cancel(self) -> None:
        self.owner.h2.reset_stream(self.stream, 8)
        self.owner.flush()

    def take(self, count: int) -> bytes:
        self.owner.until(lambda: len(self.bytes) >= count, f"{count} bytes")
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    # Messages.

    def say(self, message) -> None:
        event = TextMessage(data=message) if isinstance(message, str) else BytesMessage(message)
        data = self.protocol.send(event)
        assert self.write(data, 20) == len(data)

    def ping(self) -> None:
        self.write(self.protocol.send(Ping()))
        self.owner.until(lambda: self.look() or self.pongs, "a pong")

    def hear(self, seconds: float = 20):
        self.owner.until(lambda: self.look() or self.messages, "a message", seconds)
        return self.messages.pop(0)

    def close(self) -> None:
        self.write(self.protocol.send(CloseConnection(code=1000)))

    def look(self) -> bool:
        if self.bytes:
            data, self.bytes = self.bytes, b""
            self.protocol.receive_data(data)
        for event in self.protocol.events():
            if isinstance(event, (TextMessage, BytesMessage)):
                self.parts.append(event.data)
                if event.message_finished:
                    empty = "" if isinstance(event, TextMessage) else b""
                    self.messages.append(empty.join(self.parts))
                    self.parts = []
            elif isinstance(event, Pong):
                self.pongs += 1
        return False
