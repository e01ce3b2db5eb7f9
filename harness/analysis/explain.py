"""Explain: why calls of a run failed, cause by cause, from its auth trace.

Per cause: how many attempts, over which time, what the tokens were like when they left, one
example with its decoded claims, and what to change.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, TextIO

from harness.analysis.columns import Rows
from harness.analysis.merge import NAME, merged
from harness.errors import RecordError
from harness.files import read_lines
from harness.formatting import cause_words, duration, number, plural
from harness.results.failure_details import http_answer
from harness.results.row import Cause, RowKind
from harness.results.run import Run, find_run, read_run
from harness.results.verifier_libraries import spoken_by
from harness.results.verifier_texts import read_text

_SPEAKERS = 4
"""Libraries that are named for a text: what more of them say tells nothing of where it came from."""
_WHOSE = {"token_source": "the issuer of tokens", "transport": "the target"}
"""Who is meant by the origin of a failure to reach somebody."""
_REACHED = {"UNREACHABLE", "CONNECTION_LOST", "DEADLINE"}
_SAMPLES = 10_000
"""Lives and ages that are kept of a cause: enough for a median, and bounded."""


@dataclass
class CauseTally:
    """What the trace says of one cause."""

    cause: str
    count: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    origins: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    details: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    """Answers of something that does not speak gRPC."""
    decisions: Counter[str] = field(default_factory=Counter)
    lives_s: list[float] = field(default_factory=list)
    amounts_s: list[float] = field(default_factory=list)
    """By how much tokens came too late or too early, in the verifier's own words."""
    ages_s: list[float] = field(default_factory=list)
    offsets_s: list[float] = field(default_factory=list)
    example: dict[str, Any] = field(default_factory=dict)

    def add(self, line: dict[str, Any]) -> None:
        """Count one line of the trace."""
        at_s = _number(line.get("t_s")) or 0.0
        if not self.count:
            self.first_s, self.example = at_s, line
        self.count += 1
        self.first_s, self.last_s = min(self.first_s, at_s), max(self.last_s, at_s)
        kept = {
            "origin": self.origins,
            "method": self.methods,
            "details": self.details,
            "decision": self.decisions,
            "reason": self.reasons,
        }
        for name, counter in kept.items():
            value = line.get(name)
            if value and (value in counter or len(counter) < _SAMPLES):
                counter[str(value)] += 1
        samples = {"life_s": self.lives_s, "token_age_s": self.ages_s, "clock_offset_s": self.offsets_s}
        for name, values in samples.items():
            value = _number(line.get(name))
            if value is not None and len(values) < _SAMPLES:
                values.append(value)
        self._read(str(line.get("details") or ""))

    def _read(self, details: str) -> None:
        """Keep what the text of an attempt tells beside its cause."""
        answer, rejection = http_answer(details), read_text(details)
        if answer is not None:
            self.answers[str(answer)] += 1
        elif rejection is not None and rejection.amount_s is not None and len(self.amounts_s) < _SAMPLES:
            self.amounts_s.append(rejection.amount_s)


def run_explain(name: str, reports: Path, out: TextIO | None = None) -> int:
    """Print why calls of a run failed; return 0, whatever they failed of.

    ``name`` is a folder, a build label or ``latest``. Raises `harness.errors.UsageError` for a
    name that fits no run, `RecordError` for one that left no trace.
    """
    run = read_run(find_run(name, reports))
    out = out or sys.stdout
    for line in explain(run):
        out.write(line + "\n")
    return 0


def explain(run: Run) -> list[str]:
    """Return the explanation of a run, line by line."""
    trace = run.path / "auth.ndjson"
    if not trace.exists():
        merged(run)
    if not trace.exists():
        raise RecordError(f"{run.path} has no auth trace (auth-*.ndjson): no call was made, or the files are gone")
    tallies, sampled = tally(trace)
    lines = [f"{run.data.get('scenario')}, build {run.data.get('build')}, run {run.name}", *_never_sent(run)]
    if not tallies:
        return [
            *lines,
            f"No attempt failed; the trace holds {plural(sampled, 'sampled success', 'sampled successes')}.",
        ]
    total = sum(one.count for one in tallies)
    lines.append(f"{plural(total, 'attempt')} failed, for {plural(len(tallies), 'cause')}.")
    lines.append("An attempt that failed need not be a call that failed: a retry may have saved it.")
    for one in tallies:
        lines += ["", *_told(one, total)]
    return lines


def _never_sent(run: Run) -> list[str]:
    """Say how many calls failed without an attempt: the trace knows attempts only, the rows know both."""
    if not (run.path / NAME).exists():
        return []
    counts, stopped = Counter[int](), 0
    for chunk in Rows(run.path).chunks():
        finals = chunk.finals()
        counts.update(finals.cause[finals.kind == RowKind.NOT_SENT].tolist())
        stopped += chunk.stopped().size
    lines = [_without_attempt(Cause(cause), count) for cause, count in counts.most_common()]
    if stopped:
        lines.append(f"{plural(stopped, 'call')} cut by the run's own stop: in no ratio, and nothing to mend.")
    return lines


