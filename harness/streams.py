"""Streams that outlived their token, out of the auth trace: when they were cut, and when their users came back."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.calls import Cause
from harness.measures import Lag
from harness.runs import Run, read_lines
from harness.wording import plural

_REJECTED = Cause.EXPIRED.name.lower(), Cause.REVOKED.name.lower()
Place = tuple[int, int, int]
"""Worker, arrival, and the call's place in its task."""


def stream_lags(run: Run) -> Iterator[Lag]:
    """Yield the longest time that a stream went on after its token's end, and that its user took to open the next."""
    lines = [line for line in read_lines(run.path / "auth.ndjson") if _is_stream(line)]
    outlived = [(lag_s, line) for line in lines if (lag_s := _outlived_s(line)) > 0]
    if outlived:
        late = sum(int(line["after_expiry"]) for _, line in outlived)
        note = f"{plural(len(outlived), 'stream')} outlived it, with {plural(late, 'message')} after its end"
        yield Lag("stream cut", None, round(max(lag_s for lag_s, _ in outlived), 3), len(outlived), note)
    waits_s = list(_reconnects_s(lines))
    if waits_s:
        yield Lag("reconnect", None, round(max(waits_s), 3), len(waits_s), plural(len(waits_s), "reconnect"))


def _is_stream(line: Mapping[str, Any]) -> bool:
    return line.get("after_expiry") is not None and line.get("life_s") is not None and line.get("t_s", 0) >= 0


def _outlived_s(line: Mapping[str, Any]) -> float:
    return float(line["latency_s"]) - float(line["life_s"])


def _reconnects_s(lines: list[dict[str, Any]]) -> Iterator[float]:
    """Yield for each stream that was cut with its token how long its task took to open another."""
    opened_s = {_place(line): float(line["t_s"]) for line in lines if line.get("attempt", 0) == 0}
    for line in lines:
        if line.get("cause") in _REJECTED and line.get("messages"):
            worker, call_id, nth = _place(line)
            after_s = opened_s.get((worker, call_id, nth + 1))
            if after_s is not None:
                yield max(after_s - float(line["t_s"]) - float(line["latency_s"]), 0.0)


def _place(line: Mapping[str, Any]) -> Place:
    return int(line.get("worker", 0)), int(line.get("call_id", -1)), int(line.get("nth", 0))
