"""TLS listeners in a config, and clients that shake hands with them."""

from .client import Client

HOSTS = {
    "ec": "localhost",
    "rsa": "localhost",
    "wild": "*.example.com",
    "api": "api.example.com",
}


def certificate(name: str, hosts: str, pair) -> str:
    return f'certificate {name} names=[{hosts}] cert="{pair[0]}" key="{pair[1]}"\n'


def handshake(site, context, name="localhost", session=None) -> Client:
    return Client(site.address, tls=context, name=name, session=session)
