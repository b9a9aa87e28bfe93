"""Certificates made on the spot by the openssl command: one authority, and leaves for any names."""

import pathlib
import ssl
import subprocess

KEYS = {
    "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "rsa": ["-newkey", "rsa:2048"],
}


def openssl(*arguments: str, folder: pathlib.Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        openssl(
            "req",
            "-x509",
            *KEYS["ec"],
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "30",
            "-subj",
            "/CN=Test authority",
            folder=folder,
        )
        self.certificate = folder / "ca.pem"

    def leaf(self, file: str, *names: str, kind: str = "ec") -> tuple[pathlib.Path, pathlib.Path]:
        """A certificate for DNS names and addresses, with its key: FILE.pem and FILE.key."""
        folder = self.folder
        alternatives = ",".join(
            ("IP:" if name[0].isdigit() or ":" in name else "DNS:") + name for name in names
        )
        openssl(
            "req",
            *KEYS[kind],
            "-nodes",
            "-keyout",
            f"{file}.key",
            "-out",
            f"{file}.csr",
            "-subj",
            f"/CN={file}",
            folder=folder,
        )
        (folder / f"{file}.ext").write_text(
            f"subjectAltName={alternatives}\nbasicConstraints=CA:FALSE\n"
            "extendedKeyUsage=serverAuth,clientAuth\n"
        )
        openssl(
            "x509",
            "-req",
            "-in",
            f"{file}.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "20",
            "-extfile",
            f"{file}.ext",
            "-out",
            f"{file}.pem",
            folder=folder,
        )
        return folder / f"{file}.pem", folder / f"{file}.key"

    def client_context(
        self, alpn: tuple[str, ...] = (), version: str | None = None
    ) -> ssl.SSLContext:
        """What a client needs to trust this authority; `version` fixes the TLS version."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if version:
            chosen = {
                "1.1": ssl.TLSVersion.TLSv1_1,
                "1.2": ssl.TLSVersion.TLSv1_2,
                "1.3": ssl.TLSVersion.TLSv1_3,
            }[version]
            context.minimum_version = context.maximum_version = chosen
        return context

    def server_context(self, certificate: pathlib.Path, key: pathlib.Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context
