"""A run's folder with the rows of a seeded storm, written by the real journal: what the report's tests read.

The storm is the one of ``expiry-storm``: all tokens die at 15 s, the issuer is slow from 30 s to
45 s, and all tokens die again at 32 s.
"""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.results.call_journal import Journal
from harness.results.row import MAX_US, NO_LIFE, Cause, Flag, Origin, RowKind

ZERO_NS = 1_000_000_000_000
METHODS = ("token", "not sent", "jwtstorm.lab.v1.Ledger/GetBalance", "jwtstorm.lab.v1.Ledger/Transfer")
STEPS: tuple[dict[str, Any], ...] = (
    {
        "id": "15-expire_all",
        "fault": "expire_all",
        "at_s": 15.0,
        "until_s": None,
        "text": "every token expires",
    },
    {"id": "30-latency", "fault": "latency", "at_s": 30.0, "until_s": 45.0, "text": "400 ms more on the issuer link"},
    {
        "id": "32-expire_all",
        "fault": "expire_all",
        "at_s": 32.0,
        "until_s": None,
        "text": "every token expires",
    },
)
CHECKS: tuple[dict[str, Any], ...] = (
    {"check": "failure_ratio", "below": 0.001, "when": "steady"},
    {"check": "response_time", "quantile": 0.99, "below_s": 0.25, "when": "steady"},
    {"check": "recovery", "within_s": 3.0, "after": None},
)


