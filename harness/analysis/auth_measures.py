"""Gauges: fold a run's rows into its measures of authentication, in one pass and bounded memory.

Poisoned calls are found by the bits of their steps; all else is counted without them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.analysis.amplification import amplification
from harness.analysis.columns import Bools, batches, numbered
from harness.analysis.phases import Window
from harness.analysis.stream_lags import stream_lags
from harness.files import read_lines
from harness.results.auth_summary import FalseRejects, Lag, Measures, ProbeOutcome
from harness.results.grpc_status import numbers, status, worth
from harness.results.histogram import Ints
from harness.results.poison import Poison
from harness.results.proportion import Share
from harness.results.row import JUDGED, Cause, Kind, Origin
from harness.results.run import Run
from harness.results.summary import Phase, Summary
from harness.results.treatment import Treatment, treatment

_NUMBERS = ["intended_us", "lag_us", "wait_us", "latency_us", "life_ms", "steps", "messages"]
_COLUMNS = [*_NUMBERS, "kind", "code", "origin", "cause"]
_NO_SPAN: tuple[tuple[float, float], ...] = ()

_TREATMENTS = np.array(
    [
        [[[treatment(life_ms, origin, cause, messages) for messages in (0, 1)] for cause in Cause] for origin in Origin]
        for life_ms in (0, 1)
    ],
    np.int64,
)
"""`treatment` of all that it can be asked: by whether life was left, origin, cause, and whether messages came."""


@dataclass(frozen=True)
class Attempts:
    """Attempts of a run, each column of shape (n,); times in seconds from zero."""

    due_s: npt.NDArray[np.float64]
    sent_s: npt.NDArray[np.float64]
    took_s: npt.NDArray[np.float64]
    life_s: npt.NDArray[np.float64]
    steps: Ints
    messages: Ints
    code: Ints
    origin: Ints
    cause: Ints

    @property
    def treatment(self) -> Ints:
        """Return how their tokens were taken (`harness.results.treatment`)."""
        found: Ints = _TREATMENTS[
            (self.life_s > 0).astype(np.int64), self.origin, self.cause, (self.messages > 0).astype(np.int64)
        ]
        return found

    def where(self, mask: Bools) -> "Attempts":
        """Return the attempts that a mask keeps."""
        return Attempts(**{name: column[mask] for name, column in vars(self).items()})


def measure(run: Run, summary: Summary, found: Sequence[Window]) -> Measures:
    """Return the measures of a run whose other numbers are known."""
    poison = Poison.of(run.steps)
    bits, mask = poison.bits, poison.mask
    probes = {step: Counter[int]() for step in bits}
    rejects = [_Rejects(phase, _leeway_s(run)) for phase in summary.phases]
    lags = [_LagOf(window, meter, run) for window in found for meter in _meters(run, window)]
    flights = Counter[str]()
    for attempts in _attempts(run):
        bad = (attempts.steps & mask) != 0
        for step, bit in bits.items():
            chosen = attempts.where(((attempts.steps & bit) != 0) & (attempts.due_s >= 0))
            probes[step].update(chosen.code.tolist())
        good = attempts.where(~bad)
        for reject in rejects:
            reject.count(good)
        for lag in lags:
            lag.count(good)
        _count_flights(flights, good)
    told = _told(run, bits)
    return Measures(
        probes=tuple(
            _probe(step, probes[identity], told[identity])
            for step in run.steps
            if (identity := str(step["id"])) in bits
        ),
        rejects=tuple(reject.result() for reject in rejects),
        amplification=amplification(run, summary, flights),
        lags=(*(lag.result() for lag in lags), *stream_lags(run)),
    )


def _attempts(run: Run) -> Iterator[Attempts]:
    for batch in batches(run.path, _COLUMNS):
        sent = numbered(batch.column("kind"), lambda name: int(Kind[name])) == Kind.CALL
        plain = {name: batch.column(name).to_numpy(zero_copy_only=False)[sent] for name in _NUMBERS}
        due_us = plain["intended_us"].astype(np.float64)
        yield Attempts(
            due_s=due_us / 1e6,
            sent_s=(due_us + plain["lag_us"] + plain["wait_us"]) / 1e6,
            took_s=plain["latency_us"] / 1e6,
            life_s=plain["life_ms"].astype(np.float64) / 1e3,
            steps=plain["steps"].astype(np.int64),
            messages=plain["messages"].astype(np.int64),
            code=batch.column("code").to_numpy()[sent].astype(np.int64),
            origin=numbered(batch.column("origin"), lambda name: int(Origin[name]))[sent],
            cause=numbered(batch.column("cause"), lambda name: int(Cause[name]))[sent],
        )


Told = Counter[tuple[str, int, str]]
"""How often the trace tells of a specimen, a status and a method: all poisoned calls where specimens differ, else the
wrong answers. Counted and not kept, for a run may poison millions."""


def _told(run: Run, bits: Mapping[str, int]) -> dict[str, Told]:
    """Return what the trace tells of the calls that each step poisoned."""
    found = {step: Told() for step in bits}
    for line in read_lines(run.path / "auth.ndjson") if bits else ():
        if "poisoned_by" not in line or line.get("t_s", 0) < 0:
            continue
        key = str(line["poisoned_by"]), int(line.get("code", -1)), str(line.get("method", ""))
        for step, bit in bits.items():
            if int(line.get("steps", 0)) & bit:
                found[step][key] += 1
    return found


def _probe(step: Any, codes: Counter[int], told: Told) -> ProbeOutcome:
    expects = tuple(str(name) for name in step["expects"])
    right = numbers(expects)
    worths = Counter[str]()
    for code, count in codes.items():
        worths[worth(code, right)] += count
    sent = sum(codes.values())
    return ProbeOutcome(
        step=str(step["id"]),
        fault=str(step["fault"]),
        text=str(step["text"]),
        expects=expects,
        sent=sent,
        codes={status(code): count for code, count in codes.most_common()},
        wrong=_wrong(told, right),
        answers=_answers(told),
        naked=_naked(told),
        false_accepts=Share.counted(worths["accepted"], sent),
        **{name: worths[name] for name in ("right", "accepted", "crashed", "other")},
    )


def _wrong(told: Told, right: frozenset[int]) -> dict[str, int]:
    """Return the wrong answers to poisoned calls, by what they carried."""
    found = Counter[str]()
    for (specimen, code, _), count in told.items():
        if code not in right:
            found[f"{specimen}: {status(code)}"] += count
    return dict(found.most_common(20))


def _answers(told: Told) -> dict[str, dict[str, int]]:
    """Return how often each specimen got each status."""
    found: dict[str, Counter[str]] = {}
    for (specimen, code, _), count in told.items():
        if specimen:
            found.setdefault(specimen, Counter())[status(code)] += count
    return {specimen: dict(found[specimen].most_common()) for specimen in sorted(found)}


def _naked(told: Told) -> dict[str, int]:
    """Return how many poisoned calls each method let in."""
    found = Counter[str]()
    for (_, code, method), count in told.items():
        if code == 0:
            found[method] += count
    return dict(found.most_common())


def _leeway_s(run: Run) -> float | None:
    """Return the verifier's leeway where its clock is the callers' own; None where nobody can tell."""
    lab = run.data.get("lab")
    return None if not lab or run.data.get("clocks") or run.data.get("endpoint") else float(lab.get("leeway_s", 0.0))


class _Rejects:
    """Counts the living tokens of one phase that were turned away."""

    def __init__(self, phase: Phase, leeway_s: float | None) -> None:
        self._phase = phase
        self._leeway_s = leeway_s
        self._alive = self._revoked = self._must = 0
        self._causes = Counter[int]()

    def count(self, attempts: Attempts) -> None:
        inside = np.zeros(attempts.due_s.size, bool)
        for from_s, until_s in self._phase.spans or _NO_SPAN:
            inside |= (attempts.due_s >= from_s) & (attempts.due_s < until_s)
        taken = np.bincount(attempts.treatment[inside], minlength=len(Treatment))
        self._alive += int(taken.sum() - taken[Treatment.NOT_JUDGED])
        self._revoked += int(taken[Treatment.REVOKED])
        refused = attempts.where(inside & (attempts.treatment == Treatment.REJECTED))
        self._causes.update(refused.cause.tolist())
        if self._leeway_s is not None:
            in_time = refused.life_s - refused.took_s + self._leeway_s > 0
            self._must += int((in_time & (refused.cause != Cause.NOT_YET_VALID)).sum())

    def result(self) -> FalseRejects:
        rejected = sum(self._causes.values())
        return FalseRejects(
            self._phase.name,
            alive=self._alive,
            rejected=rejected,
            revoked=self._revoked,
            must_accept=self._must,
            grey=rejected - self._must,
            causes={Cause(cause).name: count for cause, count in self._causes.most_common()},
            share=Share.counted(rejected, self._alive - self._revoked),
        )


def _meters(run: Run, window: Window) -> Sequence[Any]:
    step = next((one for one in run.steps if str(one["id"]) == window.step), {})
    return step.get("meters", ()) if window.from_s is not None else ()


class _LagOf:
    """Measures one lag from the real start of a step."""

    def __init__(self, window: Window, meter: Any, run: Run) -> None:
        self._step, self._from_s = window.step, window.from_s or 0.0
        self._of, self._until, self._cause = meter["of"], meter["until"], meter.get("cause") or "OK"
        self._life_s = float(dict(run.data.get("tokens") or {}).get("lifetime_s") or 0.0)
        self._last_s = self._from_s
        self._seen = self._old = 0

    def count(self, attempts: Attempts) -> None:
        after = attempts.where(attempts.sent_s >= self._from_s)
        if self._until == "turned away":
            told = after.where(after.cause == Cause[self._cause])
            ends = told.sent_s + told.took_s
            self._old += after.sent_s.size
        else:
            # Claims are whole seconds: a token is surely older only where it was minted a second before.
            old = after.where(after.sent_s + after.life_s - self._life_s + 1 <= self._from_s)
            self._old += int(np.isin(old.origin, JUDGED).sum())
            told = old.where(old.origin == Origin.NONE)
            ends = told.sent_s
        self._seen += told.sent_s.size
        self._last_s = max(self._last_s, float(ends.max(initial=self._from_s)))

    def result(self) -> Lag:
        if not self._old:
            return Lag(self._of, self._step, None, 0, "no token was sent that could tell")
        return Lag(self._of, self._step, round(self._last_s - self._from_s, 6), self._seen)


def _count_flights(flights: Counter[str], attempts: Attempts) -> None:
    """Count tokens that were alive when they left, and dead when they were judged; in microseconds."""
    alive = attempts.where((attempts.due_s >= 0) & (attempts.treatment != Treatment.NOT_JUDGED))
    flights["sent"] += alive.due_s.size
    flights["delay_us"] += int(alive.took_s.sum() * 1e6)
    expired = (alive.treatment == Treatment.REJECTED) & (alive.cause == Cause.EXPIRED)
    died = expired & (alive.life_s < alive.took_s)
    flights["died"] += int(died.sum())
