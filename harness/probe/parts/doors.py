"""The credentials that coverage knocks with: none, rubbish, and what can be made of a good token."""

import base64
from collections.abc import Callable, Iterator

from harness.probe.parts.coverage import Credential
from harness.probe.target.carrier import Carrier
from harness.probe.target.minter import Minter

_LONG_AGO_S = 86_400
RUBBISH = "not.a.token"


def knocks(carrier: Carrier, minter: Minter | None, now_s: float) -> Iterator[Credential]:
    """Yield credentials that no server may accept; without a minter, those that need no good token.

    Raises `TokenError` where the source of good tokens gives none.
    """
    yield Credential("no token", ())
    yield Credential("rubbish", carrier.metadata(RUBBISH))
    if minter is None:
        return
    good = minter.good(now_s)
    yield Credential("wrong signature", carrier.metadata(tampered(good.token())))
    if minter.signs:
        expired = good.token(exp=int(now_s) - _LONG_AGO_S, iat=int(now_s) - 2 * _LONG_AGO_S)
        yield Credential("expired", carrier.metadata(expired))


def tampered(token: str) -> str:
    """Return a token whose signature has one bit turned over."""
    message, _, signature = token.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)) or b"\0")
    raw[0] ^= 1
    return f"{message}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"


def good_metadata(
    carrier: Carrier, minter: Minter, now: Callable[[], float]
) -> Callable[[], tuple[tuple[str, str | bytes], ...]]:
    """Return a function that gives the metadata of a call with a good token, fresh each time."""
    return lambda: carrier.metadata(minter.good(now()).token())
