"""An authority of client certificates that can take them back: the openssl command's own, with its
index and its revocation lists.
"""

import pathlib
import ssl

from .certificates import KEYS, openssl

CONFIG = """
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 20
default_crl_days = 10
policy = anything
unique_subject = no
copy_extensions = none
[anything]
commonName = supplied
organizationName = optional
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""


class ClientAuthority:
    """Certificates for clients, in a folder."""

    def __init__(self, folder: pathlib.Path, name: str = "Devices", issuer=None):
        self.folder = folder
        self.issuer = issuer
        folder.mkdir(parents=True)
        (folder / "ca.conf").write_text(CONFIG)
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("1000\n")
        request = ["req", *KEYS["ec"], "-nodes", "-keyout", "ca.key", "-subj", f"/CN={name}"]
        if issuer is None:
            self._run(
                *request, "-x509", "-out", "ca.pem", "-days", "30",
                "-config", "ca.conf", "-extensions", "authority",
            )  # fmt: skip
        else:
            self._run(*request, "-out", "ca.csr")
            issuer.sign(folder / "ca.csr", folder / "ca.pem", "authority")
        self.certificate = folder / "ca.pem"

    def _run(self, *arguments: str) -> None:
        openssl(*arguments, folder=self.folder)

    def sign(
        self, request: pathlib.Path, out: pathlib.Path, section: str, file=None, *more: str
    ) -> None:
        self._run(
            "ca", "-batch", "-notext", "-config", "ca.conf", "-in", str(request), "-out", str(out),
            "-extensions", section, *(["-extfile", str(file)] if file else []), *more,
        )  # fmt: skip

    def client(
        self, file: str, san: str = "", use: str = "clientAuth", subject: str = "", *more: str
    ) -> tuple[pathlib.Path, pathlib.Path]:
        """A certificate and its key; one of an intermediate authority comes with its issuer's."""
        self._run(
            "req", *KEYS["ec"], "-nodes", "-keyout", f"{file}.key", "-out", f"{file}.csr",
            "-subj", subject or f"/CN={file}",
        )  # fmt: skip
        names = f"subjectAltName={san}\n" if san else ""
        extensions = self.folder / f"{file}.ext"
        extensions.write_text(
            f"[leaf]\nbasicConstraints=CA:FALSE\nextendedKeyUsage={use}\n{names}"
        )
        made = self.folder / f"{file}.pem"
        self.sign(self.folder / f"{file}.csr", made, "leaf", extensions, *more)
        if self.issuer is not None:
            made.write_text(made.read_text() + self.certificate.read_text())
        return made, self.folder / f"{file}.key"

    def revoke(self, file: str) -> None:
        self._run("ca", "-config", "ca.conf", "-revoke", f"{file}.pem")

    def revocations(self, to: pathlib.Path, *more: str) -> pathlib.Path:
        """The list of what was revoked so far."""
        self._run("ca", "-config", "ca.conf", "-gencrl", "-out", "fresh.crl", *more)
        fresh = self.folder / "fresh.crl"
        # A list is replaced as a whole, never half of it.
        beside = to.with_suffix(".new")
        beside.write_bytes(fresh.read_bytes())
        beside.rename(to)
        return to


def context(authority, pair=None, version: str | None = None, alpn: tuple[str, ...] = ()):
    """What a client needs that trusts the server's authority and shows a certificate."""
    made: ssl.SSLContext = authority.client_context(alpn=alpn, version=version)
    if pair is not None:
        made.load_cert_chain(*pair)
    return made
