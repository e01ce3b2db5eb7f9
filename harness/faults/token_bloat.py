"""Token bloat: new tokens are large."""

from dataclasses import dataclass

from harness.faults.in_issuer import IssuerFault, Minting
from harness.validation import whole

LARGEST_BYTES = 65_536


@dataclass(frozen=True)
class TokenBloat(IssuerFault):
    """The issuer pads new tokens by a claim to about ``size_bytes``: groups and roles that grew.

    gRPC servers turn metadata away at random between a soft limit (8 KiB) and a hard one.
    Tokens that clients hold stay as they are; add `ForceRefresh` to have them replaced at once.
    """

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

    def on_mint(self, minting: Minting) -> str:
        """Return a token with a claim of padding; one that is as large already stays as it is."""
        token = minting.sign(minting.claims)
        # Base64 makes four characters of three bytes; the claim's own name and quotes take nine.
        padding = (self.size_bytes - len(token)) * 3 // 4 - 9
        return token if padding <= 0 else minting.sign({**minting.claims, "pad": "x" * padding})
