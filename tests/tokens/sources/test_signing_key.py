import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from harness import clock
from harness.errors import UsageError
from harness.tokens.sources.signing_key import SigningKey
from tests.tokens.sources.fake_issuer import SECRET, refusal
from tests.tokens.sources.key_files import KEYS, jwk, pem, public_pem


def claims_of(text: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(text, options={"verify_signature": False})
    return found


def test_a_newline_at_the_end_of_a_secrets_file_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x" * 32 + b"\n")
    assert jwt.decode(SigningKey(tmp_path / "secret", "HS256").open().fetch(), b"x" * 32, ["HS256"])


def test_a_client_with_a_key_mints_tokens_that_are_good_now(tmp_path: Path) -> None:
    settings = SigningKey(pem(tmp_path), key_id="k7", lifetime_s=60, claims={"aud": "ledger"})
    before_s = int(clock.wall())
    text = settings.open().fetch()
    claims = jwt.decode(text, KEYS["ES256"].public_key(), ["ES256"], audience="ledger")
    assert jwt.get_unverified_header(text) == {"alg": "ES256", "kid": "k7", "typ": "JWT"}
    assert before_s <= claims["iat"] <= clock.wall()
    assert claims["exp"] == claims["iat"] + 60


@pytest.mark.parametrize("algorithm", list(KEYS))
def test_the_algorithm_is_the_keys_own(tmp_path: Path, algorithm: str) -> None:
    text = SigningKey(pem(tmp_path, algorithm)).open().fetch()
    assert jwt.get_unverified_header(text)["alg"] == algorithm
    assert jwt.decode(text, KEYS[algorithm].public_key(), [algorithm])["exp"]


@pytest.mark.parametrize("as_set", [False, True])
def test_a_jwk_brings_its_own_id(tmp_path: Path, as_set: bool) -> None:
    path = jwk(tmp_path, kid="j1", alg="ES256")
    if as_set:
        path.write_text(json.dumps({"keys": [json.loads(path.read_text())]}))
    text = SigningKey(path).open().fetch()
    assert jwt.get_unverified_header(text)["kid"] == "j1"
    assert jwt.decode(text, KEYS["ES256"].public_key(), ["ES256"])


def test_a_shared_secret_mints_too(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x" * 32)
    assert jwt.decode(SigningKey(tmp_path / "secret", "HS256").open().fetch(), b"x" * 32, ["HS256"])


def test_templates_are_filled_per_user_and_per_fetch(tmp_path: Path) -> None:
    template = {"sub": "user-{user}", "jti": "{uuid}", "n": "{sequence}", "braces": "{{x}}", "roles": ["r-{user}"]}
    source = SigningKey(pem(tmp_path), claims={**template, "level": 3}).open()
    one, two = source.for_user("0-1"), source.for_user("0-2")
    first, again, other = (claims_of(user.fetch()) for user in (one, one, two))
    assert (first["sub"], again["sub"], other["sub"]) == ("user-0-1", "user-0-1", "user-0-2")
    assert (first["n"], again["n"], other["n"]) == ("1", "2", "3")
    assert len({first["jti"], again["jti"], other["jti"]}) == 3
    assert (first["braces"], first["roles"], first["level"]) == ("{x}", ["r-0-1"], 3)


def test_the_minting_clock_can_be_skewed_and_times_overruled(tmp_path: Path) -> None:
    path = pem(tmp_path)
    skewed = SigningKey(path, skew_s=-3600, not_before_s=-30).open().fetch()
    claims = claims_of(skewed)
    assert -3605 < claims["iat"] - clock.wall() <= -3600
    assert claims["nbf"] == claims["iat"] - 30
    overruled = SigningKey(path, claims={"exp": 7, "iat": None}).open().fetch()
    assert claims_of(overruled) == {"exp": 7}


def test_claims_that_are_no_json_are_a_bad_client(tmp_path: Path) -> None:
    error = refusal(SigningKey(pem(tmp_path), claims={"x": object()}).open().fetch)
    assert (error.cause, "are all JSON?" in str(error)) == ("BAD_CLIENT", True)


def wrong(folder: Path, case: str) -> SigningKey:
    garbage, broken = folder / "garbage", folder / "broken"
    garbage.write_text(SECRET)
    broken.write_text("{" + SECRET)
    return {
        "misfit": lambda: SigningKey(pem(folder), "RS256"),
        "unknown": lambda: SigningKey(pem(folder), "no-such"),
        "jwk misfit": lambda: SigningKey(jwk(folder), "RS256"),
        "missing": lambda: SigningKey(folder / "nowhere.pem"),
        "encrypted": lambda: SigningKey(pem(folder, "ES256", b"pass")),
        "public": lambda: SigningKey(public_pem(folder)),
        "public jwk": lambda: SigningKey(jwk(folder, private=False)),
        "garbage": lambda: SigningKey(garbage),
        "broken": lambda: SigningKey(broken),
        "folder": lambda: SigningKey(folder),
        "template": lambda: SigningKey(pem(folder), claims={"sub": "{name}"}),
        "brace": lambda: SigningKey(pem(folder), claims={"sub": "{"}),
        "lifetime": lambda: SigningKey(pem(folder), lifetime_s=0),
        "skew": lambda: SigningKey(pem(folder), skew_s=float("nan")),
        "claims": lambda: SigningKey(pem(folder), claims=["sub"]),  # type: ignore[arg-type]
    }[case]()


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("misfit", "does not fit algorithm RS256 (.*); it fits ES256"),
        ("unknown", "does not fit algorithm no-such"),
        ("jwk misfit", "is a JWK that cannot be used with RS256|does not fit algorithm RS256"),
        ("missing", "does not exist; give the path"),
        ("encrypted", "is encrypted; give it decrypted"),
        ("public", "holds a public key or certificate, which cannot sign"),
        ("public jwk", "is a public JWK, which cannot sign"),
        ("garbage", "neither a PEM private key nor a JWK"),
        ("broken", "begins like a JWK and is no JSON"),
        ("folder", "cannot be read"),
        ("template", r"\{name\} is unknown; give one of \{user\}"),
        ("brace", "is no template"),
        ("lifetime", "lifetime_s=0 must be above 0"),
        ("skew", "skew_s=nan must be a finite number"),
        ("claims", "claims=list must be a mapping"),
    ],
)
def test_a_key_or_template_that_cannot_work_is_named_before_the_run(tmp_path: Path, case: str, sentence: str) -> None:
    settings = wrong(tmp_path, case)
    with pytest.raises(UsageError, match=sentence) as caught:
        settings.open()
    assert SECRET not in str(caught.value)
    assert len(settings.mistakes()) == 1
