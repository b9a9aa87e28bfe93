"""An HTTP/2 client that sends any frame: polite by its methods, hostile by `send`."""

import socket
import ssl
import time
from dataclasses import dataclass, field

from hpack import Decoder, Encoder
from hyperframe import frame as frames

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ENHANCE_YOUR_CALM = 11


@dataclass
class Answer:
    """What came on one stream."""

    status: int = 0
    fields: list[tuple[str, str]] = field(default_factory=list)
    interim: list[int] = field(default_factory=list)
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False
    reset: int | None = None

    def value(self, name: str) -> str | None:
        found = [value for key, value in self.fields if key == name]
        assert len(found) < 2, f"{name} occurs {len(found)} times"
        return found[0] if found else None


class H2Client:
    """One connection; TLS with ALPN when a context is given. Use it with `with`."""

    def __init__(
        self,
        address,
        tls: ssl.SSLContext | None = None,
        name: str = "localhost",
        settings: dict[int, int] | None = None,
        credits: bool = True,
    ):
        self.name = name
        self.socket = socket.create_connection(address, timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            tls.set_alpn_protocols(["h2"])
            self.socket = tls.wrap_socket(self.socket, server_hostname=name)
            assert self.socket.selected_alpn_protocol() == "h2"
        self.scheme = "https" if tls else "http"
        self.encoder = Encoder()
        self.decoder = Decoder()
        self.buffer = b""
        self.answers: dict[int, Answer] = {}
        self.settings: dict[int, int] = {}
        self.goaways: list[tuple[int, int]] = []
        self.pings = 0
        self.block = b""
        self.credits = credits
        self.is_closed = False
        self.next_stream = 1
        self.socket.sendall(PREFACE)
        self.send(frames.SettingsFrame(settings=settings or {}))

    def __enter__(self) -> "H2Client":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    # Sending.

    def send(self, *some) -> None:
        self.send_bytes(b"".join(one.serialize() for one in some))

    def send_bytes(self, data: bytes) -> None:
        """Sends what the peer takes: one that has closed is found out by reading."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.is_closed = True

    def fields(self, path="/", method="GET", host=None, more=()) -> list[tuple[str, str]]:
        return [
            (":method", method),
            (":scheme", self.scheme),
            (":authority", host or self.name),
            (":path", path),
            *more,
        ]

    def headers(self, fields, ends=True, stream: int | None = None):
        """A HEADERS frame on the next stream, or on this one."""
        if stream is None:
            stream, self.next_stream = self.next_stream, self.next_stream + 2
        frame = frames.HeadersFrame(stream, self.encoder.encode(fields))
        frame.flags.add("END_HEADERS")
        if ends:
            frame.flags.add("END_STREAM")
        return frame

    def open(self, path="/", body: bytes | None = None, fields=None, **options) -> int:
        """Sends a request and returns its stream."""
        frame = self.headers(fields or self.fields(path, **options), ends=body is None)
        self.send(frame)
        for start in range(0, len(body or b""), 16384):
            self.send(self.data(frame.stream_id, body[start : start + 16384]))
        if body is not None:
            self.send(self.data(frame.stream_id, b"", ends=True))
        return frame.stream_id

    @staticmethod
    def data(stream: int, body: bytes, ends=False):
        frame = frames.DataFrame(stream, body)
        if ends:
            frame.flags.add("END_STREAM")
        return frame

    # Receiving.

    def read(self, seconds: float = 5) -> bool:
        """Reads once and looks at what came. Returns false at the end, or when nothing came."""
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            data = b""
        if not data:
            self.is_closed = True
            return False
        self.buffer += data
        while len(self.buffer) >= 9:
            frame, length = frames.Frame.parse_frame_header(memoryview(self.buffer[:9]))
            if len(self.buffer) < 9 + length:
                break
            frame.parse_body(memoryview(self.buffer[9 : 9 + length]))
            self.buffer = self.buffer[9 + length :]
            self.seen(frame, length)
        return True

    def seen(self, frame, length: int) -> None:
        answer = self.answers.setdefault(frame.stream_id, Answer())
        if isinstance(frame, frames.SettingsFrame):
            if "ACK" not in frame.flags:
                self.settings |= frame.settings
                self.send(frames.SettingsFrame(flags=["ACK"]))
        elif isinstance(frame, frames.GoAwayFrame):
            self.goaways.append((frame.last_stream_id, frame.error_code))
        elif isinstance(frame, frames.PingFrame):
            self.pings += 1
        elif isinstance(frame, frames.RstStreamFrame):
            answer.reset = frame.error_code
        elif isinstance(frame, frames.DataFrame):
            answer.body += frame.data
            if self.credits and length:
                self.send(
                    frames.WindowUpdateFrame(0, length),
                    frames.WindowUpdateFrame(frame.stream_id, length),
                )
        elif isinstance(frame, (frames.HeadersFrame, frames.ContinuationFrame)):
            self.block += frame.data
            if "END_HEADERS" in frame.flags:
                block, self.block = self.block, b""
                self.head(answer, self.decoder.decode(block))
        if "END_STREAM" in getattr(frame, "flags", ()):
            answer.ended = True

    @staticmethod
    def head(answer: Answer, fields) -> None:
        if answer.status:
            answer.trailers = list(fields)
            return
        status = int(dict(fields)[":status"])
        if status < 200:
            answer.interim.append(status)
        else:
            answer.status = status
            answer.fields = [(name, value) for name, value in fields if name != ":status"]

    def answer(self, stream: int, seconds: float = 5) -> Answer:
        """The answer of a stream once it has ended, whole or reset."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.is_closed:
            found = self.answers.get(stream)
            if found and (found.ended or found.reset is not None):
                break
            self.read(max(end - time.monotonic(), 0.01))
        return self.answers.setdefault(stream, Answer())

    def ask(self, path="/", body: bytes | None = None, **options) -> Answer:
        return self.answer(self.open(path, body, **options))

    def until_closed(self, seconds: float = 5) -> float:
        """Reads to the end of the connection; fails when it does not come. Returns the time."""
        start = time.monotonic()
        while not self.is_closed or self.drain_once():
            assert time.monotonic() - start < seconds, "the connection stays open"
            self.read(0.1)
        return time.monotonic() - start

    def drain_once(self) -> bool:
        """Whether there was still something to read on a connection that took no more."""
        self.is_closed = False
        self.read(0.1)
        return not self.is_closed
