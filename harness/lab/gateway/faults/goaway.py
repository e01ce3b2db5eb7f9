"""GOAWAY: a connection is asked to end, with grace or without."""

from dataclasses import dataclass

from harness.lab.gateway.faults import MOST_CODE, GatewayConnection, GatewayFault, Opening, within
from harness.lab.gateway.treatment import Treatment

_MOST_CALLS = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Goaway(GatewayFault, kind="goaway"):
    """Send a GOAWAY on each connection: at once on those that are open, or on each after so many calls of its own.

    With grace, calls that have begun go on to their end. Without it the connection ends at once with ``code``, and
    ``looked_at`` False tells the client that none of its calls was begun, so that it may make them again.
    """

    graceful: bool = True
    after_calls: int = 0
    code: int = 0
    text: str = "max_age"
    looked_at: bool = True

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return [*within("code", self.code, 0, MOST_CODE), *within("after_calls", self.after_calls, 0, _MOST_CALLS)]

    def strike(self, connection: GatewayConnection) -> None:
        """End a connection that is open when the fault begins."""
        if not self.after_calls:
            self._end(connection)

    def touch(self, opening: Opening, treatment: Treatment) -> None:
        """Count a connection's calls, and end it behind the last one."""
        connection = opening.connection
        calls = opening.memory[connection.serial] = opening.memory.get(connection.serial, 0) + 1
        if self.after_calls and calls == self.after_calls:
            connection.soon(lambda: self._end(connection))

    def _end(self, connection: GatewayConnection) -> None:
        if self.graceful:
            connection.drain()
        else:
            connection.go_away(self.code, self.text, looked_at=self.looked_at)
