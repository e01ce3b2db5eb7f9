"""Every file of the corpus is read, or named for what it is; a file without a line in the tables fails."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from harness.errors import UsageError
from harness.tokens.sources import key_file

CORPUS = Path(__file__).parents[2] / "data" / "keys"
WITH_AN_ID = frozenset(
    {
        *("jwk", "jwk-alg", "jwks-one", "jwks-with-public", "jwk-list", "rsa-jwk", "ed25519-jwk"),
        *("google-service-account", "zitadel-key", "nested-key"),
    }
)
"""Files that say what their key is called: k1."""

NAMED = {
    "no-encrypted-pkcs8": "is encrypted; give it decrypted",
    "no-encrypted-legacy": "is encrypted; give it decrypted",
    "no-encrypted-openssh": "is encrypted; give it decrypted",
    "no-encrypted-der": "is encrypted; give it decrypted",
    "no-pkcs12": "is a PKCS 12 store with a password",
    "no-pkcs12-certificate": "is a PKCS 12 store without a private key",
    "no-jks": "is a Java key store; convert it",
    "no-public": "holds a public key or certificate",
    "no-public-der": "holds a public key or certificate",
    "no-certificate": "holds a public key or certificate",
    "no-certificate-der": "holds a public key or certificate",
    "no-request": "holds a request for a certificate",
    "no-ssh-public": "is an SSH public key",
    "no-parameters": "holds parameters alone",
    "no-two-keys": "holds 2 private keys; keep the one that signs",
    "no-cut-short": "is cut short: its END line is missing",
    "no-damaged": "cannot be read",
    "no-x25519": "is a X25519 key, which signs no JWT",
    "no-pgp": "is a PGP key",
    "no-putty": "is a PuTTY key; export it",
    "no-jwk-public": "is a public JWK",
    "no-jwks-public": "is a set of 2 keys, none private",
    "no-jwks-two": "is a set of 2 private keys; name the one that signs",
    "no-jwk-for-encryption": "is a JWK for encryption",
    "no-jwk-broken": "is a JWK that cannot be used",
    "no-jwk-encrypted": "is encrypted; give it decrypted",
    "no-user-login": "is a user's login, with a refresh token and no key",
    "no-external-account": "says how a workload logs in elsewhere",
    "no-token-json": "holds a token and no key",
    "no-json-members": "is JSON without a kty",
    "no-json": "begins like a JWK and is no JSON",
    "no-json-deep": "nested too deeply",
    "no-token": "is a token and no key; give it as --token-file",
    "no-html": "is a page of HTML",
    "no-empty": "is empty; write the key into it",
    "no-words": "is neither a PEM private key nor a JWK",
    "no-binary": "is neither a PEM private key nor a JWK, nor any text",
}
READ = sorted(path.name for path in CORPUS.iterdir() if not path.name.startswith("no-"))


def public_of(key: Any) -> object:
    return key.public_key().public_numbers() if hasattr(key, "private_numbers") else key.public_key().public_bytes_raw()


def master(name: str) -> Any:
    """Return the key that a file should hold: one of the three that the corpus is made of."""
    plain = {"rsa": "rsa-pkcs8", "ed25519": "ed25519-pkcs8"}.get(name.partition("-")[0], "pem-pkcs8")
    return load_pem_private_key((CORPUS / plain).read_bytes(), None)


def test_the_tables_have_every_file_of_the_corpus() -> None:
    assert {path.name for path in CORPUS.iterdir() if path.name.startswith("no-")} == set(NAMED)
    assert set(READ) >= WITH_AN_ID
    assert len(READ) > 30


@pytest.mark.parametrize("name", READ)
def test_a_private_key_is_found_in_whatever_form_it_was_saved(name: str) -> None:
    key = key_file.read(CORPUS / name)
    assert public_of(key.secret) == public_of(master(name))
    assert key.key_id == ("k1" if name in WITH_AN_ID else "")
    assert key.algorithm == {"rsa": "RS256", "ed25519": "EdDSA"}.get(name.partition("-")[0], "ES256")


@pytest.mark.parametrize(("name", "said"), NAMED.items())
def test_what_cannot_sign_is_named_with_a_way_out(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        key_file.read(CORPUS / name)
    text = str(caught.value)
    assert said in text
    assert ";" in text
    assert "MII" not in text
    assert "MHc" not in text


@pytest.mark.parametrize("key_id", ["k1", "k2"])
def test_an_id_chooses_among_several_keys(key_id: str) -> None:
    assert key_file.read(CORPUS / "no-jwks-two", key_id=key_id).key_id == key_id
    with pytest.raises(UsageError, match="2 private keys, 0 of them called so; name the one that signs"):
        key_file.read(CORPUS / "no-jwks-two", key_id="k3")


def test_a_given_id_and_algorithm_outweigh_the_files_own() -> None:
    key = key_file.read(CORPUS / "rsa-pkcs8", "PS256", "mine")
    assert (key.algorithm, key.key_id) == ("PS256", "mine")


def test_a_mark_before_a_shared_secret_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbf" + b"x" * 32 + b"\r\n")
    assert key_file.read(tmp_path / "secret", "HS256").secret == b"x" * 32
