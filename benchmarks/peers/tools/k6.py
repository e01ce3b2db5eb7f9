"""k6: load tests written in JavaScript, run in Go."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.peers.arena import IN_FLIGHT, METHOD, PROTO
from benchmarks.peers.tools import Load, Reading, Tool, binary, built

SCRIPT = Path("benchmarks/peers/peer.js")


class K6(Tool):
    """Fifty virtual users; with a rate, as many arrivals a second, dropped where no user is free."""

    name = "k6"
    remark = (
        "k6 cannot share a connection: its fifty users have one each. At a rate, an arrival that finds no free user is "
        "dropped."
    )
    at_half_load = False

    @classmethod
    def absent(cls) -> str | None:
        """Return why it cannot take part."""
        return built("k6")

    def command(self, load: Load) -> Sequence[str | Path]:
        """Return how it is started."""
        del load
        quiet = ("--quiet", "--no-usage-report", "--no-color", "--log-output", "none")
        return [str(binary("k6")), "run", *quiet, "--address", "127.0.0.1:0", str(SCRIPT)]

    def environ(self, load: Load) -> Mapping[str, str]:
        """Return what the script reads; the token comes from its file."""
        return {
            "PEER_TARGET": self.arena.target,
            "PEER_METHOD": METHOD,
            "PEER_PROTO_FOLDER": str(PROTO.resolve().parent),
            "PEER_PROTO": PROTO.name,
            "PEER_TOKEN_FILE": str(self.arena.token_file),
            "PEER_USERS": str(IN_FLIGHT),
            "PEER_FOR_S": f"{load.for_s:g}",
            "PEER_PER_S": f"{load.per_s:g}",
            "GOMAXPROCS": "1",
        }

    def reading(self, output: str) -> Reading:
        """Return what the script's summary says; times are in milliseconds."""
        said = json.loads(output[output.index('{"calls"') :])
        return Reading(said["calls"], said["failed"], said["p50_ms"] / 1e3, said["p99_ms"] / 1e3)
