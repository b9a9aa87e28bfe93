"""A name server on a loopback port whose records a test changes while the gateway runs."""

import socket
import struct
import threading


def encoded(name: str) -> bytes:
    labels = [label.encode() for label in name.strip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


class NameServer:
    """Answers A and SRV questions from `addresses` and `services`; every other name has none."""

    def __init__(self, ttl: int = 1):
        self.ttl = ttl
        self.addresses: dict[str, list[str]] = {}
        # Priority, weight, port and target of each place.
        self.services: dict[str, list[tuple[int, int, int, str]]] = {}
        self.is_silent = False
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return self.socket.getsockname()[1]

    @property
    def directive(self) -> str:
        return f"resolver servers=[127.0.0.1:{self.port}]\n"

    def close(self) -> None:
        # A datagram to itself wakes the thread, which then finds the socket closed.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            address = self.socket.getsockname()
            self.closing = True
            waker.sendto(b"", address)

    closing = False

    def _serve(self) -> None:
        while True:
            message, peer = self.socket.recvfrom(1500)
            if self.closing:
                self.socket.close()
                return
            self.asked += 1
            if not self.is_silent:
                self.socket.sendto(self._answer(message), peer)

    def _answer(self, message: bytes) -> bytes:
        labels, offset = [], 12
        while message[offset]:
            labels.append(message[offset + 1 : offset + 1 + message[offset]].decode())
            offset += 1 + message[offset]
        kind = struct.unpack(">H", message[offset + 1 : offset + 3])[0]
        question = message[12 : offset + 5]
        name = ".".join(labels).lower()
        values = []
        if kind == 1:
            values = [socket.inet_aton(text) for text in self.addresses.get(name, [])]
        elif kind == 33:
            values = [
                struct.pack(">HHH", priority, weight, port) + encoded(target)
                for priority, weight, port, target in self.services.get(name, [])
            ]
        records = b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, self.ttl, len(value)) + value
            for value in values
        )
        head = message[:2] + struct.pack(">HHHHH", 0x8180, 1, len(values), 0, 0)
        return head + question + records
