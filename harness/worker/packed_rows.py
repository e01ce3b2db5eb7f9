"""Made: rows that the native transport packed by itself, as a worker tells of them."""

import struct
from collections import Counter
from collections.abc import Iterator, Mapping

from harness.calls.attempt import Arrival, Attempt
from harness.results.row import ROW, Cause, Origin, RowKind
from harness.results.treatment import TokenTreatment, treatment
from harness.tokens.refresh import Decision
from harness.tokens.token import Token

_TIMES = struct.Struct("<16xiii24x")
"""Lag, wait and latency of a row, in µs."""
_JUDGED_BY = struct.Struct("<q20xi4xIB9xBB")
"""When a row's call was due (monotonic ns), its token's life left (ms), messages, kind, origin and cause."""
_METHODS = struct.Struct("<44xH6x")
"""The journal's number of a row's method."""
_KIND, _CAUSE = 40, 51
"""Where in a row these bytes are (`harness.results.row.FIELDS`)."""


class PackedRows:
    """Packed rows; ``names`` has each method's name by the journal's number."""

    def __init__(self, rows: bytes, names: Mapping[int, str]) -> None:
        self._rows = rows
        self._names = names
        self._kinds = rows[_KIND :: ROW.size]

    def live(self) -> Counter[str]:
        """Return the live counts of the rows, as `harness.worker.recorder.Recording.live` has them."""
        unsent = zip(self._kinds, self._rows[_CAUSE :: ROW.size], strict=True)
        causes = Counter(Cause(cause).name.lower() for kind, cause in unsent if kind == RowKind.NOT_SENT)
        counts = Counter({f"{Origin.GENERATOR.name.lower()}/{cause}": count for cause, count in causes.items()})
        if good := self._kinds.count(RowKind.CALL):
            counts["ok"] = good
        return counts

    def taken_since(self, zero_ns: int) -> Iterator[TokenTreatment]:
        """Yield how the token of each call that was due from a moment on was taken."""
        for due_ns, life_ms, messages, kind, origin, cause in _JUDGED_BY.iter_unpack(self._rows):
            if kind == RowKind.CALL and due_ns >= zero_ns:
                yield treatment(life_ms, origin, cause, messages)

    def response_s(self) -> Iterator[tuple[str, list[float]]]:
        """Yield the response times of calls, in seconds, by the method's name."""
        times = [sum(three) / 1e6 for three in _TIMES.iter_unpack(self._rows)]
        methods = [method for (method,) in _METHODS.iter_unpack(self._rows)]
        for number in set(methods):
            of_calls = [
                time
                for time, kind, method in zip(times, self._kinds, methods, strict=True)
                if method == number and kind == RowKind.CALL
            ]
            if of_calls:
                yield self._names[number], of_calls

    def attempt(self, row: int, token: Token) -> Attempt:
        """Return one row's call as an attempt, for the auth trace."""
        found = ROW.unpack_from(self._rows, row * ROW.size)
        intended_ns, call_id, lag_us, wait_us, latency_us, life_ms = found[:6]
        taken_ns = intended_ns + lag_us * 1000
        sent_ns = taken_ns + wait_us * 1000
        return Attempt(
            Arrival(call_id, intended_ns, taken_ns),
            nth=0,
            number=0,
            method=self._names[found[12]],
            sent_ns=sent_ns,
            end_ns=sent_ns + latency_us * 1000,
            token=token,
            decision=Decision.USE,
            now_s=token.ends_s - life_ms / 1e3,
            messages=1,
            code=0,
        )