@dataclass
class FakeRun:
    """What the storm is like; `write` makes the folder."""

    path: Path
    seed: int = 7
    build: str = "v1"
    per_s: float = 200.0
    duration_s: float = 60.0
    warm_up_s: float = 10.0
    workers: int = 2
    slowness: float = 1.0
    """Factor of every service time."""
    hurt_s: float = 1.2
    """How long calls fail after tokens died."""
    failing: float = 0.0
    """Chance that a call fails for no reason of a fault."""
    lag_us: int = 300
    steps: tuple[dict[str, Any], ...] = STEPS
    checks: tuple[dict[str, Any], ...] = CHECKS
    run: dict[str, Any] = field(default_factory=dict)
    """Fields of ``run.json`` that replace the usual ones."""

    def write(self) -> Path:
        """Write journals, names, traces, ``faults.ndjson`` and ``run.json``."""
        self.path.mkdir(parents=True, exist_ok=True)
        promises = [self._write_worker(worker) for worker in range(self.workers)]
        (self.path / "faults.ndjson").write_text("".join(json.dumps(line) + "\n" for line in self._events()))
        data = {**self._run(), "workers": promises, **self.run}
        (self.path / "run.json").write_text(json.dumps(data))
        return self.path

    def _run(self) -> dict[str, Any]:
        steps = [{"toxicity": 1.0, "seat": "environment", "settings": {}, **step} for step in self.steps]
        load = {
            "model": "open", "shape": "constant", "per_s": self.per_s, "to_per_s": self.per_s,
            "duration_s": self.duration_s, "max_users": 100, "warm_up_s": self.warm_up_s,
        }  # fmt: skip
        comparable = {"scenario": "expiry-storm", "fingerprint": "0123456789abcdef", "workers": self.workers}
        return {
            "schema": 1, "run": self.path.name, "scenario": "expiry-storm", "build": self.build, "state": "complete",
            "title": "Expiry storm: every token of every user dies in the same second.",
            "question": "Does one expired token cost one refresh, or one per call in flight?",
            "steady_state": "failures under 0.1 %, p99 response time under 250 ms",
            "started_utc": "2026-11-23T20:00:00.000+00:00", "ended_utc": "2026-11-23T20:01:10.000+00:00",
            "interrupted": None, "seed": self.seed, "load": load, "deadline_s": 2.0, "max_lag_s": 2.0,
            "tokens": {"lifetime_s": 30, "refresh": "proactive", "before_s": 5, "jitter_s": 2, "callers": 10},
            "zero_ns": ZERO_NS, "planned_s": self.duration_s, "ended_s": self.duration_s,
            "steps": steps, "checks": list(self.checks), "problems": [],
            "host": {"cpu": "Fake CPU", "cores": 2, "kernel": "Linux 6.1", "python": "3.11"},
            "versions": {"jwtstorm": "0.1.0"}, "clocks": [], "transport": {"name": "grpcio", "connections": 1},
            "links": {"target": {"listen": "127.0.0.1:4001", "upstream": "127.0.0.1:4000", "served_by": "embedded"}},
            "comparable": comparable, "comparable_hash": "feedbeef",
        }  # fmt: skip

    def _events(self) -> list[dict[str, Any]]:
        lines = []
        for step in self.steps:
            about = {"step": step["id"], "fault": step["fault"], "seat": step.get("seat", "environment")}
            real_s = step["at_s"] + 0.012
            lines.append({"event": "applied", **about, "plan_s": step["at_s"], **_moment(real_s)})
            lines.append({"event": "verified", **about, "active": True, "reading": {}})
            if step["until_s"] is not None:
                over = {"plan_s": step["until_s"], **_moment(step["until_s"] + 0.02)}
                lines.append({"event": "undone", **about, **over})
                lines.append({"event": "verified", **about, "active": False, "reading": {}})
        return lines

    def _write_worker(self, worker: int) -> dict[str, Any]:
        dice = random.Random(f"{self.seed}/{worker}")
        journal = Journal(self.path, worker)
        for name in METHODS:
            journal.method(name)
        trace: list[dict[str, Any]] = []
        calls = range(worker, int((self.duration_s + self.warm_up_s) * self.per_s), self.workers)
        for call_id in calls:
            self._call(journal, trace, dice, worker, call_id)
            if dice.random() < 2 / self.per_s:
                self._fetch(journal, dice, call_id / self.per_s - self.warm_up_s)
        journal.close()
        (self.path / f"auth-{worker}.ndjson").write_text("".join(json.dumps(line) + "\n" for line in trace))
        return {
            "worker": worker, "rows": journal.written, "lost": 0, "planned": len(calls),
            "loop_lag_p50_s": 0.0001, "loop_lag_p99_s": 0.004, "loop_lag_max_s": 0.011,
            "clock_offset_ns": 0, "clock_bound_s": 0.0,
        }  # fmt: skip

    def _storm_age(self, at_s: float) -> float | None:
        """Return the seconds since tokens died, while calls still suffer from it."""
        ages = [at_s - step["at_s"] - 0.012 for step in self.steps if step["fault"] == "expire_all"]
        return next((age for age in ages if 0 <= age < self.hurt_s), None)

    def _slow_issuer(self, at_s: float) -> bool:
        return any(step["fault"] == "latency" and step["at_s"] <= at_s < step["until_s"] for step in self.steps)

    def _call(self, journal: Journal, trace: list[Any], dice: random.Random, worker: int, call_id: int) -> None:
        at_s = call_id / self.per_s - self.warm_up_s
        service_us = int(self.slowness * 1e6 * dice.lognormvariate(-5.6, 0.45))
        life_ms = int(dice.uniform(5_000, 30_000))
        cause, attempt, wait_us = Cause.OK, 0, 0
        age = self._storm_age(at_s)
        if age is not None:
            wait_us = int(dice.uniform(0.5, 1.0) * (420_000 if self._slow_issuer(at_s) else 40_000))
            self._row(journal, at_s, call_id, dice, 0, service_us, life_ms, 0, 0, Cause.EXPIRED)
            trace.append(self._trace_line(worker, call_id, at_s, life_ms))
            attempt = 1
            if dice.random() < 0.6 * (1 - age / self.hurt_s):
                cause = dice.choice((Cause.EXPIRED, Cause.EXPIRED, Cause.DEADLINE))
            if age < 0.1:
                self._fetch(journal, dice, at_s)
        if dice.random() < self.failing:
            cause = Cause.UNAVAILABLE
        self._row(journal, at_s, call_id, dice, wait_us, service_us, life_ms, attempt, Flag.FINAL, cause)

    def _row(  # noqa: PLR0917 - as flat as the row
        self, journal: Journal, at_s: float, call_id: int, dice: random.Random, wait_us: int,
        service_us: int, life_ms: int, attempt: int, final: int, cause: Cause,
    ) -> None:  # fmt: skip
        origin = {Cause.OK: Origin.NONE, Cause.EXPIRED: Origin.VERIFIER}.get(cause, Origin.TRANSPORT)
        code = {Cause.OK: 0, Cause.EXPIRED: 16, Cause.DEADLINE: 4}.get(cause, 14)
        latency_us = 2_000_000 if cause is Cause.DEADLINE else min(service_us, MAX_US)
        lag_us = int(dice.expovariate(1 / self.lag_us)) if self.lag_us else 0
        journal.add(
            ZERO_NS + int(at_s * 1e9), call_id, lag_us, wait_us, latency_us, life_ms, 0, 1, RowKind.CALL, 0, attempt,
            Flag.PLANNED | final, 2 + (call_id % 3 == 0), code, origin, cause,
        )  # fmt: skip

    def _fetch(self, journal: Journal, dice: random.Random, at_s: float) -> None:
        latency_us = int(dice.uniform(2_000, 9_000)) + (400_000 if self._slow_issuer(at_s) else 0)
        journal.add(
            ZERO_NS + int(at_s * 1e9), -1, 0, 0, latency_us, NO_LIFE, 0, 0, RowKind.FETCH, 0, 0, Flag.FINAL, 0, -1,
            Origin.NONE, Cause.OK,
        )  # fmt: skip

    @staticmethod
    def _trace_line(worker: int, call_id: int, at_s: float, life_ms: int) -> dict[str, Any]:
        exp = 1_800_000_000 + at_s + life_ms / 1000
        return {
            "at_ns": ZERO_NS + int(at_s * 1e9), "worker": worker, "call_id": call_id, "nth": 0, "attempt": 0,
            "method": METHODS[2], "code": 16, "origin": "verifier", "cause": "expired", "details": "token expired",
            "kid": "k1", "claims": {"iss": "http://127.0.0.1:4100", "aud": "ledger", "iat": exp - 30, "exp": exp,
            "jti": f"1-{call_id}"}, "life_s": life_ms / 1000, "token_age_s": 30 - life_ms / 1000, "decision": "refresh",
            "latency_s": 0.004, "steps": 0,
        }  # fmt: skip


def _moment(at_s: float) -> dict[str, float]:
    return {"at_ns": ZERO_NS + int(at_s * 1e9), "at_s": at_s}
