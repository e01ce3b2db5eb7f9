import ssl
from pathlib import Path

import pytest
from cryptography import x509

from harness.errors import UsageError
from harness.lab.listener import https
from harness.lab.place import LabCertificates, LabPlace


def test_the_certificate_bears_every_name_of_this_machine_and_the_one_given(tmp_path: Path) -> None:
    names = LabPlace("::1").names
    made = LabCertificates.make(tmp_path, (*names, "lab.test"))
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.DNSName) == ["localhost", "lab.test"]
    assert [str(one) for one in found.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_the_servers_key_is_this_users_alone_and_the_authoritys_is_nowhere(tmp_path: Path) -> None:
    made = LabCertificates.make(tmp_path, ["localhost"])
    assert made.key.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if b"PRIVATE" in path.read_bytes()] == ["server.key"]


def test_a_client_that_trusts_the_authority_and_no_other_takes_the_certificate(tmp_path: Path) -> None:
    made = LabCertificates.make(tmp_path / "a", ["localhost"])
    other = LabCertificates.make(tmp_path / "b", ["localhost"])
    assert handshake(made, made.ca) == "http/1.1"
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(made, other.ca)


def test_an_address_of_no_host_is_reached_by_this_machines_name() -> None:
    anywhere = LabPlace("::")
    assert (anywhere.address, anywhere.near) == ("::", "127.0.0.1")
    assert anywhere.name not in {"::", "[::]", ""}
    assert (LabPlace("::1").name, LabPlace("[::1]").address) == ("[::1]", "::1")


def test_a_host_that_is_none_is_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"has no address here .*give one of this machine's"):
        _ = LabPlace("no-such-host.invalid").address


def handshake(made: LabCertificates, trusted: Path) -> str | None:
    """Shake hands in memory; return what ALPN agreed on where a client offers HTTP/2, too."""
    client_context = ssl.create_default_context(cafile=str(trusted))
    client_context.set_alpn_protocols(["h2", "http/1.1"])
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname="localhost")
    server = https(str(made.certificate), str(made.key)).wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client.selected_alpn_protocol()
