"""Keys and signed tokens, made by the openssl command: no library of the gateway's own kind."""

import base64
import json
import pathlib
import subprocess
import time

OPTIONS = {
    "RS256": ["-sha256"],
    "PS384": ["-sha384", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"],
    "ES256": ["-sha256"],
    "ES384": ["-sha384"],
    "ES512": ["-sha512"],
}
KINDS = {
    "RS256": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "PS384": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ES384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ES512": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "EdDSA": ["ED25519"],
}
HALVES = {"ES256": 32, "ES384": 48, "ES512": 66}


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(
        ["openssl", *arguments], input=data, capture_output=True, check=True
    ).stdout


class Issuer:
    """One key of one algorithm, and the tokens that it signs."""

    def __init__(self, folder: pathlib.Path, algorithm: str, kid: str = "k1"):
        self.algorithm = algorithm
        self.kid = kid
        self.path = str(folder / f"{kid}-{algorithm}.private")
        self.folder = folder
        openssl("genpkey", "-algorithm", *KINDS[algorithm], "-out", self.path)
        self.public_pem = openssl("pkey", "-in", self.path, "-pubout").decode()

    def sign(self, message: bytes) -> bytes:
        if self.algorithm == "EdDSA":
            source = self.folder / "message"
            source.write_bytes(message)
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", str(source))
        made = openssl("dgst", *OPTIONS[self.algorithm], "-sign", self.path, data=message)
        half = HALVES.get(self.algorithm)
        return made if half is None else fixed(made, half)

    def token(self, **claims) -> str:
        header = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"} | claims.pop("header", {})
        body = {
            "iss": "ci",
            "aud": "api",
            "sub": "ann",
            "exp": int(time.time()) + 300,
        } | claims
        text = ".".join(encode(json.dumps(part).encode()) for part in (header, body))
        return f"{text}.{encode(self.sign(text.encode()))}"

    @property
    def jwk(self) -> dict:
        der = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        common = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "EdDSA":
            return common | {"kty": "OKP", "crv": "Ed25519", "x": encode(der[-32:])}
        half = HALVES.get(self.algorithm)
        if half:
            curve = {32: "P-256", 48: "P-384", 66: "P-521"}[half]
            x, y = der[-2 * half : -half], der[-half:]
            return common | {"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)}
        text = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode()
        modulus = bytes.fromhex(text.strip().removeprefix("Modulus="))
        return common | {"kty": "RSA", "n": encode(modulus), "e": "AQAB"}


def key_set(*issuers: Issuer) -> str:
    return json.dumps({"keys": [issuer.jwk for issuer in issuers]})


def fixed(der: bytes, half: int) -> bytes:
    """The two numbers of a DER signature, each as long as the curve's field."""
    position = 2 if der[1] < 128 else 3
    parts = b""
    for _ in range(2):
        size = der[position + 1]
        number = der[position + 2 : position + 2 + size].lstrip(b"\0")
        parts += number.rjust(half, b"\0")
        position += 2 + size
    return parts
