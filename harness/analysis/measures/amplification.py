"""Amplification: what renewing and sending again cost, against what it need cost; and tokens that died on the way."""

import math
from typing import Any

from harness.analysis.columns import Chunk
from harness.analysis.course import Course
from harness.analysis.measures import Measure, Totals
from harness.results.auth_summary import AmplificationSummary, InFlight, ideal_fetches_per_s
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

    def count(self, attempts: Chunk) -> None:
        """Count the tokens that died on the way."""
        self._flights.count(attempts)

    def result(self, totals: Totals) -> AmplificationSummary:
        """Return what renewing cost."""
        ideal_per_s = ideal_fetches_per_s(self._holders, self._tokens.get("lifetime_s"))
        expiries = ideal_per_s * self._duration_s if ideal_per_s else None
        key_sets = self._asked.get("jwks_requests")
        return AmplificationSummary(
            holders=self._holders,
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
            in_flight=self._flights.result(self._tokens),
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

    def result(self, tokens: dict[str, Any]) -> InFlight | None:
        life_s = tokens.get("lifetime_s")
        margin_s = float(tokens.get("before_s") or 0.0) if tokens.get("refresh") != "reactive" else 0.0
        if not self._sent or not life_s or life_s <= margin_s:
            return None
        delay_s = self._delay_us / 1e6 / self._sent
        expected = delay_s / (life_s - margin_s) * math.exp(-margin_s / delay_s) if delay_s > 0 else 0.0
        return InFlight(self._sent, self._died, delay_s, margin_s, expected, Share.counted(self._died, self._sent))
