"""The exam: bad tokens, bad key sets and bad headers, each with the cause that a good verifier would name.

Programs in other languages read it as JSON (`Exam.paper`). RSA is the algorithm, for every library has it.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from harness.defects.good import LEFT_OUT, Good, segment
from harness.results.row import Cause
from harness.tokens.base64url import encode
from harness.tokens.signer import Signer
from tests.tokens.sources.fake_issuer import body, issuer

ISSUER = "https://issuer.example"
AUDIENCE = "ledger"
PAST_S = 3600
"""By how much an expired token is expired, and an early one early."""


@dataclass(frozen=True)
class Situation:
    """One question: its token is made of a good issuer; ``keys`` is the page from which its keys come.

    ``about`` is ``token``, ``keys`` (of interest for libraries that fetch keys themselves), ``list`` (for those that
    ask a list of revoked tokens; it holds this one), ``scope`` (for those that ask for "ledger.write") or ``header``
    (for those that read the header themselves; ``scheme`` stands before the token there, and a scheme of None is
    no header at all).
    """

    name: str
    cause: Cause
    make: Callable[[Good], str]
    about: str = "token"
    leeway_s: int = 0
    keys: str = "/keys"
    scheme: str | None = "Bearer "


def _claims(**changes: Any) -> Callable[[Good], str]:
    """Return a maker of good tokens with other claims."""
    return lambda good: _sealed(good, claims=changes)


def _header(**changes: Any) -> Callable[[Good], str]:
    return lambda good: _sealed(good, header=changes)


def _at(name: str, shift_s: int) -> Callable[[Good], str]:
    """Return a maker of tokens with one date that lies so far from now."""
    return lambda good: _sealed(good, claims={name: int(good.now_s) + shift_s})


def _sealed(
    good: Good, signer: Signer | None = None, *, header: Any = None, claims: Any = None, algorithm: str = ""
) -> str:
    head = good.header(signer, **{"typ": "JWT", **(header or {})})
    return good.sealed(head, good.claims(**(claims or {})), signer, algorithm)


def _good(good: Good) -> str:
    return _sealed(good)


def _expired(good: Good) -> str:
    now_s = int(good.now_s)
    return _sealed(good, claims={"iat": now_s - 2 * PAST_S, "exp": now_s - PAST_S})


def _with_payload(payload: object) -> Callable[[Good], str]:
    """Return a maker of signed tokens with a payload of any kind."""
    return lambda good: good.sealed(good.header(typ="JWT"), payload)


def _parts(place: int, other: Callable[[str], str]) -> Callable[[Good], str]:
    """Return a maker of tokens one segment of which is replaced after signing."""

    def make(good: Good) -> str:
        parts = _good(good).split(".")
        parts[place] = other(parts[place])
        return ".".join(parts)

    return make


def _tampered(good: Good) -> str:
    return _parts(1, lambda _: segment(good.claims(sub="somebody else")))(good)


def _wrong_key(good: Good) -> str:
    return _sealed(good, good.stranger.named(good.signer.kid))


def _unsigned(good: Good) -> str:
    return good.unsigned(alg="none", typ="JWT") + "."


def _confused(good: Good) -> str:
    """Return a token whose HMAC is keyed with the public key. Source: RFC 8725, section 2.1."""
    secret = Signer(good.signer.kid, "HS256", good.signer.public_bytes(pem=True))
    return _sealed(good, secret)


def _other_hash(good: Good) -> str:
    return _sealed(good, header={"alg": "RS512"}, algorithm="RS512")


def _text(text: str) -> Callable[[Good], str]:
    return lambda _: text


_REFUSED, _ABSENT, _GARBAGE, _EMPTY, _BROKEN = "refused", "/absent", "/garbage", "/empty", "/broken"
_OTHER = "/other"

SITUATIONS = (
    Situation("good", Cause.OK, _good),
    Situation("expired", Cause.EXPIRED, _expired),
    Situation("expired_beyond_leeway", Cause.EXPIRED, _expired, leeway_s=10),
    Situation("not_yet_valid", Cause.NOT_YET_VALID, _at("nbf", PAST_S)),
    Situation("not_yet_valid_beyond_leeway", Cause.NOT_YET_VALID, _at("nbf", PAST_S), leeway_s=10),
    Situation("issued_in_the_future", Cause.NOT_YET_VALID, _at("iat", PAST_S)),
    Situation("signature_changed", Cause.BAD_SIGNATURE, _parts(2, lambda text: "AAAA" + text[4:])),
    Situation("signature_cut", Cause.BAD_SIGNATURE, _parts(2, lambda text: text[:40])),
    Situation("payload_changed", Cause.BAD_SIGNATURE, _tampered),
    Situation("wrong_key", Cause.BAD_SIGNATURE, _wrong_key),
    Situation("unknown_kid", Cause.UNKNOWN_KEY, lambda good: _sealed(good, good.stranger)),
    Situation("kid_left_out", Cause.UNKNOWN_KEY, _header(kid=LEFT_OUT)),
    Situation("alg_none", Cause.WRONG_ALGORITHM, _unsigned),
    Situation("alg_hmac_with_public_key", Cause.WRONG_ALGORITHM, _confused),
    Situation("alg_not_allowed", Cause.WRONG_ALGORITHM, _other_hash),
    Situation("alg_unknown", Cause.WRONG_ALGORITHM, _header(alg="XY999")),
    Situation("alg_left_out", Cause.WRONG_ALGORITHM, _header(alg=LEFT_OUT)),
    Situation("wrong_issuer", Cause.WRONG_ISSUER, _claims(iss="https://other.example")),
    Situation("wrong_audience", Cause.WRONG_AUDIENCE, _claims(aud="billing")),
    Situation("wrong_audiences", Cause.WRONG_AUDIENCE, _claims(aud=["billing", "mail"])),
    Situation("without_exp", Cause.MISSING_CLAIM, _claims(exp=LEFT_OUT)),
    Situation("without_sub", Cause.MISSING_CLAIM, _claims(sub=LEFT_OUT)),
    Situation("without_aud", Cause.MISSING_CLAIM, _claims(aud=LEFT_OUT)),
    Situation("without_iss", Cause.MISSING_CLAIM, _claims(iss=LEFT_OUT)),
    Situation("exp_of_words", Cause.MALFORMED, _claims(exp="tomorrow")),
    Situation("nbf_of_words", Cause.MALFORMED, _claims(nbf="tomorrow")),
    Situation("opaque", Cause.MALFORMED, _text("2YotnFZFEjr1zCsicMWpAA")),
    Situation("two_parts", Cause.MALFORMED, lambda good: good.unsigned(typ="JWT")),
    Situation("four_parts", Cause.MALFORMED, lambda good: f"{_good(good)}.e30"),
    Situation("header_not_base64", Cause.MALFORMED, _parts(0, lambda _: "%%%%")),
    Situation("header_not_json", Cause.MALFORMED, _parts(0, lambda _: encode(b"no json"))),
    Situation("header_a_list", Cause.MALFORMED, _parts(0, lambda _: encode(b"[1]"))),
    Situation("payload_not_base64", Cause.MALFORMED, _parts(1, lambda _: "%%%%")),
    Situation("payload_not_json", Cause.MALFORMED, _with_payload(b"no json")),
    Situation("payload_a_list", Cause.MALFORMED, _with_payload([1])),
    Situation("signature_not_base64", Cause.MALFORMED, _parts(2, lambda _: "%%%%")),
    Situation("signature_empty", Cause.BAD_SIGNATURE, _parts(2, lambda _: "")),
    Situation("empty", Cause.MALFORMED, _text("")),
    Situation("crit_unknown", Cause.MALFORMED, _header(crit=["x-unheard-of"], **{"x-unheard-of": 1})),
    Situation("keys_refused", Cause.KEYS_UNAVAILABLE, _good, "keys", keys=_REFUSED),
    Situation("keys_absent", Cause.KEYS_UNAVAILABLE, _good, "keys", keys=_ABSENT),
    Situation("keys_broken", Cause.KEYS_UNAVAILABLE, _good, "keys", keys=_BROKEN),
    Situation("keys_not_json", Cause.KEYS_UNAVAILABLE, _good, "keys", keys=_GARBAGE),
    Situation("keys_empty", Cause.UNKNOWN_KEY, _good, "keys", keys=_EMPTY),
    Situation("keys_without_this_one", Cause.UNKNOWN_KEY, _good, "keys", keys=_OTHER),
    Situation("revoked", Cause.REVOKED, _good, "list"),
    Situation("scope_too_narrow", Cause.DENIED, _claims(scope="mail.read"), "scope"),
    Situation("no_header", Cause.MISSING_METADATA, _good, "header", scheme=None),
    Situation("empty_header", Cause.MISSING_METADATA, _text(""), "header", scheme=""),
    Situation("scheme_alone", Cause.MISSING_METADATA, _text(""), "header", scheme="Bearer"),
    Situation("scheme_left_out", Cause.MALFORMED, _good, "header", scheme=""),
    Situation("scheme_basic", Cause.MALFORMED, _text("YW5uOnNlY3JldA=="), "header", scheme="Basic "),
    Situation("two_tokens", Cause.MALFORMED, _text("one two"), "header"),
)
"""All questions, in the order of the table; the first one must be answered with silence."""

ORDER = {situation.name: place for place, situation in enumerate(SITUATIONS)}


@dataclass(frozen=True)
class Exam:
    """The questions with an issuer of their own; ``root`` serves its key sets, ``dead`` is an address of nobody."""

    good: Good
    root: str
    dead: str

    def paper(self) -> dict[str, Any]:
        """Return the exam as programs read it."""
        signer = self.good.signer
        return {
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "kid": signer.kid,
            "required": ["exp", "sub", "aud", "iss"],
            "jwks": self.good.jwks(),
            "pem": signer.public_bytes(pem=True).decode(),
            "situations": [self._question(situation) for situation in SITUATIONS],
        }

    def _question(self, situation: Situation) -> dict[str, Any]:
        token = situation.make(self.good)
        return {
            "name": situation.name,
            "about": situation.about,
            "token": token,
            "authorization": None if situation.scheme is None else situation.scheme + token,
            "leeway_s": situation.leeway_s,
            "keys_url": self.dead if situation.keys == _REFUSED else self.root + situation.keys,
        }


@contextmanager
def exam(now_s: float) -> Iterator[Exam]:
    """Serve the key sets of an exam as long as it is written."""
    good = Good.of("RS256", ISSUER, AUDIENCE, now_s)
    with issuer() as server, _nobody() as dead:
        server.pages = _pages(good)
        yield Exam(good, server.root, dead)


def _pages(good: Good) -> dict[str, tuple[int, dict[str, str], bytes]]:
    sets = {"/keys": good.jwks()["keys"], _EMPTY: [], _OTHER: [good.second.jwk()]}
    served = {path: (200, {"content-type": "application/json"}, body(keys=keys)) for path, keys in sets.items()}
    return {
        **served,
        _GARBAGE: (200, {"content-type": "text/html"}, b"<html>Sign in</html>"),
        _BROKEN: (503, {"content-type": "text/plain"}, b"upstream connect error"),
    }


@contextmanager
def _nobody() -> Iterator[str]:
    """Keep a port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/keys"
