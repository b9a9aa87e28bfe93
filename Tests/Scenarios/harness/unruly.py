"""A small server in a process of its own, which can be killed, stopped and told to misbehave.

`python -m harness.unruly` prints its port, then obeys one word per line on standard input: a name
of `WAYS`, or `count`, which prints how many requests it has seen. `/healthz` is answered well as
long as the way is one of an application's faults.
"""

import asyncio
import pathlib
import socket
import struct
import subprocess
import sys

HEALTHY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WAYS = ("ok", "slow", "errors", "cut", "reset", "garbage")
FOLDER = pathlib.Path(__file__).parent.parent


class Server:
    def __init__(self):
        self.way = "ok"
        self.seen = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.way == "reset":
                return self.reset(writer)
            while head := await reader.readuntil(b"\r\n\r\n"):
                is_check = b"/healthz" in head.split(b"\r\n")[0]
                self.seen += not is_check
                if not await self.answer(writer, is_check):
                    return None
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def answer(self, writer: asyncio.StreamWriter, is_check: bool) -> bool:
        """Returns whether the connection stays."""
        way = "ok" if is_check and self.way in ("errors", "cut") else self.way
        if way == "reset":
            self.reset(writer)
        elif way == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
        elif way == "garbage":
            writer.write(b"\x16\x03\x01 what?\r\n\r\n")
        elif way == "errors":
            writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")
        else:
            await asyncio.sleep(2 if way == "slow" else 0)
            writer.write(HEALTHY)
        await writer.drain()
        return way in ("ok", "slow", "errors")

    @staticmethod
    def reset(writer: asyncio.StreamWriter) -> None:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async def run(self) -> None:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        lines = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := (await lines.readline()).decode().strip():
            if line == "count":
                print(self.seen, flush=True)
            else:
                self.way = line


class Unruly:
    """The process, as a test holds it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness.unruly"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())

    def behave(self, way: str) -> None:
        assert way in WAYS
        self._say(way)

    def count(self) -> int:
        self._say("count")
        return int(self.process.stdout.readline())

    def _say(self, word: str) -> None:
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def close(self) -> None:
        self.process.kill()
        self.process.wait(5)
        self.process.stdin.close()
        self.process.stdout.close()


if __name__ == "__main__":
    asyncio.run(Server().run())
