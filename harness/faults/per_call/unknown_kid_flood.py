"""Unknown kid flood: calls carry tokens of keys that nobody ever published."""

import json
from dataclasses import dataclass
from typing import ClassVar

from harness.faults.per_call import CallFault, CallView
from harness.tokens.base64url import decode, encode


@dataclass(frozen=True)
class UnknownKidFlood(CallFault):
    """Name another key id, new for each call, in tokens that look good otherwise.

    A verifier that asks its issuer for every key that it does not know makes of this a flood at the
    issuer. Poisoned calls are negative probes, as those of `TokenDefect` are.
    """

    partial: ClassVar[bool] = True

    def text(self) -> str:
        """Return the line for people."""
        return "calls name keys that do not exist"

    def expects(self) -> tuple[str, ...]:
        """Return the rejection; a verifier that cannot reach the key set may say so."""
        return ("UNAUTHENTICATED", "UNAVAILABLE")

    def on_token(self, text: str, call: CallView) -> str:
        """Return the token under a key id of this call's own."""
        header, dot, rest = text.partition(".")
        try:
            said = json.loads(decode(header))
        except ValueError:
            return text  # no JWT: there is no key id in it to change
        if not isinstance(said, dict) or not dot:
            return text
        said["kid"] = f"unknown-{int(call.draw * 2**53):014x}"
        return f"{encode(json.dumps(said, separators=(',', ':')).encode())}.{rest}"
