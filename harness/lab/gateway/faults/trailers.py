"""Trailers: the end of an answer lacks what tells how the call went."""

from dataclasses import dataclass
from functools import partial

from harness.lab.gateway.faults import GatewayFault, Opening
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.treatment import Treatment

_WHATS = ("all", "status", "message")


@dataclass(frozen=True, kw_only=True)
class Trailers(GatewayFault, kind="trailers"):
    """Cut trailers off whole (``all``), or only their ``grpc-status``, or only the texts beside it (``message``)."""

    cut: str = "all"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return [] if self.cut in _WHATS else [f"cut={self.cut!r} is not one of {', '.join(_WHATS)}"]

    def touch(self, opening: Opening, treatment: Treatment) -> None:
        """Cut them."""
        if self.cut == "all":
            treatment.cut_trailers = True
        else:
            treatment.trailers.append(partial(_without, self.cut))


def _without(what: str, fields: Fields) -> Fields:
    if what == "status":
        return tuple(field for field in fields if field.name != b"grpc-status")
    return tuple(field for field in fields if field.name not in {b"grpc-message", b"grpc-status-details-bin"})
