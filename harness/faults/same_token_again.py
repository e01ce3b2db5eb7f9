"""Same token again: the issuer hands out the token that the client already has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.faults.switch import Switch


@dataclass(frozen=True)
class SameTokenAgain(Switch):
    """The issuer answers each client with its last token while that one lives, as a caching issuer does.

    A client that refreshes ahead of the end gets nothing new, and one without a pause asks again at once.
    """

    action: ClassVar[str] = "set_same_token"
    rest: ClassVar[Mapping[str, Any]] = {"same_token": False}
    thing: ClassVar[str] = "token cache"

    def text(self) -> str:
        """Return the line for people."""
        return "issuer hands out the same token again while it lives"

    def arguments(self) -> dict[str, Any]:
        """Return the switch."""
        return {"same_token": True}
