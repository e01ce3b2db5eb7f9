"""Defects of the header: members that change what a token means, or where its key comes from."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

import zlib
from functools import cache
from typing import Any

from harness.defects import ACCEPT, KEY_PAIRS, Allowed, Made, bearer, defect
from harness.defects.bench import Bench, Observation, Observations
from harness.defects.good import LEFT_OUT, Good, segment
from harness.tokens.base64url import encode

_LIST = "Take the key from the configured issuer's set, by kid, and read nothing else of the header about keys."

_STATIC = "static-key"
_STATIC_WHY = "the server has one key, set by hand, and never reads kid"

_EVIL: dict[str, Any] = {"x-evil": True}


@defect(
    "HEAD-01",
    "a key of the attacker's in the header",
    source="RFC 8725, section 3.10; CVE-2018-0114",
    fails="The library verifies with the key that came with the token: anybody signs.",
    fix=_LIST,
    algorithms=KEY_PAIRS,
)
def embedded_key(good: Good) -> Made:
    """The header holds `jwk`, and the token is signed with that key."""
    key = good.stranger
    return {
        "our kid": good.headed(key, jwk=key.jwk(), kid=good.signer.kid),
        "no kid": good.headed(key, jwk=key.jwk(), kid=LEFT_OUT),
    }


@defect(
    "HEAD-02",
    "an address of the attacker's keys in the header",
    source="RFC 8725, section 3.10",
    fails="The verifier fetches the address: it trusts the attacker, and can be made to call inside hosts (SSRF).",
    fix=_LIST,
    algorithms=KEY_PAIRS,
)
async def key_address(bench: Bench) -> Observations:
    """`jku` or `x5u` names an address that serves the key which signed the token."""
    good, before = bench.good, bench.canary_hits()
    for name in ("jku", "x5u"):
        for kid in (good.signer.kid, good.stranger.kid):
            token = good.headed(good.stranger, **{name: f"{good.canary_url}/keys.json", "kid": kid})
            answer = await bench.call(bearer(token))
            yield Observation(f"{name}, {'our' if kid == good.signer.kid else 'its'} kid", answer.code)
    hits = bench.canary_hits() - before
    yield Observation("nobody asks", problem=f"the address was fetched {hits} times" if hits else "")


@defect(
    "HEAD-03",
    "an unknown key id",
    allowed=(Allowed(ACCEPT, _STATIC_WHY, when=_STATIC, variants=("our key",)),),
    source="OpenID Connect Core, section 10.1.1",
    fails="The verifier tries every key instead of none, so that kid decides nothing.",
    fix="Look the id up; fetch the set once per cooldown where it is unknown; then reject.",
)
def unknown_kid(good: Good) -> Made:
    """`kid` names no published key."""
    return {"our key": good.headed(kid="nobody"), "a stranger's": good.token(good.stranger)}


@defect(
    "HEAD-04",
    "no key id",
    allowed=(Allowed(ACCEPT, "the set has one key that fits"),),
    source="RFC 7515, section 4.1.4: optional",
    fails="It works until the second key is published, on the day of the first rotation.",
    fix="Let the issuer send kid, and demand it.",
)
def no_kid(good: Good) -> Made:
    """`kid` is missing."""
    return {"": good.headed(kid=LEFT_OUT)}


@defect(
    "HEAD-05",
    "a key id that is an attack",
    allowed=(Allowed(ACCEPT, _STATIC_WHY, when=_STATIC),),
    source="RFC 8725, section 3.10",
    fails="kid goes into a file name, a query or a shell: ../../dev/null is an empty secret.",
    fix="Use kid as a key of a map, and nothing else; demand a text.",
)
def hostile_kid(good: Good) -> Made:
    """`kid` is a path, a query, a filter, a command, very long, or no text."""
    values = {
        "path": "../../../../../../dev/null",
        "SQL": "x' UNION SELECT 'secret",
        "LDAP": "*)(uid=*))(|(uid=*",
        "command": "key|sleep 10",
        "10 KB": "k" * 10_000,
        "NUL": f"{good.signer.kid}\x00.pem",
        "number": 1,
        "list": [good.signer.kid],
        "prototype": "__proto__",
    }
    return {name: good.headed(kid=value) for name, value in values.items()}


@defect(
    "HEAD-06",
    "an extension that must be understood",
    source="RFC 7515, section 4.1.11; CVE-2026-32597 (PyJWT), CVE-2025-59420 (Authlib)",
    fails="Half of the libraries tried ignore crit: whatever restriction it announces is lost.",
    fix="Reject a token with crit, unless you understand every name in it.",
)
def critical(good: Good) -> Made:
    """`crit` names an extension, a claim or nothing, or is no list."""
    return {
        "unknown": good.headed(crit=["x-evil"], **_EVIL),
        "empty": good.headed(crit=[]),
        "a claim": good.headed(crit=["exp"]),
        "text": good.headed(crit="exp"),
        "absent": good.headed(crit=["x-absent"]),
    }


@defect(
    "HEAD-07",
    "a payload that is not encoded",
    source="RFC 7797, section 6",
    fails="One hop verifies the text and another its decoding: they read different claims.",
    fix="Reject b64.",
)
def not_encoded(good: Good) -> Made:
    """`b64` is false, announced by `crit` or not."""
    return {"with crit": good.headed(b64=False, crit=["b64"]), "without crit": good.headed(b64=False)}


@defect(
    "HEAD-08",
    "two algorithms in one header",
    allowed=(Allowed(ACCEPT, "the last member counts, at every hop alike", when="last-member"),),
    source="RFC 7515, section 4: names must be unique, or the last one counts",
    fails="A proxy reads the first and the server the last: what was checked is not what is used.",
    fix="Reject an object in which a name stands twice.",
)
def two_algorithms(good: Good) -> Made:
    """`alg` stands twice, with two values."""
    ours, kid = good.signer.algorithm, good.signer.kid
    rest = f'"kid":"{kid}","typ":"at+jwt"'
    return {
        "none first": good.sealed(f'{{"alg":"none","alg":"{ours}",{rest}}}'.encode(), good.claims()),
        "none last": good.sealed(f'{{"alg":"{ours}","alg":"none",{rest}}}'.encode(), good.claims()),
    }


@defect(
    "HEAD-09",
    "a header that is no JSON object",
    source="RFC 7515, section 4",
    fails="The parser raises an error outside the library's own family, and the call ends UNKNOWN.",
    fix="Catch whatever parsing raises, and reject.",
)
def no_object(good: Good) -> Made:
    """The header is text, a list, null, empty, or no UTF-8."""
    headers = {"text": b"header", "list": b'["alg"]', "null": b"null", "not UTF-8": b'{"alg":"\xff"}', "number": b"7"}
    made = {name: good.sealed(header, good.claims()) for name, header in headers.items()}
    message, _, signature = good.token().rpartition(".")
    return made | {"empty": f".{message.partition('.')[2]}.{signature}"}


@defect(
    "HEAD-10",
    "a token of another profile",
    allowed=(Allowed(ACCEPT, "the issuer's profile sets no typ", when="any-type"),),
    source="RFC 8725, section 3.11; RFC 9068, section 2.1",
    fails="A logout or DPoP token of the same issuer opens the door, for its signature is good.",
    fix="Demand the typ of access tokens.",
)
def other_profile(good: Good) -> Made:
    """`typ` is that of a logout token, a DPoP proof, a security event, or no text."""
    kinds = {"logout": "logout+jwt", "DPoP": "dpop+jwt", "event": "secevent+jwt", "number": 7}
    return {name: good.headed(typ=kind) for name, kind in kinds.items()}


@defect(
    "HEAD-11",
    "a token in a token",
    source="RFC 7519, section 5.2",
    fails="The library returns the inner text instead of claims, and the code that reads claims raises.",
    fix="Reject cty, and a payload that is no object.",
)
def nested(good: Good) -> Made:
    """The payload is another signed token, and `cty` says so; both are signed by the right key."""
    inner = good.token().encode()
    return {
        "said": good.sealed(good.header(cty="JWT"), inner),
        "not said": good.sealed(good.header(), inner),
        "said, of claims": good.headed(cty="JWT"),
    }


@defect(
    "HEAD-12",
    "compression and key derivation as a bomb",
    source="CVE-2024-28176; CVE-2024-33664; RFC 8725, section 3.6",
    fails="Ten kilobytes unpack to ten megabytes, or p2c asks for 10^8 rounds, before anything is verified.",
    fix="Do not decrypt tokens that you did not ask for; bound what you unpack, and p2c.",
)
def bomb(good: Good) -> Made:
    """`zip` in a signed token, an encrypted one that unpacks to 10 MB, or one that asks for 10^8 rounds."""
    jwe = {"alg": "dir", "enc": "A256GCM", "zip": "DEF", "kid": good.signer.kid}
    rounds = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 10**8, "p2s": "c2FsdA"}
    return {
        "zip": good.headed(zip="DEF"),
        "unpacks": f"{segment(jwe)}..{encode(bytes(12))}.{_ten_megabytes()}.{encode(bytes(16))}",
        "rounds": f"{segment(rounds)}.{encode(bytes(24))}.{encode(bytes(12))}.{encode(bytes(99))}.{encode(bytes(16))}",
    }


@cache
def _ten_megabytes() -> str:
    """Return what unpacks to them; to pack it takes too long to be done for each token."""
    return encode(zlib.compress(bytes(10_000_000), 9)[:7_000])


@defect(
    "HEAD-13",
    "another serialization",
    source="RFC 7515, section 7.2; RFC 7516, section 3.1",
    fails="The library guesses the form, and takes one that the rest of the path never checks.",
    fix="Demand the compact form of three segments.",
)
def other_serialization(good: Good) -> Made:
    """Five segments, or the JSON serialization of a good token."""
    header, payload, signature = good.token().split(".")
    return {
        "five segments": f"{header}.{payload}.{signature}..",
        "four segments": f"{header}.{payload}.{signature}.{signature}",
        "JSON": f'{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}',
    }
