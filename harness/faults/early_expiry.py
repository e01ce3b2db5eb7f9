"""Early expiry: tokens live shorter than the issuer says."""

from dataclasses import dataclass, replace

from harness.faults.in_issuer import IssuerFault, Minting
from harness.validation import positive


@dataclass(frozen=True)
class EarlyExpiry(IssuerFault):
    """The issuer mints tokens that live ``life_s`` seconds, while ``expires_in`` names the usual life.

    A client that plans by ``expires_in`` holds dead tokens; one that reads ``exp`` refreshes more often.
    """

    life_s: float

    def text(self) -> str:
        """Return the line for people."""
        return f"new tokens live {self.life_s:g} s only"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return positive("early_expiry", life_s=self.life_s)

    def shortened(self, factor: float) -> "EarlyExpiry":
        """Return a life in the same proportion to the usual one; claims are whole seconds."""
        return replace(self, life_s=max(1.0, round(self.life_s * factor)))

    def on_mint(self, minting: Minting) -> str:
        """Return a token that ends sooner."""
        claims = minting.claims
        return minting.sign({**claims, "exp": int(claims["iat"] + self.life_s)})
