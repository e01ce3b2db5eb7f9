"""Same token again: the issuer hands out the token that the client already has."""

from dataclasses import dataclass

from harness.faults.in_issuer import IssuerFault, Minting


@dataclass(frozen=True)
class SameTokenAgain(IssuerFault):
    """The issuer answers each client with its last token while that one lives, as a caching issuer does.

    A client that refreshes ahead of the end gets nothing new, and one without a pause asks again at once.
    """

    def text(self) -> str:
        """Return the line for people."""
        return "issuer hands out the same token again while it lives"

    def on_mint(self, minting: Minting) -> str:
        """Return the last token, where it lives."""
        return minting.last or super().on_mint(minting)
