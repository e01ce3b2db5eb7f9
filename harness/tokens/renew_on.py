"""Renew on: which answers tell a client that its token was refused, by status and by the server's text. Pure.

gRPC's own answer to a bad token is UNAUTHENTICATED, and many servers give another: PERMISSION_DENIED, or UNKNOWN with
the text of the library that raised. A text outweighs the code: where one of those named occurs, the code is not asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from harness.results.grpc_status import CODES, STATUSES

DEFAULT = ("UNAUTHENTICATED",)
_NEVER = ("OK",)


@dataclass(frozen=True)
class RenewOn:
    """The codes and texts of answers on which a client renews its token."""

    codes: frozenset[int]
    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, renew_on: Sequence[str]) -> Self:
        """Return what a setting asks for: names of statuses, and texts in any case."""
        codes = frozenset(CODES[one] for one in renew_on if one in CODES)
        return cls(codes, tuple(one.lower() for one in renew_on if one not in CODES))

    def hold(self, code: int, details: str) -> bool:
        """Tell whether a failed answer is one of them."""
        if code in self.codes:
            return True
        return bool(self.texts) and any(text in details.lower() for text in self.texts)


UNAUTHENTICATED = RenewOn.of(DEFAULT)
"""What gRPC itself says to a bad token."""


def renew_on_mistakes(renew_on: object) -> list[str]:
    """Return what is wrong with a setting, one sentence each."""
    example = 'renew_on=("UNAUTHENTICATED", "PERMISSION_DENIED", "Signature has expired")'
    if isinstance(renew_on, str) or not isinstance(renew_on, Sequence):
        return [f"tokens: renew_on={renew_on!r} is no list of codes and texts; give {example}"]
    return [f"tokens: renew_on holds {one!r}, {why}; give {example}" for one in renew_on if (why := _wrong(one))]


def _wrong(entry: object) -> str:
    if not isinstance(entry, str) or not entry.strip():
        return "which is no text"
    if entry in _NEVER:
        return "which is no failure"
    if entry.isupper() and "_" in entry and entry not in CODES:
        return f"which looks like a code and is none of {', '.join(STATUSES[1:])}"
    return ""
