"""Refresh off: clients stop renewing their tokens."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.per_call import CallFault


@dataclass(frozen=True)
class RefreshOff(CallFault):
    """Every client keeps the token it holds, however old; one that a server rejected, too.

    A client without a token still fetches its first.
    """

    partial: ClassVar[bool] = True

    def text(self) -> str:
        """Return the line for people."""
        return "no client renews its token"

    def on_refresh(self, decision: str, *, before: bool) -> str:
        """Use what is held."""
        del decision, before
        return "use"
