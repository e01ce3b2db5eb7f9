"""The probe's two ways to a server, grpcio's and HTTP/2 by hand, over TLS and over a unix socket."""

import asyncio
import ipaddress
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.clock import utc_now
from harness.defects.bench import Answer
from harness.endpoint import Endpoint, Tls
from harness.probe.target.asker import Asker, Subject

pytestmark = pytest.mark.e2e

KEPT = "authorization"


class Echo(grpc.GenericRpcHandler):  # type: ignore[type-arg] # it takes none at run time
    """Answer OK where there is a token, and UNAUTHENTICATED where there is none."""

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        given = any(key == KEPT for key, _ in details.invocation_metadata)

        async def answer(_: bytes, context: Any) -> bytes:
            if not given:
                await context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


def certificate(folder: Path) -> tuple[bytes, bytes, Path]:
    """Return a server's key and certificate, and the file of its root."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "probe.test")])
    names = x509.SubjectAlternativeName([x509.DNSName("probe.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(utc_now() - timedelta(days=1)).not_valid_after(utc_now() + timedelta(days=1))
    signed = built.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "root.pem").write_bytes(pem)
    return key.private_bytes(*form), pem, folder / "root.pem"


async def both_ways(open_port: Callable[[grpc.aio.Server], str], tls: Tls | None) -> list[Answer]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Echo(),))
    address = open_port(server)
    await server.start()
    asker = Asker(Endpoint((address,), tls=tls), address, Subject("/a.B/C"))
    try:
        return [
            await asker.call(metadata, raw=raw)
            for raw in (False, True)
            for metadata in ((), asker.carrier.metadata("x.y.z"))
        ]
    finally:
        await asker.close()
        await server.stop(None)


def judged(answers: list[Answer]) -> list[tuple[str, str]]:
    return [(answer.code, answer.text) for answer in answers]


RIGHT = [("UNAUTHENTICATED", "no token"), ("OK", "")] * 2


@pytest.mark.parametrize("server_name", ["", "probe.test"])
def test_both_ways_lead_over_tls(tmp_path: Path, server_name: str) -> None:
    key, chain, root = certificate(tmp_path)

    def open_port(server: grpc.aio.Server) -> str:
        credentials = grpc.ssl_server_credentials([(key, chain)])
        return f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', credentials)}"

    assert judged(asyncio.run(both_ways(open_port, Tls(ca=root, server_name=server_name)))) == RIGHT


def test_a_root_that_does_not_fit_ends_every_call(tmp_path: Path) -> None:
    key, chain, _ = certificate(tmp_path)
    (tmp_path / "other").mkdir()
    *_, stranger = certificate(tmp_path / "other")

    def open_port(server: grpc.aio.Server) -> str:
        credentials = grpc.ssl_server_credentials([(key, chain)])
        return f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', credentials)}"

    assert {answer.code for answer in asyncio.run(both_ways(open_port, Tls(ca=stranger)))} == {"UNAVAILABLE"}


def test_both_ways_lead_over_a_unix_socket(tmp_path: Path) -> None:
    def open_port(server: grpc.aio.Server) -> str:
        address = f"unix:{tmp_path}/s"
        server.add_insecure_port(address)
        return address

    assert judged(asyncio.run(both_ways(open_port, None))) == RIGHT
