import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.tokens.base64url import decode, encode, respelt
from harness.tokens.signer import Signer, high_s

PAIRS = ("ES256", "RS256", "PS256", "EdDSA")


@pytest.mark.parametrize("algorithm", PAIRS)
def test_another_library_verifies_what_we_sign_by_the_jwk_that_we_publish(algorithm: str) -> None:
    signer = Signer.generate(algorithm, "a-1")
    key = jwt.PyJWK(signer.jwk())
    assert key.Algorithm.verify(b"message", key.key, signer.sign(b"message"))
    assert not key.Algorithm.verify(b"other", key.key, signer.sign(b"message"))


def test_the_twin_of_an_ecdsa_signature_verifies_too() -> None:
    signer = Signer.generate("ES256", "a-1")
    key = jwt.PyJWK(signer.jwk())
    signature = signer.sign(b"message")
    assert high_s(signature) != signature
    assert key.Algorithm.verify(b"message", key.key, high_s(signature))


def test_the_repr_shows_the_key_id_only() -> None:
    assert repr(Signer.generate("HS256", "a-1")) == "Signer(kid='a-1', algorithm='HS256')"


@given(st.binary(min_size=1).filter(lambda data: len(data) % 3))
def test_respelling_changes_the_text_and_not_the_bytes(data: bytes) -> None:
    text = encode(data)
    assert respelt(text) != text
    assert decode(respelt(text)) == decode(text) == data
