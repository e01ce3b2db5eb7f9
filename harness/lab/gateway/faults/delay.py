"""Delay: a call's request, its answer's headers, or its end comes later."""

from dataclasses import dataclass

from harness.lab.gateway.faults import LONGEST_S, GatewayFault, Opening, within
from harness.lab.gateway.treatment import Treatment


@dataclass(frozen=True, kw_only=True)
class Delay(GatewayFault, kind="delay"):
    """Hold back the request before the upstream sees it, the answer before its headers, or before its last byte.

    What comes behind a part that is held waits with it; other calls do not.
    """

    request_s: float = 0.0
    headers_s: float = 0.0
    end_s: float = 0.0

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        names = ("request_s", "headers_s", "end_s")
        wrong = [text for name in names for text in within(name, getattr(self, name), 0, LONGEST_S)]
        return wrong or ([] if any(getattr(self, name) for name in names) else [f"give one of {', '.join(names)}"])

    def touch(self, opening: Opening, treatment: Treatment) -> None:
        """Add the holds to those of other faults."""
        treatment.hold_request_s += self.request_s
        treatment.hold_headers_s += self.headers_s
        treatment.hold_end_s += self.end_s
