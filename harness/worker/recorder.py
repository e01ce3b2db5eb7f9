"""The recording: what one worker writes down of its calls, and whom it tells of them meanwhile.

Every attempt, token fetch and unsent arrival becomes a row of the journal, and all failures with a
sample of the rest a line of the auth trace; live counts and watchers hear of each at once. Where the
disk refuses, recording ends; what comes until the run has ended, too, is counted as lost.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness import clock
from harness.calls.attempt import Arrival, Attempt, AttemptRecorder, Client
from harness.calls.trace import AuthTrace
from harness.errors import HarnessError, TokenError
from harness.protocol.live_measures import POISONED, Tallied
from harness.redaction import redact
from harness.results.call_journal import Journal, told_apart
from harness.results.grpc_status import worth
from harness.results.promise import Promise
from harness.results.row import MAX_US, NO_LIFE, ROW, Cause, Flag, Origin, RowKind
from harness.tokens.token import Token
from harness.worker.packed_rows import PackedRows

TOKEN_METHOD = "token"  # noqa: S105 - the name of a row's method
NO_METHOD = "not sent"


@dataclass(frozen=True)
class Watchers:
    """Who is told of what happens: Locust's live page, and the conductor when recording fails."""

    on_call: Callable[[Attempt], None]
    on_calls: Callable[[str, Sequence[float]], None]
    """Good calls of one method that the transport made by itself: their response times in seconds."""
    on_fetch: Callable[[float, TokenError | None], None]
    on_error: Callable[[HarnessError], None]


