"""Limits: how much a client may have open or on its way changes while it is connected."""

from dataclasses import dataclass

from harness.lab.gateway.agreement import MOST_WINDOW_BYTES, Limits
from harness.lab.gateway.faults import GatewayFault, within


@dataclass(frozen=True, kw_only=True)
class LimitsChanged(GatewayFault, kind="limits"):
    """Set MAX_CONCURRENT_STREAMS and windows, in the place of the upstream's; a stream above the limit is refused.

    ``stream_window_bytes`` is what one call, ``connection_window_bytes`` what all of them together may send before the
    upstream has taken it; 0 lets nothing through. Methods and share do not matter: limits are a connection's.
    """

    max_streams: int | None = None
    stream_window_bytes: int | None = None
    connection_window_bytes: int | None = None

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        wrong = [
            *within("max_streams", self.max_streams, 0, 2**31 - 1),
            *within("stream_window_bytes", self.stream_window_bytes, 0, MOST_WINDOW_BYTES),
            *within("connection_window_bytes", self.connection_window_bytes, 0, MOST_WINDOW_BYTES),
        ]
        return wrong or ([] if self.limits() != Limits() else ["give at least one limit"])

    def limits(self) -> Limits:
        """Return what the fault allows clients."""
        return Limits(self.max_streams, self.stream_window_bytes, self.connection_window_bytes)
