"""Answers: gRPC's statuses by name, and what one means as the answer to a poisoned call. Pure."""

from collections.abc import Collection, Iterable
from typing import Literal

STATUSES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"),
    *("PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"),
    *("INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
"""Names of the statuses, by their number. Source: grpc/grpc doc/statuscodes.md."""

CODES = {name: number for number, name in enumerate(STATUSES)}
"""Numbers of the statuses, by their name."""

CRASHES = frozenset({"UNKNOWN", "INTERNAL"})
"""What a verifier that raised makes of a call."""

Worth = Literal["right", "accepted", "crashed", "other"]


def status(code: int) -> str:
    """Return the name of a status; a call that got none has none."""
    return STATUSES[code] if 0 <= code < len(STATUSES) else "no answer"


def numbers(names: Iterable[str]) -> frozenset[int]:
    """Return the numbers of statuses."""
    return frozenset(STATUSES.index(name) for name in names)


def worth(code: int, expects: Collection[int]) -> Worth:
    """Return what an answer to a poisoned call is worth: right, a false accept, a crash, or otherwise wrong."""
    if code in expects:
        return "right"
    if code == 0:
        return "accepted"
    return "crashed" if status(code) in CRASHES else "other"
