"""Pairs with given values, for tests of what is said of them."""

from collections.abc import Mapping, Sequence

from harness.comparison.statistics.measure import Measured
from harness.comparison.statistics.metric import Metric, primary
from harness.comparison.statistics.pairs import Pair

P50, P99, FAILED = primary("p50 steady"), primary("p99 steady"), primary("failed all")
WOBBLE = (0.9, -0.7, 0.4, -1.1, 0.2, 1.3, -0.5, -0.2, 0.7, -1.0, 0.3, -0.3)


def run(
    build: str,
    values: Mapping[Metric, float | None],
    causes: Mapping[str, int] | None = None,
    secondary: Mapping[Metric, float | None] | None = None,
) -> Measured:
    """Return one run of 10,000 calls."""
    return Measured(f"{build}-run", build, dict(values), dict(secondary or {}), 10_000, dict(causes or {}))


def pairs(count: int, *, noise: float = 0.0, **factors: float) -> tuple[Pair, ...]:
    """Return pairs whose candidate is slower by the factors ``p50`` and ``p99``, and fails ``failed`` more calls."""
    found = []
    for number, wobble in enumerate(WOBBLE[:count], 1):
        shaken = 1 + noise * wobble
        base = run("A", {P50: 0.010, P99: 0.050, FAILED: 0.01})
        slower = {P50: 0.010 * factors.get("p50", 1) * shaken, P99: 0.050 * factors.get("p99", 1) * shaken}
        failed = 0.01 + factors.get("failed", 0) + noise * wobble / 100
        found.append(Pair(number, "AB", base, run("B", {**slower, FAILED: failed})))
    return tuple(found)


def of_causes(base: Sequence[int], new: Sequence[int], cause: str = "EXPIRED") -> tuple[Pair, ...]:
    """Return pairs with so many failed calls of one cause."""
    return tuple(
        Pair(number, "AB", run("A", {}, {cause: before} if before else {}), run("B", {}, {cause: after}))
        for number, (before, after) in enumerate(zip(base, new, strict=True), 1)
    )
