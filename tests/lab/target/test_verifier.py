import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import ManualClock
from harness.lab.issuer.keys import IssuerKey
from harness.lab.target.key_set import KeySet
from harness.lab.target.verifier import MAX_TOKEN_CHARS, VerifierSettings, verify
from harness.results.row import Cause
from tests.lab.target.craft import AUDIENCE, ISSUER, NOW_S, SETTINGS, claims, key, keys, segment, token


def cause(
    text: str, settings: VerifierSettings = SETTINGS, now_s: float = NOW_S, trusted: KeySet | None = None
) -> Cause:
    return verify(text, trusted or keys(), settings, now_s).cause


def raw_claims(member: str) -> bytes:
    """Return good claims with one member written by hand, in place of the good one of its name."""
    name = member.partition(":")[0].strip('"')
    rest = json.dumps(claims(**{name: ...}))
    return f"{rest[:-1]}, {member}}}".encode()


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
def test_a_good_token_of_each_algorithm_is_accepted(algorithm: str) -> None:
    assert cause(token(signer=key(algorithm)), trusted=keys(algorithm)) is Cause.OK


def test_a_token_under_the_shared_secret_is_accepted() -> None:
    secret = "s" * 48
    shared = IssuerKey.shared("hs", secret)
    assert cause(shared.sign(claims()), trusted=KeySet.shared("hs", secret)) is Cause.OK


@pytest.mark.parametrize(
    ("changes", "header"),
    [
        ({"aud": ["other", AUDIENCE]}, {}),
        ({}, {"typ": ...}),
        ({}, {"typ": "JWT"}),
        ({"exp": NOW_S + 0.5}, {}),
        ({"exp": 2**31}, {}),
        ({"jti": ...}, {}),
        ({"pad": "x" * 7000}, {}),
    ],
)
def test_what_the_standards_allow_is_accepted(changes: dict[str, Any], header: dict[str, Any]) -> None:
    assert cause(token(claims(**changes), header)) is Cause.OK


NO_DATES = [
    "null",
    "true",
    "[]",
    "{}",
    '""',
    '"never"',
    '"1900000000"',
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
]
FAR_DATES = ["1e308", "9223372036854775808", "1900000000000", "9" * 5000]

MALFORMED_CLAIMS = [
    *(f'"exp": {value}' for value in NO_DATES + FAR_DATES),
    '"exp": 1, "exp": 1900000000',
    '"exp": 1900000000, "exp": 1',
    '"nbf": "x"',
    '"nbf": 1e400',
    '"iat": "x"',
    '"iat": 1e400',
    '"sub": 1',
    '"sub": ""',
    '"jti": 7',
]


@pytest.mark.parametrize("member", MALFORMED_CLAIMS, ids=lambda member: member[:30])
def test_a_claim_of_a_wrong_type_or_written_twice_is_malformed(member: str) -> None:
    assert cause(token(raw_claims(member))) is Cause.MALFORMED


@pytest.mark.parametrize(
    "payload",
    [b"[]", b'"x"', b"null", b"", b"text", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"[" * 3000, b'{"a":' * 3000],
    ids=lambda payload: repr(payload[:8]),
)
def test_a_payload_that_is_no_object_is_malformed(payload: bytes) -> None:
    assert cause(token(payload)) is Cause.MALFORMED


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"alg": "none"}, Cause.WRONG_ALGORITHM),
        ({"alg": "nOnE"}, Cause.WRONG_ALGORITHM),
        ({"alg": ""}, Cause.WRONG_ALGORITHM),
        ({"alg": "es256"}, Cause.WRONG_ALGORITHM),
        ({"alg": "ES256 "}, Cause.WRONG_ALGORITHM),
        ({"alg": "HS256"}, Cause.WRONG_ALGORITHM),
        ({"alg": "RS256"}, Cause.WRONG_ALGORITHM),
        ({"alg": "PS256"}, Cause.WRONG_ALGORITHM),
        ({"alg": ...}, Cause.MALFORMED),
        ({"alg": None}, Cause.MALFORMED),
        ({"alg": 256}, Cause.MALFORMED),
        ({"alg": ["ES256"]}, Cause.MALFORMED),
        ({"kid": ...}, Cause.UNKNOWN_KEY),
        ({"kid": "../../dev/null"}, Cause.UNKNOWN_KEY),
        ({"kid": "\x00"}, Cause.UNKNOWN_KEY),
        ({"kid": "k" * 5000}, Cause.UNKNOWN_KEY),
        ({"kid": 1}, Cause.MALFORMED),
        ({"kid": ["x"]}, Cause.MALFORMED),
        *(({"crit": crit}, Cause.MALFORMED) for crit in (["x-evil"], [], ["exp"], "exp", ["absent"], None)),
        ({"b64": False, "crit": ["b64"]}, Cause.MALFORMED),
        ({"b64": False}, Cause.MALFORMED),
        ({"zip": "DEF"}, Cause.MALFORMED),
        ({"cty": "JWT"}, Cause.MALFORMED),
        ({"typ": "logout+jwt"}, Cause.MALFORMED),
        ({"typ": "dpop+jwt"}, Cause.MALFORMED),
        ({"typ": 7}, Cause.MALFORMED),
    ],
    ids=str,
)
def test_a_header_trick_is_rejected(header: dict[str, Any], expected: Cause) -> None:
    assert cause(token(header=header)) is expected


