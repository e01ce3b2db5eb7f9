"""Force refresh: every client drops its token."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.per_call import CallFault


@dataclass(frozen=True)
class ForceRefresh(CallFault):
    """Every client drops the token it holds and fetches a new one before its next call."""

    instant: ClassVar[bool] = True

    def text(self) -> str:
        """Return the line for people."""
        return "every client drops its token"

    def on_refresh(self, decision: str, *, before: bool) -> str:
        """Turn the decision into a fetch where the token is older than this moment."""
        return "fetch" if before else decision
