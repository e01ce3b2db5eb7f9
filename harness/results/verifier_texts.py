"""Verifiers' texts: what the words of a rejection say of the token, and by how much it was late or early. Pure.

The rules are written for the kind and not for the line: a text is laid out as plain words, and the first phrase
that fits decides, from the specific to the general. What they are judged on is `verifier_texts.ndjson`, which
holds what real libraries say, made by the libraries themselves or quoted from their source.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from harness.calls import Cause
from harness.results.amounts import amount_s
from harness.results.plain_words import LONGEST, phrase, plain

VOCABULARY: Final = {
    "absent": r"missing|absent|not \w+ present|not (?:present|found|set|provided|specified|given|supplied)|required",
    "alg": r"algs?|(?:signature )?algorithms?|signing methods?",
    "claim": r"claims?|exp|expiration(?: time)?|expiry|nbf|not before|iat|issued at|iss|issuer|sub|subject|aud|"
    r"audiences?|jti|azp",
    "date": r"exp|expiration(?: time)?|expiry|nbf|not before|iat|issued at",
    "early-date": r"nbf|not before|iat|issued at",
    "failed": r"fail\w*|could not|can not|unable|not able|error|impossible|not",
    "fetch": r"fetch\w*|retriev\w*|download\w*|load\w*|obtain\w*|get\w*|refresh\w*|request\w*|reach\w*|read\w*",
    "key": r"keys?|jwks?|certificates?|certs?",
    "key-id": r"kid|key ids?|key identifiers?",
    "keys": r"jwks|key ?sets?|keys|certificates|certs|jwk set|discovery document|openid configuration",
    "no": r"no|missing|without|lacks|lacking|absent|requires?|required|not contain|not have|not include",
    "number": r"numbers?|numeric\w*|integers?|ints?|floats?|time ?stamps?|dates?",
    "token": r"tokens?|jwts?|jws|credentials?",
    "wrong": r"wrong|invalid|unexpected|mismatch\w*|bad|incorrect|unknown|unsupported|untrusted|disallowed|fail\w*|"
    r"not (?:\w+ )?(?:allowed|valid|accepted|trusted|expected|supported|permitted|match\w*|recogni[sz]ed)",
}
"""What a phrase means by a word in angle brackets."""

PHRASES: Final = (
    (Cause.MISSING_CLAIM, "missing required key <claim>", "<no> .. scopes? claim"),
    (
        Cause.REVOKED,
        "revoked", "revocation", "blacklist\\w*|blocklist\\w*|denylist\\w*", "black|block|deny list\\w*", "logged out",
        "invalidated",
    ),
    (Cause.DENIED, "insufficient .. scopes?|permissions?|privileges?", "missing|required|requires . scopes?"),
    # A verifier calls nobody but the server of its keys, so that a failed connection is theirs.
    (
        Cause.KEYS_UNAVAILABLE,
        "<failed> .. <fetch> ... <keys>", "<fetch> .. <keys> ... <failed>", "<keys> .. <fetch> .. <failed>",
        "<keys> .. unavailable|unreachable", "<failed> .. parse|decode .. <keys>", "fetch failed", "fail\\w* to fetch",
        "connection . refused|reset|closed", "econn\\w+|enotfound|etimedout", "max retries exceeded", "http error \\d+",
        "expected 200 ok", "service unavailable", "unexpected token html", "timed out|timeout",
    ),
    (Cause.WRONG_ALGORITHM, "<wrong> . <alg>", "<alg> .. <wrong>", "<no> . <alg>", "<alg> ... <absent>"),
    (
        Cause.UNKNOWN_KEY,
        "<key-id>", "no|unknown|missing .. <key>", "<key> ... not found", "<failed> .. find ... <key>",
        "<keys> .. not contain", "multiple .. keys",
    ),
    (
        Cause.MALFORMED,
        "<date> ... must|should be", "<date> .. not . <number>", "<wrong> . <date> value", "<wrong> claim <date>",
    ),
    (Cause.MISSING_CLAIM, "<no> .. <claim>", "<claim> .. <absent>"),
    (
        Cause.NOT_YET_VALID,
        "not yet", "valid yet", "not active", "used before", "used . too early", "too early", "early by",
        "immature|premature", "in the future", "will be active|valid", "<early-date>",
    ),
    (Cause.EXPIRED, "expired?|expires|expiration|expiry|exp", "too old", "stale|outdated"),
    (Cause.WRONG_AUDIENCE, "aud|audiences?"),
    (Cause.WRONG_ISSUER, "iss|issuers?"),
    (Cause.MALFORMED, "parts|segments?", "crit|critical", "decode|decoding|base64\\w* .. signature"),
    (Cause.BAD_SIGNATURE, "signatures?", "verif\\w+ . fail\\w*"),
    (Cause.MALFORMED, "bad|format authorization", "format is", "bearer type"),
    (
        Cause.MISSING_METADATA,
        "<no> ... <token>|auth\\w*|bearer|metadata|header", "<token>|authorization|metadata .. <absent>",
        "must be provided", "unauthenticated with", "empty <token>", "not provided",
    ),
    (Cause.WRONG_ALGORITHM, "<alg>"),
    (
        Cause.MALFORMED,
        "malformed", "decod\\w*", "pars\\w+", "formats?", "padding", "json", "base64\\w*", "jws", "headers?", "payload",
        "line \\d+ column", "claims?", "<wrong> .. <token>", "unrecogni[sz]ed",
    ),
)  # fmt: skip
"""Causes by what is said, from the specific to the general; the first that fits decides."""

_RULES: Final = tuple((cause, phrase(words, VOCABULARY)) for cause, *all_of_it in PHRASES for words in all_of_it)

_DATED: Final = {Cause.EXPIRED, Cause.NOT_YET_VALID}


@dataclass(frozen=True)
class Reading:
    """What a text says: the cause, and by how many seconds the token came too late or too early, where it tells."""

    cause: Cause
    amount_s: float | None = None


@lru_cache(maxsize=4096)
def read_text(text: str) -> Reading | None:
    """Return what a verifier's text says, or None where it says nothing of the token or its keys."""
    words = plain(text)
    cause = next((cause for cause, pattern in _RULES if pattern.search(words)), None)
    if cause is None:
        return None
    return Reading(cause, amount_s(text[:LONGEST]) if cause in _DATED else None)
