"""Amplification: what renewing and sending again cost, against what it need cost; and tokens that died on the way."""

import math
from typing import Any

import numpy as np

from harness.analysis.columns import Chunk
from harness.analysis.course import Course
from harness.analysis.measures import Measure, Totals
from harness.results.auth_summary import AmplificationSummary, InFlight, ideal_fetches_per_s
from harness.results.histogram import SparseCounts
from harness.results.proportion import Share
from harness.results.row import Cause
from harness.results.run import Run
from harness.results.treatment import TokenTreatment


class OfRenewal(Measure, of="amplification"):
    """Sets the run's token fetches against one per holder and life."""

    def __init__(self, run: Run, course: Course) -> None:
        self._holders = run.token_holders
        self._tokens = dict(run.data.get("tokens") or {})
        self._asked = _asked(run)
        self._cooldown_s = float(dict(run.data.get("lab") or {}).get("keys_cooldown_s") or 1.0)
        self._duration_s = course.ended_s
        self._flights = _Flights()
        self._lives_ms = SparseCounts()

    def count(self, attempts: Chunk) -> None:
        """Count the tokens that died on the way."""
        self._flights.count(attempts)

    def count_fetches(self, fetches: Chunk) -> None:
        """Count the lives of tokens as they were issued."""
        told = fetches.life_ms[fetches.life_ms > 0]
        if told.size:
            self._lives_ms.count(told.astype(np.int64))

    def _life_s(self) -> float | None:
        """Return the median life of the tokens that came; the setting, where an older run's rows do not tell it."""
        lives_ms, counts = self._lives_ms.table()
        if not lives_ms.size:
            setting: float | None = self._tokens.get("lifetime_s")
            return setting
        return float(lives_ms[np.searchsorted(np.cumsum(counts), counts.sum() / 2)]) / 1e3

    def result(self, totals: Totals) -> AmplificationSummary:
        """Return what renewing cost."""
        life_s = self._life_s()
        ideal_per_s = ideal_fetches_per_s(self._holders, life_s)
        expiries = ideal_per_s * self._duration_s if ideal_per_s else None
        key_sets = self._asked.get("jwks_requests")
        return AmplificationSummary(
            holders=self._holders,
            life_s=life_s,
            ideal_per_s=ideal_per_s,
            fetches=totals.fetches,
            fetches_per_expiry=totals.fetches / expiries if expiries else None,
            peak_per_s=totals.fetches_peak_per_s,
            peak_ratio=totals.fetches_peak_per_s / ideal_per_s if ideal_per_s else None,
            attempts_per_call=totals.attempts / totals.calls if totals.calls else None,
            token_requests=self._asked.get("token_requests"),
            key_set_requests=key_sets,
            key_sets_per_cooldown=None
            if key_sets is None
            else key_sets / max(self._duration_s / self._cooldown_s, 1.0),
            in_flight=self._flights.result(self._tokens, life_s),
        )


def _asked(run: Run) -> dict[str, int]:
    """Return what the lab's issuer was asked for, from zero to the end of the load."""
    counters = run.data.get("counters") or {}
    first, last = counters.get("zero") or {}, counters.get("end") or {}
    return {name: last[name] - first[name] for name in last if name in first}


class _Flights:
    """Counts tokens that were alive when they left, and dead when they were judged."""

    def __init__(self) -> None:
        self._sent = self._died = self._delay_us = 0

    def count(self, attempts: Chunk) -> None:
        treatment = attempts.treatment
        judged = (attempts.at_us >= 0) & (treatment != TokenTreatment.NOT_JUDGED)
        took_s = attempts.service_us[judged] / 1e6
        self._sent += took_s.size
        self._delay_us += int(took_s.sum() * 1e6)
        expired = judged & (treatment == TokenTreatment.REJECTED) & (attempts.cause == Cause.EXPIRED)
        self._died += int((expired & (attempts.life_ms / 1e3 < attempts.service_us / 1e6)).sum())

    def result(self, tokens: dict[str, Any], life_s: float | None) -> InFlight | None:
        margin_s = float(tokens.get("before_s") or 0.0) if tokens.get("refresh") != "reactive" else 0.0
        if not self._sent or not life_s or life_s <= margin_s:
            return None
        delay_s = self._delay_us / 1e6 / self._sent
        expected = delay_s / (life_s - margin_s) * math.exp(-margin_s / delay_s) if delay_s > 0 else 0.0
        return InFlight(self._sent, self._died, delay_s, margin_s, expected, Share.counted(self._died, self._sent))
