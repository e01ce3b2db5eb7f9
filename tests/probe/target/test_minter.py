import base64
import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.defects import ALGORITHMS, DEFECTS, rows
from harness.errors import UsageError
from harness.probe.target.beyond import Beyond
from harness.probe.target.minter import Minter, read_key
from harness.tokens.signer import Signer

NOW_S = 1_800_000_000.0
CLAIMS = {"iss": "https://issuer.test", "aud": ["ledger", "other"], "sub": "me", "tenant": 7}


def pem(signer: Signer) -> bytes:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return bytes(signer.key.private_bytes(*form))


def written(folder: Path, data: bytes) -> Path:
    path = folder / "key"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS - {"HS256"}))
def test_a_pem_file_signs_what_its_public_key_verifies(tmp_path: Path, algorithm: str) -> None:
    signer = Signer.generate(algorithm, "k-1")
    minter = Minter.with_key(read_key(written(tmp_path, pem(signer)), algorithm, "k-1"), CLAIMS, {"typ": "JWT"})
    token = minter.good(NOW_S).token()
    options = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(token, signer.public_bytes(pem=True), [algorithm], options, audience="ledger")  # type: ignore[arg-type]
    assert claims["tenant"] == 7
    assert claims["exp"] == NOW_S + 3600
    assert "scope" not in claims
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "kid": "k-1", "typ": "JWT"}


def test_a_jwk_names_its_algorithm_and_id(tmp_path: Path) -> None:
    secret = base64.urlsafe_b64encode(b"s" * 32).rstrip(b"=").decode()
    jwk = {"kty": "oct", "k": secret, "alg": "HS256", "kid": "shared"}
    signer = read_key(written(tmp_path, json.dumps(jwk).encode()))
    assert (signer.kid, signer.algorithm, signer.key) == ("shared", "HS256", b"s" * 32)


def test_a_secret_is_a_file_whose_last_newline_is_not_part_of_it(tmp_path: Path) -> None:
    assert read_key(written(tmp_path, b"hush\n"), "HS256").key == b"hush"


@pytest.mark.parametrize(
    ("data", "algorithm", "way_out"),
    [
        (b"hush", "", "algorithm HS256"),
        (b"", "HS256", "is empty"),
        (b"{}", "", "no JWK"),
        (b"hush", "HS1024", "give one of"),
        (pem(Signer.generate("ES256", "k-1")), "RS256", "does not fit algorithm RS256"),
    ],
)
def test_a_key_that_cannot_sign_is_said_why(tmp_path: Path, data: bytes, algorithm: str, way_out: str) -> None:
    with pytest.raises(UsageError, match=way_out) as raised:
        read_key(written(tmp_path, data), algorithm)
    assert "hush" not in str(raised.value)


def test_a_missing_key_file_and_a_public_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_key(tmp_path / "nowhere")
    public = json.dumps(Signer.generate("ES256", "k-1").jwk()).encode()
    with pytest.raises(UsageError, match="give the private key"):
        read_key(written(tmp_path, public))


def test_another_curve_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, pem(Signer("", "ES384", ec.generate_private_key(ec.SECP384R1()))))
    with pytest.raises(UsageError, match="signs with ES384, and the probe with ES256, EdDSA"):
        read_key(path)
    with pytest.raises(UsageError, match=r"does not fit algorithm ES256 .*it fits ES384"):
        read_key(path, "ES256")


def test_a_good_token_alone_makes_every_defect_that_needs_no_key() -> None:
    issued = Minter.with_key(Signer.generate("ES256", "k-1"), CLAIMS).good(NOW_S).token()
    good = Minter.with_tokens(lambda: issued).good(NOW_S)
    made, beyond = set(), set()
    for row in rows():
        try:
            made |= {row.id} if row.specimens(good) else set()
        except Beyond:
            beyond.add(row.id)
    assert {"META-01", "META-13", "SIGN-01", "SIGN-06", "SIGN-12", "SIGN-14", "HEAD-01"} <= made
    assert {"TIME-01", "CLM-01", "SIGN-16", "OK-07"} <= beyond
    assert not made & beyond
    assert good.token() == issued


def test_a_token_near_its_end_is_asked_for_again() -> None:
    issued = Minter.with_key(Signer.generate("ES256", "k-1"), CLAIMS).good(NOW_S).token()
    asked = []
    minter = Minter.with_tokens(lambda: asked.append(1) or issued)  # type: ignore[func-returns-value]
    for now_s in (NOW_S, NOW_S + 1000, NOW_S + 3590):
        minter.good(now_s)
    assert len(asked) == 2


def test_what_a_minter_shows_holds_no_secret() -> None:
    minter = Minter.with_key(Signer("k", "HS256", b"hush"), CLAIMS)
    assert "hush" not in repr(minter) + repr(minter.good(NOW_S))


def test_a_lasting_token_is_good_on_clocks_a_day_apart() -> None:
    minter = Minter.with_key(Signer.generate("ES256", "k-1"), CLAIMS)
    claims = jwt.decode(minter.lasting(NOW_S), options={"verify_signature": False})
    assert claims["iat"] <= NOW_S - 86_400
    assert claims["exp"] >= NOW_S + 86_400
    issued = minter.good(NOW_S).token()
    assert Minter.with_tokens(lambda: issued).lasting(NOW_S) == issued


@pytest.mark.parametrize(("algorithm", "like"), [("RS512", "RS256"), ("HS384", "HS256"), ("ES384", "EdDSA")])
def test_a_token_of_another_algorithm_still_makes_what_needs_no_key(algorithm: str, like: str) -> None:
    issued = Minter.with_key(Signer.generate("ES256", "k-1"), CLAIMS).good(NOW_S).headed(alg=algorithm)
    good = Minter.with_tokens(lambda: issued).good(NOW_S)
    assert good.signer.algorithm == like
    assert good.header()["alg"] == algorithm
    assert DEFECTS["SIGN-01"].specimens(good)
    assert DEFECTS["SIGN-12"].specimens(good)
