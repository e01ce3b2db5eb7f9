"""fortio: Istio's load generator in Go."""

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers.arena import IN_FLIGHT
from benchmarks.peers.tools import Load, Reading, Tool, binary, built

_SERVING = "1"
"""The status code of a good health check, as fortio counts them."""


class Fortio(Tool):
    """One connection, fifty streams; latency from the actual start."""

    name = "fortio"
    remark = (
        "fortio calls `grpc.health.v1.Health/Check`, the only verified method of this target that it can call; the "
        "messages are as small. It takes metadata from its command line only."
    )

    @classmethod
    def absent(cls) -> str | None:
        """Return why it cannot take part."""
        return built("fortio")

    def command(self, load: Load) -> Sequence[str | Path]:
        """Return how it is started."""
        return [
            *(str(binary("fortio")), "load", "-grpc", "-c", "1", "-s", str(IN_FLIGHT), "-qps", f"{load.per_s:g}"),
            *("-t", f"{load.for_s:g}s", "-p", "50,99", "-r", "0.0001", "-json", "-", "-loglevel", "Error"),
            *("-H", f"authorization:{self.arena.bearer}", self.arena.target),
        ]

    def reading(self, output: str) -> Reading:
        """Return what its JSON says."""
        said = json.loads(output[output.index("{") :])
        histogram = said["DurationHistogram"]
        by_share = {one["Percentile"]: one["Value"] for one in histogram["Percentiles"]}
        good = sum(count for code, count in said["RetCodes"].items() if code in {_SERVING, "SERVING"})
        return Reading(histogram["Count"], histogram["Count"] - good, by_share[50], by_share[99])
