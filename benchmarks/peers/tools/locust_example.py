"""Locust with the gRPC user of its own documentation (`benchmarks.rig.stock`)."""

import json
import sys
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path

from benchmarks.peers.arena import IN_FLIGHT
from benchmarks.peers.tools import Load, Reading, Tool

FILE = Path("benchmarks/loads/peers_stock.py")


class LocustExample(Tool):
    """Fifty users; with a rate each of them waits `constant_pacing`, for Locust has no arrivals of its own."""

    name = "locust's example"
    remark = "Locust's example is written anew after its documentation (Testing other systems/protocols)."
    at_half_load = False

    def command(self, load: Load) -> Sequence[str | Path]:
        """Return how it is started."""
        users = str(IN_FLIGHT)
        options = ("--headless", "--only-summary", "-u", users, "-r", users, "-t", f"{ceil(load.for_s)}s")
        return [sys.executable, "-m", "locust", "-f", str(FILE), *options]

    def environ(self, load: Load) -> Mapping[str, str]:
        """Return the arena, and how long a user waits between the starts of two calls."""
        pause_s = IN_FLIGHT / load.per_s if load.per_s else 0.0
        return {**self.arena.environ(), "PEER_PACING_S": f"{pause_s:g}", "PYTHONPATH": str(Path.cwd())}

    def reading(self, output: str) -> Reading:
        """Return what its users told at the end."""
        told = next((line for line in reversed(output.splitlines()) if line.startswith('{"calls"')), None)
        if told is None:
            raise ValueError(f"it told no result: {output[-300:]}")
        return Reading(**json.loads(told))
