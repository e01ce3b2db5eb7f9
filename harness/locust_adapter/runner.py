"""The crew: the workers of a run, behind a Locust runner."""

from typing import Any

from gevent.event import Event

from harness.protocol.messages import ToWorker, packed

LOCAL = "local"
"""The member that stands for a local runner: its own worker."""
STOP_WITHIN_S = 90.0
_BUSY = {"spawning", "running", "cleanup", "stopping"}
"""Locust's states in which there are users."""


class LocustRunner:
    """The workers behind a Locust runner (`harness.conductor.workers.Runner`)."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self.stopping = False
        """Whether anybody has begun to stop the users."""
        self._stopped = Event()

    def members(self) -> list[str]:
        """Return the ids of the ready workers; the local runner is its own."""
        clients = getattr(self._environment.runner, "clients", None)
        if clients is None:
            return [LOCAL]
        return [client.id for client in clients.ready + clients.spawning + clients.running]

    def send(self, message: ToWorker, member: str | None = None) -> None:
        """Send a message to one worker, or to all."""
        self._environment.runner.send_message(*packed(message), client_id=None if member == LOCAL else member)

    def note_stopping(self) -> None:
        """Note that Locust has begun to stop the users."""
        self.stopping = True

    def note_stopped(self) -> None:
        """Note that all users have stopped."""
        self._stopped.set()

    def stop(self) -> None:
        """Stop all users, or wait until whoever began it has; without users there is nothing to stop."""
        runner = self._environment.runner
        if not self.stopping:
            self.stopping = True
            if runner.state not in _BUSY:
                return  # Locust would not say that it stopped: the run was still starting
            runner.stop()
        self._stopped.wait(timeout=STOP_WITHIN_S)
