"""Issuer slow: tokens take long to come."""

import asyncio
from dataclasses import dataclass

from harness.faults.in_issuer import IssuerFault
from harness.validation import positive


@dataclass(frozen=True)
class IssuerSlow(IssuerFault):
    """The token endpoint waits ``delay_s`` before it answers: a brownout, not an outage."""

    delay_s: float

    def text(self) -> str:
        """Return the line for people."""
        return f"issuer takes {self.delay_s:g} s per token"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return positive("issuer_slow", delay_s=self.delay_s)

    async def on_token_request(self) -> None:
        """Wait."""
        await asyncio.sleep(self.delay_s)
