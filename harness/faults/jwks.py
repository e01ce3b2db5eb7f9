"""Faults of the published key set: it is down, empty, or slow to come.

Tokens are minted as before; only verifiers that ask for keys notice.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.faults.in_issuer import IssuerFault, KeysAnswer
from harness.validation import one_of, positive

ANSWERS = {
    "error": KeysAnswer(503, '{"error": "temporarily_unavailable"}'),
    "html": KeysAnswer(200, "<!doctype html><title>Sign in</title>", "text/html"),
}


@dataclass(frozen=True)
class JwksDown(IssuerFault):
    """The key set cannot be had: the endpoint answers 503, or a page of HTML with 200 where ``answer`` is ``html``."""

    answer: str = "error"

    def text(self) -> str:
        """Return the line for people."""
        return "key set cannot be had" + (" (a page of HTML instead)" if self.answer == "html" else " (503)")

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return one_of("jwks_down", "answer", self.answer, tuple(ANSWERS))

    async def on_keys(self, keys: Mapping[str, Any]) -> KeysAnswer:
        """Return the answer in place of the keys."""
        del keys
        return ANSWERS[self.answer]


@dataclass(frozen=True)
class JwksEmpty(IssuerFault):
    """The key set is a valid one without a key in it, as after a half-finished deployment."""

    def text(self) -> str:
        """Return the line for people."""
        return "key set is empty"

    async def on_keys(self, keys: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a set without keys."""
        return {**keys, "keys": []}


@dataclass(frozen=True)
class JwksSlow(IssuerFault):
    """The key set takes ``delay_s`` to come."""

    delay_s: float

    def text(self) -> str:
        """Return the line for people."""
        return f"key set takes {self.delay_s:g} s to come"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return positive("jwks_slow", delay_s=self.delay_s)

    async def on_keys(self, keys: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the keys late."""
        await asyncio.sleep(self.delay_s)
        return keys
