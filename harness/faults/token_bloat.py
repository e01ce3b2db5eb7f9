"""Token bloat: new tokens are large."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.faults.switch import Switch
from harness.validation import whole

LARGEST_BYTES = 65_536


@dataclass(frozen=True)
class TokenBloat(Switch):
    """The issuer pads new tokens by a claim to about ``size_bytes``: groups and roles that grew.

    gRPC servers turn metadata away at random between a soft limit (8 KiB) and a hard one.
    Tokens that clients hold stay as they are; add `ForceRefresh` to have them replaced at once.
    """

    action: ClassVar[str] = "set_token_size"
    rest: ClassVar[Mapping[str, Any]] = {"size_bytes": 0}
    thing: ClassVar[str] = "token size"
    size_bytes: int

    def text(self) -> str:
        """Return the line for people."""
        return f"new tokens have {self.size_bytes:,} bytes"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        found = whole("token_bloat", 1, size_bytes=self.size_bytes)
        if not found and self.size_bytes > LARGEST_BYTES:
            found.append(f"token_bloat: size_bytes={self.size_bytes} is beyond {LARGEST_BYTES}; give less")
        return found

    def arguments(self) -> dict[str, Any]:
        """Return the size."""
        return {"size_bytes": self.size_bytes}

    def shown(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return the size in force."""
        return {"size_bytes": state["token_size_bytes"]}
