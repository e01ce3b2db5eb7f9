"""Bad credentials: what a call carries that no server may accept."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.defects.bench import Metadata
from harness.probe.target.carrier import Carrier
from harness.probe.target.minter import Minter
from harness.tokens.spoil import spoilt

RUBBISH = "not.a.token"
NO_TOKEN = "no token"  # noqa: S105 - a name
_LONG_AGO_S = 86_400


@dataclass(frozen=True)
class Credential:
    """What a call carries; its metadata is never shown."""

    name: str
    metadata: Metadata = field(repr=False)


def bad_credentials(carrier: Carrier, minter: Minter | None, now_s: float) -> Iterator[Credential]:
    """Yield credentials that no server may accept, none at all first; without a minter, those without a good token.

    Raises `TokenError` where the source of good tokens gives none.
    """
    yield Credential(NO_TOKEN, ())
    yield Credential("rubbish", carrier.metadata(RUBBISH))
    if minter is None:
        return
    good = minter.good(now_s)
    yield Credential("wrong signature", carrier.metadata(spoilt(good.token())))
    if minter.signs:
        expired = good.token(exp=int(now_s) - _LONG_AGO_S, iat=int(now_s) - 2 * _LONG_AGO_S)
        yield Credential("expired", carrier.metadata(expired))
