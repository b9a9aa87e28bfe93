"""An HTTP/2 origin that does what a test tells it, on the `h2` package, or frame by frame."""

import json
import socket
import ssl
import threading

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    PingAckReceived,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes


class Link:
    """One connection, as the origin sees it. Its methods may be called from any thread."""

    def __init__(self, connection: socket.socket, number: int, settings: dict):
        self.socket = connection
        self.number = number
        self.lock = threading.RLock()
        # What a test sends is not repaired: the gateway is what is tested.
        self.h2 = H2Connection(
            H2Configuration(
                client_side=False,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                header_encoding="utf-8",
            )
        )
        self.h2.initiate_connection()
        if settings:
            self.h2.update_settings(settings)
        self.waiting: dict[int, tuple[bytes, object]] = {}
        self.resets: dict[int, int] = {}
        self.open: set[int] = set()
        self.most_open = 0
        self.pings = 0

    def head(self, stream: int, status="200", fields=(), ends=False) -> None:
        pairs = [(":status", status), *fields] if status else list(fields)
        with self.lock:
            self.h2.send_headers(stream, pairs, end_stream=ends)
            self.flush()

    def body(self, stream: int, data: bytes, ends=True, trailers=None) -> None:
        """Sends as the window allows, the rest when it opens."""
        with self.lock:
            before = self.waiting.pop(stream, (b"", None))[0]
            self.waiting[stream] = (before + data, trailers or ends)
            self.push(stream)
            self.flush()

    def answer(self, stream: int, status="200", fields=(), body=b"", trailers=None) -> None:
        self.head(stream, status, fields, ends=not body and not trailers)
        if body or trailers:
            self.body(stream, body, trailers=trailers)
        self.open.discard(stream)

    def reset(self, stream: int, code: int) -> None:
        with self.lock:
            self.h2.reset_stream(stream, code)
            self.flush()

    def go_away(self, last: int, code: int = 0) -> None:
        with self.lock:
            self.h2.close_connection(code, last_stream_id=last)
            self.flush()

    def raw(self, *frames) -> None:
        """Frames of `hyperframe`, or bytes."""
        with self.lock:
            for frame in frames:
                self.socket.sendall(frame if isinstance(frame, bytes) else frame.serialize())

    def block(self, fields) -> bytes:
        return self.h2.encoder.encode(fields)

    def push(self, stream: int) -> None:
        data, end = self.waiting.pop(stream)
        try:
            while data:
                room = min(self.h2.local_flow_control_window(stream), 16384)
                if room <= 0:
                    self.waiting[stream] = (data, end)
                    return
                self.h2.send_data(stream, data[:room])
                data = data[room:]
            if isinstance(end, list):
                self.h2.send_headers(stream, end, end_stream=True)
            elif end:
                self.h2.end_stream(stream)
        except ProtocolError:
            # The gateway has reset the stream since.
            return

    def flush(self) -> None:
        if data := self.h2.data_to_send():
            self.socket.sendall(data)

    def close(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


def describe(link: Link, stream: int, fields: list, body: bytes) -> None:
    """The usual answer: a JSON description of what arrived."""
    seen = {"fields": fields, "bytes": len(body), "connection": link.number}
    text = json.dumps(seen).encode()
    link.answer(stream, fields=[("content-type", "application/json")], body=text)


class H2Origin:
    """Accepts in one thread and serves each connection in one of its own."""

    def __init__(self, tls: ssl.SSLContext | None = None, settings: dict | None = None):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.tls = tls
        self.settings = settings or {}
        self.respond = describe
        self.on_head = None
        self.reads = True
        self.requests: list[tuple[list, bytes]] = []
        self.trailers: list[list] = []
        self.links: list[Link] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> "H2Origin":
        return self

    def __exit__(self, *_) -> None:
        self.listener.close()
        for link in self.links:
            link.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            link = Link(connection, len(self.links) + 1, self.settings)
            self.links.append(link)
            link.flush()
            heads, bodies = {}, {}
            while data := connection.recv(65536):
                with link.lock:
                    events = link.h2.receive_data(data)
                    for event in events:
                        self._seen(link, event, heads, bodies)
                    link.flush()
        except (OSError, ProtocolError):
            pass
        finally:
            connection.close()

    def _seen(self, link: Link, event, heads: dict, bodies: dict) -> None:
        if isinstance(event, RequestReceived):
            heads[event.stream_id], bodies[event.stream_id] = list(event.headers), b""
            link.open.add(event.stream_id)
            link.most_open = max(link.most_open, len(link.open))
            if self.on_head:
                self.on_head(link, event.stream_id, heads[event.stream_id])
        elif isinstance(event, DataReceived):
            bodies[event.stream_id] += event.data
            if self.reads:
                link.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, TrailersReceived):
            self.trailers.append(list(event.headers))
        elif isinstance(event, StreamEnded):
            fields, body = heads.pop(event.stream_id), bodies.pop(event.stream_id)
            self.requests.append((fields, body))
            self.respond(link, event.stream_id, fields, body)
        elif isinstance(event, StreamReset):
            link.resets[event.stream_id] = int(event.error_code)
            link.open.discard(event.stream_id)
        elif isinstance(event, WindowUpdated):
            for stream in list(link.waiting):
                if event.stream_id in (0, stream):
                    link.push(stream)
        elif isinstance(event, PingAckReceived):
            link.pings += 1


def limited(streams: int) -> dict:
    return {SettingCodes.MAX_CONCURRENT_STREAMS: streams}