class Recording:
    """The rows, trace and counts of worker number ``worker``, in the folder ``run``; a `AttemptRecorder` of attempts.

    Raises `RecordError` where the files cannot be made.
    """

    def __init__(self, run: Path, worker: int, watchers: Watchers) -> None:
        self.zero_ns = 0
        """The end of the warm-up (monotonic), once it is known."""
        self.live: Counter[str] = Counter()
        """Final calls by ``origin/cause``, poisoned ones by their worth, and ``fetches``, so far."""
        self._tallied = Tallied()
        self.broken: HarnessError | None = None
        """What ended the recording, if anything did."""
        self._watchers = watchers
        self._worker = worker
        self._journal = Journal(run, worker)
        self._trace = AuthTrace(run, worker)
        self._methods: dict[tuple[str, str], int] = {}
        self._token_method = self._journal.method(TOKEN_METHOD)
        self.no_method = self._journal.method(NO_METHOD)
        """The journal's number of the method of what was not sent."""
        self._lost = 0

    def at(self, address: str) -> AttemptRecorder:
        """Return where a user's attempts go; ``address`` tells apart what a target has several of, else it is empty."""
        return _AtAddress(self, address) if address else self

    def method(self, path: str, address: str) -> int:
        """Return the journal's number of a method at an address."""
        number = self._methods.get((path, address))
        if number is None:
            number = self._journal.method(told_apart(path.lstrip("/"), address))
            self._methods[path, address] = number
        return number

    def attempt(self, attempt: Attempt, *, final: bool, address: str = "") -> None:
        """Record an attempt that has ended (see `harness.calls.attempt.AttemptRecorder`)."""
        arrival = attempt.arrival
        arrival.finals += final
        method = self.method(attempt.method, address)
        taken_ns, sent_ns, life_ms = arrival.taken_ns, attempt.sent_ns, attempt.life_ms()
        self._add(
            arrival.intended_ns,
            arrival.call_id,
            _us(taken_ns - arrival.intended_ns),
            _us(sent_ns - taken_ns),
            _us(attempt.end_ns - sent_ns),
            life_ms,
            attempt.steps,
            attempt.messages,
            RowKind.CALL,
            attempt.nth,
            attempt.number,
            arrival.flags | final,
            method,
            attempt.code,
            attempt.origin,
            attempt.cause,
        )
        if arrival.intended_ns >= self.zero_ns:
            self._tallied.attempt(attempt, life_ms, final=final)
        if attempt.notable or self._trace.wants():
            self._write_trace(attempt)
        if final:
            self._count(attempt)
            self._watchers.on_call(attempt)

    def fetched(self, start_ns: int, end_ns: int, error: TokenError | None, life_s: float = math.inf) -> None:
        """Record a token fetch that has ended; times are monotonic, ``life_s`` is what the issuer gave the token."""
        origin, cause = (Origin.TOKEN_SOURCE, Cause[error.cause]) if error else (Origin.NONE, Cause.OK)
        self._add(
            start_ns, -1, 0, 0, _us(end_ns - start_ns), _issued_ms(life_s), 0, 0,
            RowKind.FETCH, 0, 0, Flag.FINAL, self._token_method, -1, origin, cause,
        )  # fmt: skip
        self.live["fetches"] += 1
        self._tallied.fetches += start_ns >= self.zero_ns
        self._watchers.on_fetch((end_ns - start_ns) / 1e9, error)

    def not_sent(self, arrival: Arrival, cause: Cause) -> None:
        """Record an arrival that was due and never left."""
        lag_us = _us((arrival.taken_ns or clock.monotonic_ns()) - arrival.intended_ns)
        self._add(
            arrival.intended_ns, arrival.call_id, lag_us, 0, 0, NO_LIFE, 0, 0,
            RowKind.NOT_SENT, 0, 0, arrival.flags | Flag.FINAL, self.no_method, -1, Origin.GENERATOR, cause,
        )  # fmt: skip
        self.live[f"generator/{cause.name.lower()}"] += 1

    def absorb(self, rows: bytes, samples: Sequence[tuple[int, Token]]) -> None:
        """Record what the transport made by itself: rows, live counts, page and trace."""
        if not rows:
            return
        if self.broken is None:
            self._guard(partial(self._journal.append, rows))
        if self.broken is not None:
            self._lost += len(rows) // ROW.size
        names = {number: path.lstrip("/") for (path, _), number in self._methods.items()}
        made = PackedRows(rows, names)
        self.live.update(made.live())
        self._tallied.finals(made.taken_since(self.zero_ns))
        for name, seconds in made.response_s():
            self._watchers.on_calls(name, seconds)
        for row, token in samples:
            self._write_trace(made.attempt(row, token))

    def since_zero(self, clients: Iterable[Client]) -> dict[str, int]:
        """Return the counters of the live measures (`harness.protocol.live_measures`) for the worker's ``clients``."""
        return self._tallied.counts(clients)

    def flush(self) -> None:
        """Put rows and trace on disk."""
        self._guard(self._journal.flush)
        self._guard(self._trace.flush)

    def close(self) -> None:
        """Put the rest on disk and close the files; what comes later is lost, and counted."""
        for closable in (self._journal, self._trace):
            self._guard(closable.close)

    def promise(self) -> Promise:
        """Return the rows in the journal, how many were lost, and why."""
        return Promise(
            self._worker,
            rows=self._journal.written,
            lost=self._lost + self._journal.pending,
            error=str(self.broken) if self.broken else None,
        )

    def _add(self, *row: int) -> None:
        if self.broken is not None:
            self._lost += 1
            return
        try:
            self._journal.add(*row)
        except HarnessError as error:
            self._break(error)

    def _count(self, attempt: Attempt) -> None:
        origin, cause = attempt.origin, attempt.cause
        if attempt.expects:
            self.live[f"{POISONED}{worth(attempt.code, attempt.expects)}"] += 1
        else:
            self.live["ok" if cause is Cause.OK else f"{origin.name.lower()}/{cause.name.lower()}"] += 1

    def _write_trace(self, attempt: Attempt) -> None:
        token = attempt.token
        now_s = clock.monotonic()
        self._trace.add(
            attempt.sent_ns,
            token,
            call_id=attempt.arrival.call_id,
            nth=attempt.nth,
            attempt=attempt.number,
            method=attempt.method.lstrip("/"),
            code=attempt.code,
            origin=attempt.origin.name.lower(),
            cause=attempt.cause.name.lower(),
            details=redact(attempt.details),
            life_s=_finite(token.life_s(attempt.now_s)) if token else None,
            token_age_s=round(now_s - token.obtained_s, 3) if token else None,
            decision=attempt.decision,
            latency_s=(attempt.end_ns - attempt.sent_ns) / 1e9,
            steps=attempt.steps,
            **attempt.failure_details.shown(),
            **attempt.of_poison(),
            **attempt.of_stream(),
        )

    def _guard(self, step: Callable[[], None]) -> None:
        try:
            step()
        except HarnessError as error:
            self._break(error)

    def _break(self, error: HarnessError) -> None:
        if self.broken is None:
            self.broken = error
            self._watchers.on_error(error)


@dataclass(frozen=True)
class _AtAddress:
    """Record the attempts of a user under the address that it calls."""

    recording: Recording
    address: str

    def attempt(self, attempt: Attempt, *, final: bool) -> None:
        """Record an attempt that has ended."""
        self.recording.attempt(attempt, final=final, address=self.address)


def _finite(seconds: float) -> float | None:
    return round(seconds, 3) if math.isfinite(seconds) else None


def _issued_ms(life_s: float) -> int:
    """Return a token's whole life as a row holds it; one without an end has none."""
    return round(life_s * 1e3) if abs(life_s) * 1e3 < MAX_US else NO_LIFE


def _us(ns: int) -> int:
    return min(max(ns // 1000, 0), MAX_US)
