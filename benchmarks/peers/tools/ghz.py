"""ghz: gRPC benchmarking in Go."""

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.arena import IN_FLIGHT, METHOD, PROTO
from benchmarks.peers.tools import Load, Reading, Tool, binary, built


class Ghz(Tool):
    """One connection, fifty workers; with a rate its calls wait for a free worker unmeasured."""

    name = "ghz"

    @classmethod
    def absent(cls) -> str | None:
        """Return why it cannot take part."""
        return built("ghz")

    def command(self, load: Load) -> Sequence[str | Path]:
        """Return how it is started; its metadata comes from a file."""
        metadata = self.arena.file("ghz-metadata.json", json.dumps({"authorization": self.arena.bearer}))
        rate = ["--rps", f"{load.per_s:g}"] if load.per_s else []
        return [
            *(str(binary("ghz")), "--insecure", "--proto", PROTO, "--call", METHOD, "--data", '{"account":"42"}'),
            *("--metadata-file", metadata, "--connections", "1", "--concurrency", str(IN_FLIGHT), "--cpus", "1"),
            *("--duration", f"{load.for_s:g}s", "--duration-stop", "wait", "--disable-template-functions"),
            *("--disable-template-data", "--format", "json", *rate, self.arena.target),
        ]

    def reading(self, output: str) -> Reading:
        """Return what its JSON says; times are in nanoseconds."""
        said = json.loads(output)
        by_share = {one["percentage"]: one["latency"] / 1e9 for one in said["latencyDistribution"]}
        good = said["statusCodeDistribution"].get("OK", 0)
        return Reading(said["count"], said["count"] - good, by_share[50], by_share[99])
