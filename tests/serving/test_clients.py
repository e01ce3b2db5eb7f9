from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm

from harness.errors import UsageError
from harness.serving.clients import public_keys, served_clients
from tests.endpoint.certificates import Authority, private_pem

EC_KEY = ec.generate_private_key(ec.SECP256R1())


def test_a_client_without_a_secret_gets_one_of_its_own() -> None:
    first, second = served_clients(["a", "b"], [])
    assert first.credential.secret == first.shown
    assert len({first.credential.secret, second.credential.secret}) == 2
    assert [client.client_id for client in served_clients([], [])] == ["storm"]


def test_a_secret_comes_from_the_environment_or_a_file_and_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2")
    (tmp_path / "b c").write_text("hunter3\n")
    by_env, by_file = served_clients(["a={{env A_SECRET}}", f"b={{{{file {tmp_path / 'b c'}}}}}"], [])
    assert (by_env.credential.secret, by_env.shown) == ("hunter2", "${A_SECRET}")
    assert (by_file.credential.secret, by_file.shown) == ("hunter3", f"$(cat '{tmp_path / 'b c'}')")
    assert "hunter" not in repr((by_env, by_file))


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["a=hunter2"], "every process can read a secret there; give a={{env NAME}}"),
        (["a=x{{env HOME}}"], "every process can read a secret there"),
        (["a={{env NO_SUCH_VARIABLE}}"], "NO_SUCH_VARIABLE is not set"),
        (["={{env HOME}}"], "has no id"),
        (["a", "a"], "given twice"),
    ],
)
def test_a_client_that_cannot_be_is_refused_with_the_way_out(named: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        served_clients(named, [])
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "key",
    [EC_KEY, rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()],
    ids=["ec", "rsa", "ed"],
)
def test_a_public_key_is_read_as_pem(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "public.pem").write_bytes(key.public_key().public_bytes(*form))
    (found,) = public_keys(tmp_path / "public.pem")
    assert found["kty"] in {"EC", "RSA", "OKP"}


def test_certificates_and_key_sets_are_read_without_their_private_parts(tmp_path: Path) -> None:
    (certified,) = public_keys(Authority(tmp_path).sign("batch", "localhost").certificate)
    (tmp_path / "keys.json").write_text(f'{{"keys": [{ECAlgorithm.to_jwk(EC_KEY)}]}}')
    (key,) = public_keys(tmp_path / "keys.json")
    assert set(certified) == set(key) == {"kty", "crv", "x", "y"}


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"{}", b'{"kty":"oct","k":"AAAA"}', private_pem(EC_KEY), b"\xff\xfe\x00"]
)
def test_what_is_no_public_key_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "key").write_bytes(data)
    with pytest.raises(UsageError, match="holds no public key; give its public key: openssl"):
        served_clients([], [f"batch={tmp_path / 'key'}"])
    with pytest.raises(UsageError, match="is not ID=FILE"):
        served_clients([], ["batch"])
