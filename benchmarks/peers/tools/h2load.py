"""h2load: nghttp2's load generator, in C; it knows HTTP/2, and nothing of gRPC."""

import shutil
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.peers.arena import IN_FLIGHT, METHOD
from benchmarks.peers.tools import Load, Reading, Tool
from harness.lab.proto import ledger_pb2


class H2load(Tool):
    """One connection, fifty streams, one frame made beforehand: what a call costs when nobody encodes or decodes it."""

    name = "h2load"
    remark = (
        "h2load sends bytes that were made beforehand and does not read `grpc-status`: it is here as what HTTP/2 alone "
        "costs, not as a gRPC tool. It takes metadata from its command line only."
    )

    @classmethod
    def absent(cls) -> str | None:
        """Return why it cannot take part."""
        return None if shutil.which("h2load") else "h2load is not installed (Debian: apt-get install nghttp2-client)"

    def command(self, load: Load) -> Sequence[str | Path]:
        """Return how it is started."""
        message = ledger_pb2.BalanceRequest(account="42").SerializeToString()
        body = self.arena.file("h2load-body", struct.pack(">BI", 0, len(message)) + message)
        self._log.unlink(missing_ok=True)
        rate = ["--rps", f"{load.per_s:g}"] if load.per_s else []
        headers = ("content-type: application/grpc", "te: trailers", f"authorization: {self.arena.bearer}")
        return [
            *("h2load", "--clients", "1", "--max-concurrent-streams", str(IN_FLIGHT), "--threads", "1"),
            *("--duration", f"{max(round(load.for_s), 1)}", "--data", str(body)),
            *("--log-file", str(self._log), *rate),
            *(part for header in headers for part in ("--header", header)),
            f"http://{self.arena.target}/{METHOD}",
        ]

    def reading(self, output: str) -> Reading:
        """Return what its log says: a line per request, with HTTP's status and microseconds."""
        del output
        lines = np.loadtxt(self._log, dtype=np.int64, delimiter="\t", usecols=(1, 2), ndmin=2)
        good = lines[lines[:, 0] == 200, 1]
        if not len(good):
            raise ValueError("no request was answered")
        p50_us, p99_us = np.quantile(good, (0.5, 0.99))
        return Reading(len(lines), len(lines) - len(good), p50_us / 1e6, p99_us / 1e6)

    @property
    def _log(self) -> Path:
        return self.arena.token_file.parent / "h2load.log"
