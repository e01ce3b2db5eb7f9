"""Defects of the algorithm: what the header asks for, and what a verifier lets it ask."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

import json
from collections.abc import Callable

from harness.defects import KEY_PAIRS, Made, defect
from harness.defects.good import LEFT_OUT, Good, segment
from harness.tokens.base64url import encode
from harness.tokens.signer import Signer

_SPELLINGS = {"SIGN-01": "none", "SIGN-02": "None", "SIGN-03": "NONE", "SIGN-04": "nOnE", "SIGN-05": ""}
_NAMED = "no algorithm, written “{}”"
_WEAK = (
    "secret", "password", "123456", "changeme", "admin", "jwt", "key", "test", "your-256-bit-secret", "secretkey",
    "qwerty", "letmein", "default", "private", "supersecret", "my-secret", "jwtsecret", "token", "0", "null",
)  # fmt: skip


def _none(spelling: str) -> Callable[[Good], Made]:
    def without_signature(good: Good) -> Made:
        """The header says there is no algorithm, and the signature is empty."""
        return {"": f"{good.unsigned(alg=spelling)}."}

    return without_signature


for _id, _spelling in _SPELLINGS.items():
    defect(
        _id,
        _NAMED.format(_spelling),
        source="RFC 8725, section 3.2; CVE-2015-9235",
        fails="The library takes the algorithm from the header, and an unsigned token; deny-lists forget a spelling.",
        fix="Give the verifier a list of allowed algorithms; never a list of forbidden ones.",
    )(_none(_spelling))


@defect(
    "SIGN-06",
    "no algorithm, with the old signature",
    source="RFC 8725, section 3.2",
    fails="The check for none asks whether the signature is empty, and it is not.",
    fix="Give the verifier a list of allowed algorithms.",
)
def none_with_signature(good: Good) -> Made:
    """The header of a good token is changed to `none`, and its signature kept."""
    signature = good.token().rpartition(".")[2]
    return {"": f"{good.unsigned(alg='none')}.{signature}"}


@defect(
    "SIGN-07",
    "an algorithm that is missing or no text",
    source="RFC 7515, section 4.1.1: a text that must be there",
    fails="The library falls back to a default, or raises an error outside its own family and the call ends UNKNOWN.",
    fix="Demand a text from the allowed list, and catch what the library raises.",
)
def no_name(good: Good) -> Made:
    """`alg` is missing, null, a number or a list; the signature is good."""
    ours = good.signer.algorithm
    values = {"missing": LEFT_OUT, "null": None, "number": 256, "list": [ours], "object": {"alg": ours}}
    return {name: good.headed(alg=value) for name, value in values.items()}


@defect(
    "SIGN-08",
    "an algorithm in another spelling",
    source="RFC 7515, section 4.1.1: names are case-sensitive",
    fails="One hop folds case and another does not, and a list of forbidden names misses a spelling.",
    fix="Compare names as they are.",
)
def respelt_name(good: Good) -> Made:
    """`alg` in another case, with a space behind, or unknown; the signature is good."""
    ours = good.signer.algorithm
    other_case = ours.lower() if ours != ours.lower() else ours.upper()
    names = {"other case": other_case, "space": f"{ours} ", "unknown": "XX999"}
    return {variant: good.headed(alg=name) for variant, name in names.items()}


@defect(
    "SIGN-09",
    "the public key as a secret",
    source="RFC 8725, section 2.1; CVE-2016-10555, CVE-2022-29217, CVE-2024-33663",
    fails="A verifier for RSA and HMAC alike takes the public key's text as the HMAC secret, and everybody knows it.",
    fix="Bind each key to its algorithm; never let one parameter be a secret or a public key.",
    algorithms=KEY_PAIRS,
)
def public_key_as_secret(good: Good) -> Made:
    """The header says HS256, and the secret is the issuer's public key in one of its spellings."""
    pem, der = good.signer.public_bytes(pem=True), good.signer.public_bytes(pem=False)
    jwk = json.dumps(good.signer.jwk()).encode()
    secrets = {
        "PEM": pem,
        "PEM, stripped": pem.strip(),
        "PEM, CRLF": pem.replace(b"\n", b"\r\n"),
        "DER": der,
        "JWK": jwk,
    }
    return {name: _hmac(good, secret) for name, secret in secrets.items()}


@defect(
    "SIGN-10",
    "HMAC with an empty secret",
    source="CVE-2019-20933; CVE-2026-102266 (PyJWT)",
    fails="A setting that was never filled in is an empty secret, and the verifier starts all the same.",
    fix="Refuse to start without a secret of at least the hash's length.",
)
def empty_secret(good: Good) -> Made:
    """The header says HS256, and the signature is made with a secret of no bytes."""
    return {"": _hmac(good, b"")}


@defect(
    "SIGN-11",
    "HMAC with a secret from a word list",
    source="RFC 8725, section 3.5; RFC 7518, section 3.2: 256 bits at least",
    fails="A secret from an example is found offline in seconds, from one token.",
    fix="Make the secret with a random generator, 32 bytes or more; or use a key pair.",
)
def weak_secret(good: Good) -> Made:
    """The header says HS256, and the secret is one that people use."""
    return {word: _hmac(good, word.encode()) for word in _WEAK}


def _hmac(good: Good, secret: bytes) -> str:
    message = f"{segment(good.header(alg='HS256'))}.{segment(good.claims())}"
    return f"{message}.{encode(Signer('', 'HS256', secret).sign(message.encode()))}"
