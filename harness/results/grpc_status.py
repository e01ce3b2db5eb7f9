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

NO_ANSWER = -1
"""The number of a call that got no status."""
_NO_ANSWER = "no answer"

CRASHES = frozenset({"UNKNOWN", "INTERNAL"})
"""What a verifier that raised makes of a call."""

Worth = Literal["right", "accepted", "crashed", "other"]


def status(code: int) -> str:
    """Return the name of a status; a number that gRPC does not define stands for itself."""
    if 0 <= code < len(STATUSES):
        return STATUSES[code]
    return str(code) if code > 0 else _NO_ANSWER


def status_number(name: str) -> int:
    """Return the number of a status, by what `status` calls it; one of an unknown name is UNKNOWN's."""
    if name == _NO_ANSWER:
        return NO_ANSWER
    return int(name) if name.isdecimal() else CODES.get(name, CODES["UNKNOWN"])


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
