"""Streams that outlived their token, out of the auth trace: when they were cut, and when their users came back.

Each method tells its own, for a server may guard one kind of stream and forget another.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.formatting import number, plural
from harness.results.auth_summary import Lag
from harness.results.grpc_status import status
from harness.results.row import Cause

_REJECTED = Cause.EXPIRED.name.lower(), Cause.REVOKED.name.lower()
Place = tuple[int, int, int]
"""Worker, arrival, and the call's place in its task."""


class StreamLags:
    """The longest time that streams went on after their token's end, and that their users took to open the next."""

    def __init__(self) -> None:
        self._methods: defaultdict[str, _Streams] = defaultdict(_Streams)

    def hear(self, line: Mapping[str, Any]) -> None:
        """Take a line of the trace."""
        if line.get("after_expiry") is not None and line.get("life_s") is not None and line.get("t_s", 0) >= 0:
            self._methods[str(line.get("method", ""))].count(line)

    def result(self) -> Iterator[Lag]:
        """Yield one lag of each kind for every method that has one; methods are sorted."""
        for method in sorted(self._methods):
            yield from self._methods[method].lags(method.rpartition("/")[2])


@dataclass
class _Streams:
    """Counts streams in the order in which they ended; so one that was cut comes before the next of its task."""

    outlived: int = 0
    late: int = 0
    longest_s: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)
    """How the streams ended that outlived their token."""
    back: int = 0
    slowest_s: float = 0.0
    _cut_s: dict[Place, float] = field(default_factory=dict)
    """When streams were cut whose users are not back yet."""

    def count(self, line: Mapping[str, Any]) -> None:
        """Count one stream; one that was opened with a dead token has nothing to outlive."""
        life_s = float(line["life_s"])
        outlived_s = float(line["latency_s"]) - life_s
        outlived = outlived_s > 0 and life_s > 0
        if outlived:
            self.outlived += 1
            self.late += int(line["after_expiry"])
            self.longest_s = max(self.longest_s, outlived_s)
            self.codes[status(int(line.get("code", -1)))] += 1
        worker, call_id, nth = int(line.get("worker", 0)), int(line.get("call_id", -1)), int(line.get("nth", 0))
        cut_s = self._cut_s.pop((worker, call_id, nth - 1), None) if line.get("attempt", 0) == 0 else None
        if cut_s is not None:
            self.back += 1
            self.slowest_s = max(self.slowest_s, float(line["t_s"]) - cut_s)
        if line.get("cause") in _REJECTED and line.get("messages"):
            self._cut_s[worker, call_id, nth] = float(line["t_s"]) + float(line["latency_s"])

    def lags(self, method: str) -> Iterator[Lag]:
        """Yield what was seen of a method."""
        if self.outlived:
            late = plural(self.late, "message")
            codes = ", ".join(f"{code} {number(count)}" for code, count in self.codes.most_common())
            note = f"{method}: {plural(self.outlived, 'stream')} outlived it, with {late} after its end; ended {codes}"
            yield Lag("stream cut", None, round(self.longest_s, 3), self.outlived, note)
        if self.back:
            note = f"{method}: {plural(self.back, 'reconnect')}"
            yield Lag("reconnect", None, round(self.slowest_s, 3), self.back, note)
