"""The gateway's process: its commands, its clock, its rows, and how it ends."""

import asyncio
import functools
import inspect
import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

from harness.clock import monotonic_ns
from harness.errors import HarnessError
from harness.lab.clocks.chaos_clock import ChaosClock, number
from harness.lab.control.server import Command, control_app
from harness.lab.gateway.board import FaultBoard
from harness.lab.gateway.faults import GatewayFault
from harness.lab.gateway.gateway import Gateway
from harness.lab.gateway.identity import TokenReader
from harness.lab.gateway.recorder import WireRecorder
from harness.lab.gateway.settings import GatewaySettings, ServerTls, Upstream
from harness.lab.listener import Listener
from harness.lab.proxy.server import allow_many_files
from harness.records import settings_of
from harness.results.wire_journal import WireJournal

FLUSH_EVERY_S = 0.1


class Service:
    """One gateway with its commands; ``stop`` may be called from any thread."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.clock = ChaosClock()
        self._settings = settings
        self._journal = self._recorder = None
        if settings.folder is not None:
            self._journal = WireJournal(settings.folder, settings.number, monotonic_ns())
            tokens = TokenReader(bytes.fromhex(settings.token_key) or os.urandom(32))
            self._recorder = WireRecorder(self._journal, tokens, self.clock, settings.token_metadata)
        self._board = FaultBoard(settings.seed)
        self.gateway = Gateway(settings, self._board, self._recorder.watch if self._recorder is not None else None)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worst_lag_s = 0.0

    # --- its life ----------------------------------------------------------------------------

    async def run(self, on_ready: Callable[[str], None]) -> None:
        """Serve until the process ends; ``on_ready`` gets the control port's URL."""
        allow_many_files()
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGTERM, lambda: asyncio.ensure_future(self._leave()))
        control = Listener(control_app(self._settings.control_secret, self.commands()), self._settings.port)
        await control.open()
        on_ready(control.url)
        while True:
            await self._tick()

    def stop(self) -> None:
        """Drain and write the last rows; returns once that is done. For another thread than the loop's."""
        if self._loop is not None:
            within_s = self._settings.drain_s
            asyncio.run_coroutine_threadsafe(self._end(within_s), self._loop).result(within_s + 1)

    async def _tick(self) -> None:
        due_s = time.monotonic() + FLUSH_EVERY_S
        await asyncio.sleep(FLUSH_EVERY_S)
        self._worst_lag_s = max(self._worst_lag_s, time.monotonic() - due_s)
        if self._recorder is not None:
            self._recorder.flush()

    async def _leave(self) -> None:
        await self._end(self._settings.drain_s)
        os._exit(0)

    async def _end(self, within_s: float) -> int:
        cut = await self.gateway.drain(within_s)
        if self._recorder is not None:
            self._recorder.flush()
        return cut

    # --- commands ----------------------------------------------------------------------------

    def commands(self) -> dict[str, Command]:
        """Return the commands by name."""
        names = ("open_listener", "close_listener", "set_fault", "clear_fault", "drain", "state")
        commands: dict[str, Command] = {name: _in_words(getattr(self, name)) for name in names}
        return commands | {"move_clock": self.clock.order}

    async def open_listener(
        self,
        copy: int,
        listen: str = "127.0.0.1:0",
        tls: Mapping[str, Any] | None = None,
        upstream: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Open a copy's listener; ``address`` in the answer is where."""
        if not isinstance(copy, int) or not 0 <= copy < 1 << 16:
            raise ValueError(f"copy={copy!r} is no number from 0 to 65535")
        address = await self.gateway.open(
            copy,
            listen,
            settings_of(tls, ServerTls, "gateway, the listener's TLS") if tls is not None else None,
            settings_of(upstream, Upstream, "gateway, the listener's upstream") if upstream is not None else None,
        )
        return {"address": address, "at_ns": monotonic_ns()}

    def close_listener(self, copy: int, drain: bool = True) -> dict[str, Any]:
        """Close a copy's listener, and its connections: once their calls are over, or at once."""
        self.gateway.close(copy, drain=drain)
        return {"at_ns": monotonic_ns()}

    def set_fault(self, name: str, fault: Mapping[str, Any], bit: int | None = None) -> dict[str, Any]:
        """Let a fault begin; ``bit`` in the answer is its place in the rows."""
        posted = self._board.post(name, GatewayFault.from_json(fault), bit, self.gateway.tunnels)
        return {"bit": posted.bit, "at_ns": monotonic_ns()}

    def clear_fault(self, name: str) -> dict[str, Any]:
        """Let a fault end."""
        self._board.clear(name, self.gateway.tunnels)
        return {"at_ns": monotonic_ns()}

    async def drain(self, within_s: float) -> dict[str, Any]:
        """Close all listeners, let open calls end within that time, and promise the rows: ``rows`` are stored."""
        cut = await self._end(number("within_s", within_s, 0))
        return {"cut": cut, "rows": self._rows(), "at_ns": monotonic_ns()}

    def state(self) -> dict[str, Any]:
        """Tell what is so now; ``health.lag_s`` is the worst since the last time this was asked."""
        lag_s, self._worst_lag_s = self._worst_lag_s, 0.0
        return {
            "clock": self.clock.state(),
            "listeners": {str(copy): port.address for copy, port in self.gateway.ports.items()},
            "connections": len(self.gateway.tunnels),
            "streams": self.gateway.open_streams,
            "counts": dict(self.gateway.counts),
            "faults": {name: posted.fault.kind for name, posted in self._board.posted.items()},
            "rows": self._rows(),
            "health": {"cpu_s": time.process_time(), "lag_s": lag_s, "at_ns": monotonic_ns()},
        }

    def _rows(self) -> dict[str, Any]:
        if self._journal is None or self._recorder is None:
            return {"written": 0, "lost": 0, "fault": ""}
        return {"written": self._journal.written, "lost": self._journal.lost, "fault": self._recorder.fault}


def _in_words(command: Callable[..., Any]) -> Command:
    """Return a command whose errors of ours are told to whoever gave it."""

    @functools.wraps(command)
    async def carry_out(*arguments: Any, **settings: Any) -> dict[str, Any]:
        try:
            answer = command(*arguments, **settings)
            told: dict[str, Any] = await answer if inspect.isawaitable(answer) else answer
        except HarnessError as error:
            raise ValueError(str(error)) from error
        return told

    return carry_out