@pytest.mark.parametrize(
    "header", [b"[]", b"x", b"\xff", b'{"alg":"none","alg":"ES256"}', b'{"alg":"ES256","alg":"none"}', b"null"]
)
def test_a_header_that_is_no_plain_object_is_malformed(header: bytes) -> None:
    assert cause(token(header=header)) is Cause.MALFORMED


def test_an_embedded_key_is_not_used() -> None:
    stranger = key(serial=99)
    header = {"jwk": stranger.public_jwk(), "jku": "http://127.0.0.1:9/jwks", "kid": key().kid}
    assert cause(token(header=header, signer=stranger)) is Cause.BAD_SIGNATURE


def test_a_secret_made_of_the_public_key_is_not_used() -> None:
    pem = key("RS256").private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged = IssuerKey(key("RS256").kid, "HS256", pem.replace(b"-----", b""))
    assert cause(token(signer=forged), trusted=keys("RS256")) is Cause.WRONG_ALGORITHM


@pytest.mark.parametrize(
    "signature",
    [b"", b"\x00" * 64, b"\x00" * 63 + b"\x01", b"\x30\x06\x02\x01\x01\x02\x01\x01", b"x" * 10, b"x" * 640],
    ids=lambda signature: str(len(signature)),
)
def test_a_made_up_signature_is_bad(signature: bytes) -> None:
    message = token().rpartition(".")[0]
    assert cause(f"{message}.{segment(signature)}") is Cause.BAD_SIGNATURE


def test_another_payload_under_the_signature_is_bad() -> None:
    header, _, signature = token().split(".")
    assert cause(f"{header}.{segment(json.dumps(claims(sub='root')).encode())}.{signature}") is Cause.BAD_SIGNATURE


def test_spare_bits_in_the_last_character_are_malformed() -> None:
    good = token(signer=key("EdDSA"))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = good[:-1] + alphabet[alphabet.index(good[-1]) + 1]
    tails = [base64.urlsafe_b64decode(text.split(".")[2] + "==") for text in (good, other)]
    assert tails[0] == tails[1]
    assert cause(good, trusted=keys("EdDSA")) is Cause.OK
    assert cause(other, trusted=keys("EdDSA")) is Cause.MALFORMED


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "=",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace(".", ". ", 1),
        lambda text: text + ".x",
        lambda text: text.rpartition(".")[0],
        lambda text: f'"{text}"',
        lambda text: f"{text},Bearer {text}",
        lambda text: text.replace("e", "é", 1),
        lambda _: "",
        lambda _: "null",
        lambda _: "." * 8000,
        lambda _: "{}",
        lambda text: text + "A" * MAX_TOKEN_CHARS,
    ],
)
def test_another_spelling_of_a_token_is_malformed(change: Any) -> None:
    assert cause(change(token())) is Cause.MALFORMED


