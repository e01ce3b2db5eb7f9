"""Ticks of an axis that holds the logarithm of a ratio: at round percentages."""

import math

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


def ratio_ticks(reach: float) -> list[float]:
    """Return ln(1 + p) for round p within an axis from -reach to reach: up to three either side of zero."""
    step = next((one for one in STEPS if math.log1p(3 * one) >= 0.85 * reach), STEPS[-1])
    found = [math.log1p(times * step) for times in range(-3, 4) if times * step > -1]
    return [tick for tick in found if abs(tick) <= reach]


def ratio_words(change: float) -> str:
    """Return ln of a ratio as ``+2.5 %`` or ``+290 %``, and nothing as ``0``."""
    percent = math.expm1(change) * 100
    return f"{percent:+.2g} %" if 0 < abs(percent) < 10 else f"{percent:+.0f} %" if percent else "0"
