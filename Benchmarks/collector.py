"""Takes what programs log over TCP or UDP and forgets it. Usage: collector.py PORT

A real collector would stand on another machine; this one stands on the core of the load.
"""

import selectors
import socket
import sys


def main() -> None:
    address = ("127.0.0.1", int(sys.argv[1]))
    listener = socket.create_server(address)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(address)
    waiting = selectors.DefaultSelector()
    waiting.register(listener, selectors.EVENT_READ)
    waiting.register(datagrams, selectors.EVENT_READ)
    block = bytearray(1 << 20)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is listener:
                waiting.register(listener.accept()[0], selectors.EVENT_READ)
            elif not key.fileobj.recv_into(block) and key.fileobj is not datagrams:
                waiting.unregister(key.fileobj)
                key.fileobj.close()


main()
