"""Amplification: what renewing and sending again cost, against what it need cost. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from harness.results.auth_summary import Amplification, InFlight
from harness.results.proportion import Share
from harness.results.run import Run
from harness.results.summary import Summary


def amplification(run: Run, summary: Summary, flights: Mapping[str, int]) -> Amplification:
    """Return a run's amplification; ``flights`` counts ``sent``, ``died`` and ``delay_us`` of living tokens."""
    tokens = dict(run.data.get("tokens") or {})
    life_s, holders, whole = tokens.get("lifetime_s"), run.token_holders, summary.phase("all")
    ideal_per_s = holders / life_s if holders and life_s else None
    fetches, peak = (whole.fetches, whole.fetches_peak_per_s) if whole else (0, 0)
    cell = summary.cell("all")
    expiries = ideal_per_s * summary.duration_s if ideal_per_s else None
    asked = _asked(run)
    key_sets = asked.get("jwks_requests")
    cooldown_s = float(dict(run.data.get("lab") or {}).get("keys_cooldown_s") or 1.0)
    return Amplification(
        holders=holders,
        ideal_per_s=ideal_per_s,
        fetches=fetches,
        fetches_per_expiry=fetches / expiries if expiries else None,
        peak_per_s=peak,
        peak_ratio=peak / ideal_per_s if ideal_per_s else None,
        attempts_per_call=cell.attempts / cell.calls if cell.calls else None,
        token_requests=asked.get("token_requests"),
        key_set_requests=key_sets,
        key_sets_per_cooldown=None if key_sets is None else key_sets / max(summary.duration_s / cooldown_s, 1.0),
        in_flight=_in_flight(tokens, life_s, flights),
    )


def _asked(run: Run) -> dict[str, int]:
    """Return what the lab's issuer was asked for, from zero to the end of the load."""
    counters = run.data.get("counters") or {}
    first, last = counters.get("zero") or {}, counters.get("end") or {}
    return {name: last[name] - first[name] for name in last if name in first}


def _in_flight(tokens: Mapping[str, Any], life_s: float | None, flights: Mapping[str, int]) -> InFlight | None:
    sent, died = flights.get("sent", 0), flights.get("died", 0)
    margin_s = float(tokens.get("before_s") or 0.0) if tokens.get("refresh") != "reactive" else 0.0
    if not sent or not life_s or life_s <= margin_s:
        return None
    delay_s = flights["delay_us"] / 1e6 / sent
    expected = delay_s / (life_s - margin_s) * math.exp(-margin_s / delay_s) if delay_s > 0 else 0.0
    return InFlight(sent, died, delay_s, margin_s, expected, Share.counted(died, sent))
