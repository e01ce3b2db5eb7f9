"""Treatment: how a verifier took the token of an attempt. Pure, and the one definition of it.

The live counts of attempts, those of rows that the native transport packed, and the report's false rejects all ask
here, so that they cannot contradict each other. Poisoned attempts are none of it: their answers have a worth
(`harness.results.grpc_status`).
"""

from enum import IntEnum

from harness.results.row import JUDGED, Cause, Origin


class TokenTreatment(IntEnum):
    """What became of a token that was alive when it was sent."""

    NOT_JUDGED = 0
    """It was not alive, or no verifier met it: nothing can be said."""
    LET_IN = 1
    REVOKED = 2
    """It was turned away as revoked: rightly so, for its claims say nothing of that."""
    REJECTED = 3
    """It was turned away although it was alive: a false reject, or close to one."""


# Bound once: to look a member up costs more than the rest of `treatment`, which stands in the path of every call.
_NOT_JUDGED, _LET_IN, _REVOKED, _REJECTED = TokenTreatment
_VERIFIER, _AS_REVOKED = Origin.VERIFIER, Cause.REVOKED


def treatment(life_ms: int, origin: int, cause: int, messages: int) -> TokenTreatment:
    """Return how an attempt's token was taken, from the fields of its row.

    ``life_ms`` is the life that the token had left by the caller's clock when it was sent. A stream that carried
    messages had been let in: that it was cut later is no rejection.
    """
    if life_ms <= 0 or origin not in JUDGED:
        return _NOT_JUDGED
    if origin != _VERIFIER or messages:
        return _LET_IN
    return _REVOKED if cause == _AS_REVOKED else _REJECTED