def _without_attempt(cause: Cause, count: int) -> str:
    words = cause_words(cause.name)
    return f"{plural(count, 'call')} failed without an attempt, never sent: {words.meaning}; {words.advice}."


def tally(trace: Path) -> tuple[list[CauseTally], int]:
    """Return what the trace says of each cause, the most frequent first, and its sampled successes."""
    found: dict[str, CauseTally] = {}
    sampled = 0
    for line in read_lines(trace):
        if "poisoned_by" in line:
            continue  # a negative probe: the report's matrix shows how each was answered
        cause = str(line.get("cause") or "other").upper()
        if cause == "OK":
            sampled += 1
            continue
        found.setdefault(cause, CauseTally(cause)).add(line)
    return sorted(found.values(), key=lambda one: -one.count), sampled


def _told(one: CauseTally, total: int) -> list[str]:
    words = cause_words(one.cause)
    count = f"{number(one.count)} of {plural(total, 'failed attempt')}"
    lines = [
        f"{words.label} ({one.cause}): {count}, from {one.first_s:.2f} s to {one.last_s:.2f} s",
        f"  means    {words.meaning}",
        f"  said by  {_most(one.origins)}",
        *_who(one),
        f"  calls    {_most(one.methods)}",
        f"  details  {_most(one.details)}",
        *_beside(one),
    ]
    if one.lives_s:
        past = sum(life <= 0 for life in one.lives_s)
        lines.append(
            f"  tokens   {duration(median(one.lives_s))} of life left at send (median, by the client's clock), from "
            f"{duration(min(one.lives_s))} to {duration(max(one.lives_s))}; {number(past)} were past their end"
        )
        lines += _hint(one, past)
    if one.ages_s:
        lines.append(f"  age      {duration(median(one.ages_s))} since the token was fetched (median)")
    if one.offsets_s:
        lines.append(f"  clock    offset {duration(median(one.offsets_s))} (median)")
    if one.decisions:
        lines.append(f"  then     the client decided: {_most(one.decisions)}")
    return [*lines, *_example(one.example), f"  change   {words.advice}"]


def _who(one: CauseTally) -> list[str]:
    """Say whose fault it is where the client told it: the issuer's, or that of the way to the target."""
    told = [f"{whose} ({number(one.origins[origin])})" for origin, whose in _WHOSE.items() if one.origins[origin]]
    return [f"  who      {', '.join(told)}"] if told and one.cause in _REACHED else []


def _beside(one: CauseTally) -> Iterator[str]:
    """Say what the server tells beside its texts, and what the texts tell beside their cause."""
    if one.reasons:
        yield f"  reason   {_most(one.reasons)}"
    if one.answers:
        yield f"  answer   {_most(one.answers)}"
    speakers = spoken_by(one.details.most_common(1)[0][0]) if one.details else ()
    if 0 < len(speakers) <= _SPEAKERS:
        yield f"  words    those of {', '.join(speakers)}"
    if one.amounts_s:
        way = "too early" if one.cause == Cause.NOT_YET_VALID.name else "too late"
        yield (
            f"  amount   {duration(median(one.amounts_s))} {way} by the verifier's own words (median), from "
            f"{duration(min(one.amounts_s))} to {duration(max(one.amounts_s))}"
        )


def _hint(one: CauseTally, past: int) -> list[str]:
    """Say what the life left tells of an expiry: whose clock, or whose decision."""
    if one.cause != "EXPIRED":
        return []
    late = "the client sent them too late: it knew their end, or could have known it"
    alive = "by the client's clock they were alive: look at the verifier's clock, or at tokens ended before their exp"
    return [f"           {late if past * 2 > len(one.lives_s) else alive}"]


def _example(line: dict[str, Any]) -> list[str]:
    claims = line.get("claims")
    at = f"call {line.get('call_id')}, attempt {line.get('attempt')}, at {_number(line.get('t_s')) or 0.0:.3f} s"
    lines = [f"  example  {at}: {line.get('method')}, code {line.get('code')}, “{_short(line.get('details'))}”"]
    if isinstance(claims, dict):
        shown = ", ".join(f"{name}={_short(value)}" for name, value in claims.items())
        lines.append(f"           kid={_short(line.get('kid'))}, {shown}")
        window = _window(claims)
        if window:
            lines.append(f"           {window}")
    return lines


def _window(claims: dict[str, Any]) -> str | None:
    """Return how long the token was meant to be valid."""
    start = _number(claims.get("nbf")) or _number(claims.get("iat"))
    end = _number(claims.get("exp"))
    if start is None or end is None:
        return None
    return f"valid for {duration(end - start)} by its own claims"


def _most(counter: Counter[str]) -> str:
    if not counter:
        return "nobody said"
    return ", ".join(f"{_short(value)} ({number(count)})" for value, count in counter.most_common(3))


def _short(value: object) -> str:
    """Return foreign text in one printable line of at most 120 characters."""
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return text if len(text) <= 120 else text[:119] + "…"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
