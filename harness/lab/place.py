"""Where the lab's parts listen, by which name clients reach them, and the certificates for that."""

import datetime as dt
import ipaddress
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness import clock
from harness.endpoint.address import bracketed, free_port
from harness.errors import UsageError

LOOPBACK = "127.0.0.1"
_ALWAYS = ("localhost", LOOPBACK, "::1")
_LIFE = dt.timedelta(days=30)
"""Longer than any session; some clients refuse certificates of more than 398 days."""
_BACK = dt.timedelta(hours=1)
"""Certificates begin in the past, for clients whose clock is behind."""


@dataclass(frozen=True)
class LabPlace:
    """Where target and issuer listen: loopback, on free ports and in plaintext, unless told otherwise.

    ``host`` is the name or address by which clients reach them, and where they listen; an address of no host in
    particular (0.0.0.0, ::) listens everywhere and is reached by this machine's name. Raises `UsageError` where this
    machine has no such address.
    """

    host: str = LOOPBACK
    target_port: int = 0
    issuer_port: int = 0
    tls: bool = False

    def __post_init__(self) -> None:
        for name in ("target_port", "issuer_port"):
            if not 0 <= getattr(self, name) < 65536:
                raise UsageError(f"{name}={getattr(self, name)} is no port; give 1 to 65535, or 0 for a free one")
        if self.target_port and self.target_port == self.issuer_port:
            raise UsageError(f"target and issuer cannot both have port {self.target_port}; give two ports")

    def with_ports(self) -> Self:
        """Return the place with a port that is free now where none is given, for what must be known beforehand."""
        return replace(
            self,
            target_port=self.target_port or free_port(self.address),
            issuer_port=self.issuer_port or free_port(self.address),
        )

    @property
    def address(self) -> str:
        """Return the address to listen at."""
        try:
            found = socket.getaddrinfo(self.host.strip("[]"), None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UsageError(
                f"host {self.host!r} has no address here ({error.strerror}); give one of this machine's"
            ) from error
        return str(min(found, key=lambda one: one[0] != socket.AF_INET)[4][0])

    @property
    def name(self) -> str:
        """Return what clients write for the host, an IPv6 address in brackets."""
        return bracketed(socket.gethostname() if self._is_anywhere else self.host.strip("[]"))

    @property
    def near(self) -> str:
        """Return what parts of the lab write for the host: one that needs no resolver to know this machine."""
        return LOOPBACK if self._is_anywhere else self.name

    @property
    def scheme(self) -> str:
        """Return the scheme of the issuer's URLs."""
        return "https" if self.tls else "http"

    @property
    def names(self) -> tuple[str, ...]:
        """Return all names that a certificate must bear."""
        return tuple(dict.fromkeys((*_ALWAYS, self.host.strip("[]"), self.name.strip("[]"))))

    @property
    def _is_anywhere(self) -> bool:
        return ipaddress.ip_address(self.address).is_unspecified


@dataclass(frozen=True)
class LabCertificates:
    """Files in PEM: the authority's certificate, and a server's with its key."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path, names: Iterable[str]) -> "LabCertificates":
        """Make an authority for this session and one certificate for these names; its own key is written nowhere."""
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        authority = _authority(authority_key)
        certificate = _certificate(key, authority, authority_key, names)
        made.ca.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        with os.fdopen(os.open(made.key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
        return made

    def to_json(self) -> dict[str, str]:
        """Return the paths of the server's own files, as the lab's children are told them."""
        return {"certificate": str(self.certificate), "key": str(self.key), "ca": str(self.ca)}


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name(f"jwtstorm lab {x509.random_serial_number():x}"[:28])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = _builder(name, name, key)
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    names: Iterable[str],
) -> x509.Certificate:
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _builder(_name("jwtstorm lab"), authority.subject, key)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(signer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = clock.utc_now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACK)
        .not_valid_after(now + _LIFE)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
