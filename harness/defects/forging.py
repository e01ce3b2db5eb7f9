"""Forging: bad credentials made in the client, of the good token that a call was about to send.

A row of the defect catalogue makes its specimens of one good token. Some need no key at all, some the
key of the issuer, which a lab hands to its workers in memory, and a `SigningKey` has.
"""

from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from typing import Any

from harness import clock
from harness.defects import ALGORITHMS, Defect, Specimen, find
from harness.defects.borrowed import Beyond, Borrowed, Keyless
from harness.defects.good import Good
from harness.endpoint.metadata import sendable
from harness.tokens.signer import Signer
from harness.tokens.token import Token

BEARER = "Bearer "
RAW = "no gRPC client sends it; jwtstorm probe does, over raw HTTP/2"
PROCEDURE = "it takes more than one call; jwtstorm probe carries it out"
_KEY = "it is signed with the issuer's key"
_OTHER_KEY = "it needs another key that the issuer publishes; jwtstorm probe tries it on the lab's own target"
_USUAL_LIMIT = 7_000
_KEPT = 4096
_FRESH_S = 1.0
"""How long specimens whose defect is their time may be used: what is not valid yet becomes so."""


def why_not(row: Defect, algorithm: str) -> str:
    """Return why a row can never be sent by a gRPC client, or an empty text."""
    if row.make is None:
        return row.later or PROCEDURE
    if algorithm not in row.algorithms:
        return f"it is a defect of {', '.join(sorted(row.algorithms))}, and tokens here are signed by {algorithm}"
    made = _trial(row, algorithm, keyed=True)
    if isinstance(made, str):
        return made
    return "" if made else RAW


def needs_key(row: Defect, algorithm: str) -> bool:
    """Tell whether a row's specimens must be signed with the issuer's own key."""
    return row.make is not None and _trial(row, algorithm, keyed=False) == _KEY


def variants(row: Defect, algorithm: str) -> tuple[str, ...]:
    """Return the variants of a row that a gRPC client can send."""
    made = _trial(row, algorithm, keyed=True)
    return () if isinstance(made, str) else made


@cache
def beyond_token(row: Defect) -> bool:
    """Tell whether a row has a specimen in which more is wrong than the token's text."""
    return any(text_of(one) is None for one in row.specimens(_rehearsal(min(row.algorithms))))


@cache
def large(row: Defect) -> bool:
    """Tell whether a row has a specimen beyond the usual limit of metadata, which a library may refuse by itself."""
    good = _rehearsal(min(row.algorithms))
    sizes = (len(value) for one in row.specimens(good) for _, value in one.metadata)
    return any(size > _USUAL_LIMIT for size in sizes)


@cache
def _rehearsal(algorithm: str) -> Good:
    return Good.of(algorithm, "https://issuer.invalid", "trial", 1_800_000_000.0)


@cache
def _trial(row: Defect, algorithm: str, *, keyed: bool) -> tuple[str, ...] | str:
    """Return the variants that can be sent of a made-up token, or why there are none."""
    good = _rehearsal(algorithm)
    try:
        made = forged(row, Token.parse(good.token(), 0.0), good.signer if keyed else None, good.now_s, 0.0)
    except Beyond as beyond:
        return str(beyond)
    return tuple(one.variant for one in made)


def forged(row: Defect, given: Token, signer: Signer | None, now_s: float, leeway_s: float) -> tuple[Specimen, ...]:
    """Return a row's specimens of a good token that a gRPC client sends, and that the row's own answer fits.

    Raises `Beyond` where a key is missing.
    """
    algorithm = str(given.header.get("alg"))
    if algorithm not in ALGORITHMS:
        return ()
    kid, claims = str(given.header.get("kid", "")), given.claims
    own = signer or Keyless(kid, algorithm, None, why=_KEY)
    other = Keyless("", algorithm, None, why=_OTHER_KEY)
    stranger = Signer.generate(algorithm, f"stranger-{algorithm.lower()}")
    audience = claims.get("aud", "")
    listed = audience[0] if isinstance(audience, list) and audience else audience
    good = Borrowed(
        str(claims.get("iss", "")), str(listed), own, other, other, stranger, now_s, leeway_s=leeway_s, given=given
    )
    made = row.specimens(good)
    return tuple(one for one in made if one.expected == row.expected and sendable(one.metadata))


class Forger:
    """Makes specimens for one process, and keeps them as long as their good token is in use.

    ``signer`` is the issuer's key, where it is at hand; ``leeway_s`` what the verifier forgives.
    """

    def __init__(self, signer: Signer | None = None, leeway_s: float = 0.0) -> None:
        self._signer = signer
        self._leeway_s = leeway_s
        self._kept: OrderedDict[tuple[str, str], tuple[float, tuple[Specimen, ...]]] = OrderedDict()

    def specimens(self, identity: str, good: str) -> tuple[Specimen, ...]:
        """Return a row's specimens of a good token; none where they cannot be made of this one."""
        key = identity, good
        now_s = clock.wall()
        kept = self._kept.get(key)
        if kept is not None and now_s < kept[0]:
            self._kept.move_to_end(key)
            return kept[1]
        row = find(identity)
        until_s = now_s + _FRESH_S if row.family == "TIME" else float("inf")
        made = self._made(row, good, now_s)
        self._kept[key] = until_s, made
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return made

    def _made(self, row: Defect, good: str, now_s: float) -> tuple[Specimen, ...]:
        try:
            given = Token.parse(good, 0.0)
            return forged(row, given, self._key_of(given), now_s, self._leeway_s)
        except Exception:  # noqa: BLE001 - rows take good tokens apart, and a scenario's own may be odd in any way
            return ()

    def _key_of(self, given: Token) -> Signer | None:
        """Return the key that signed a token; after a rotation it is not the one at hand."""
        signer = self._signer
        fits = signer is not None and (signer.kid, signer.algorithm) == (
            given.header.get("kid", ""),
            given.header["alg"],
        )
        return signer if fits else None


def signer_of(key: Mapping[str, str], algorithm: str) -> Signer | None:
    """Return the key that a lab handed over (``kid``, and ``pem`` or ``secret``); None where there is none."""
    if not key:
        return None
    return Signer(key["kid"], algorithm, _private(key))


def _private(key: Mapping[str, str]) -> Any:
    if "secret" in key:
        return key["secret"].encode()
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(key["pem"].encode(), password=None)


def text_of(specimen: Specimen) -> str | None:
    """Return the token of a specimen that is one bearer token and nothing else; None where more than that is wrong."""
    if len(specimen.metadata) != 1:
        return None
    key, value = specimen.metadata[0]
    if key != "authorization" or not isinstance(value, str) or not value.startswith(BEARER):
        return None
    return value.removeprefix(BEARER)
