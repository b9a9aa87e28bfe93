"""Credentials for the gate: what a config says of them, and the field that a client sends."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Tests" / "Scenarios"))

from harness.tokens import Issuer  # noqa: E402


def made(kind: str | None, folder: pathlib.Path, binary: pathlib.Path) -> tuple[str, str, bytes]:
    """The identity's statement, the route's `auth`, and the request's field with its line end."""
    if kind == "key":
        added = subprocess.run(
            [str(binary), "key", "add", "--file", str(folder / "keys.conf"), "--subject", "ann"],
            capture_output=True, text=True, check=True)
        return (f'identity caller key header=x-api-key keys="{folder}/keys.conf"', "any=[caller]",
                f"X-API-Key: {added.stdout.strip()}\r\n".encode())
    if kind == "token":
        issuer = Issuer(folder, "ES256")
        (folder / "issuer.public").write_text(issuer.public_pem)
        return (f'identity caller jwt issuer="ci" audience=[api] algorithms=[ES256] '
                f'key="{folder}/issuer.public"', "any=[caller]",
                f"Authorization: Bearer {issuer.token(exp=1 << 40)}\r\n".encode())
    return "", "none", b""