OTHER_AUDIENCES: list[Any] = ["x", "ledger2", "Ledger", None, [], 1, {}, [AUDIENCE, 1]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        *(({name: ...}, Cause.MISSING_CLAIM) for name in ("iss", "sub", "aud", "exp", "iat")),
        ({"exp": ..., "EXP": NOW_S + 60}, Cause.MISSING_CLAIM),
        *(({"iss": iss}, Cause.WRONG_ISSUER) for iss in ("x", ISSUER + "/", [ISSUER], None, "__proto__", ISSUER[:-1])),
        *(({"aud": aud}, Cause.WRONG_AUDIENCE) for aud in OTHER_AUDIENCES),
        ({"exp": 0}, Cause.EXPIRED),
        ({"exp": -1}, Cause.EXPIRED),
        ({"exp": NOW_S - 3600}, Cause.EXPIRED),
        ({"nbf": NOW_S + 3600}, Cause.NOT_YET_VALID),
        ({"iat": NOW_S + 3600}, Cause.NOT_YET_VALID),
    ],
    ids=str,
)
def test_a_claim_that_does_not_hold_is_named(changes: dict[str, Any], expected: Cause) -> None:
    assert cause(token(claims(**changes))) is expected


def test_a_token_is_good_up_to_exp_and_no_longer() -> None:
    clock = ManualClock(NOW_S)
    good = token(claims(exp=NOW_S + 2))
    verdicts = []
    for _ in range(5):
        verdicts.append(cause(good, now_s=clock()))
        clock.advance(0.5)
    assert verdicts == [Cause.OK] * 4 + [Cause.EXPIRED]


def test_leeway_moves_both_edges() -> None:
    settings = replace(SETTINGS, leeway_s=5)
    assert cause(token(claims(exp=NOW_S)), settings, NOW_S + 4.9) is Cause.OK
    assert cause(token(claims(exp=NOW_S)), settings, NOW_S + 5) is Cause.EXPIRED
    assert cause(token(claims(nbf=NOW_S)), settings, NOW_S - 5) is Cause.OK
    assert cause(token(claims(nbf=NOW_S)), settings, NOW_S - 5.1) is Cause.NOT_YET_VALID


def test_a_kept_signature_does_not_keep_the_token_alive() -> None:
    good = token()
    assert cause(good) is Cause.OK
    assert cause(good, now_s=NOW_S + 61) is Cause.EXPIRED
    assert cause(good, replace(SETTINGS, revoked_through=3)) is Cause.REVOKED
    assert cause(good, trusted=keys("RS256")) is Cause.UNKNOWN_KEY


def test_generations_up_to_the_mark_are_turned_away() -> None:
    expired, revoked = replace(SETTINGS, expired_through=3), replace(SETTINGS, revoked_through=3)
    for settings, expected in ((expired, Cause.EXPIRED), (revoked, Cause.REVOKED)):
        assert [cause(token(claims(jti=f"{n}-1")), settings) for n in (1, 3, 4)] == [expected, expected, Cause.OK]
        assert cause(token(claims(jti="foreign")), settings) is Cause.OK


def test_an_unknown_key_is_named_for_the_cache() -> None:
    verdict = verify(token(header={"kid": "new"}), keys(), SETTINGS, NOW_S)
    assert (verdict.cause, verdict.kid) == (Cause.UNKNOWN_KEY, "new")


def test_no_repr_shows_claims() -> None:
    assert "storm" not in repr(verify(token(), keys(), SETTINGS, NOW_S))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(st.text() | st.text(alphabet="ab.-_= ", max_size=60))
def test_garbage_gets_a_verdict(text: str) -> None:
    assert cause(text) is Cause.MALFORMED


@given(st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]), json_values)
def test_any_claim_of_any_type_gets_a_verdict(name: str, value: Any) -> None:
    assert isinstance(cause(token(json.dumps(claims() | {name: value}).encode())), Cause)


@given(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "x5c"]), json_values)
def test_any_header_of_any_type_gets_a_verdict(name: str, value: Any) -> None:
    assert isinstance(cause(token(header={name: value})), Cause)


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80))
def test_any_bytes_in_the_segments_get_a_verdict(header: bytes, payload: bytes, signature: bytes) -> None:
    assert cause(f"{segment(header)}.{segment(payload)}.{segment(signature)}") is not Cause.OK


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
def test_one_changed_byte_is_never_accepted(place: int, byte: int) -> None:
    good = token().encode()
    place %= len(good)
    changed = (good[:place] + bytes([byte]) + good[place + 1 :]).decode("latin-1")
    assert changed.encode("latin-1") == good or cause(changed) is not Cause.OK
