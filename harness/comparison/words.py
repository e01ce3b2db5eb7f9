"""Words: values, changes and pairs of a duel as a person reads them."""

from collections.abc import Sequence
from statistics import median

from harness.comparison.build_names import build_names
from harness.comparison.result import NOT_JUDGED, Duel, MetricOfDuel
from harness.comparison.statistics.metric import Metric
from harness.comparison.statistics.verdict import change_words
from harness.formatting import duration, number, percent, plural

WORST_FIRST = ("worse", "too noisy to tell", "better", "same")


def change(metric: MetricOfDuel, value: float | None) -> str:
    """Return a change on the metric's scale: ``+10 %``, ``-0.4 points``, ``+1.2 s``; a dash without one."""
    if value is None:
        return "-"
    return change_words(Metric(metric.name, metric.phase, metric.scale, metric.unit), value)


def between(metric: MetricOfDuel) -> str:
    """Return the interval of a change: ``+4 to +17 %``; a dash where so few pairs give none."""
    if metric.interval is None:
        return "-"
    low, high = change(metric, metric.interval.low), change(metric, metric.interval.high)
    unit = low.partition(" ")[2]
    return f"{low.removesuffix(f' {unit}')} to {high}" if unit and high.endswith(unit) else f"{low} to {high}"


def typical(metric: MetricOfDuel, values: Sequence[float | None]) -> str:
    """Return the median of some runs' values, with its unit."""
    known = [value for value in values if value is not None]
    if not known:
        return "no data"
    words = percent if metric.scale == "points" else duration if metric.unit == "s" else number
    return words(median(known))


def headline(duel: Duel) -> str:
    """Return the whole verdict in a line: ``calm: v2 is worse than v1 (10 pairs)``."""
    pairs = plural(len(duel.counted), "pair")
    base, new = build_names(duel.base.asked, duel.new.asked)
    if duel.word in ("better", "worse"):
        return f"{duel.scenario}: {new} is {duel.word} than {base} ({pairs})"
    if duel.word == "same":
        return f"{duel.scenario}: {new} is the same as {base} ({pairs})"
    return f"{duel.scenario}: {new} against {base}: {duel.word} ({pairs})"


def told(duel: Duel) -> list[str]:
    """Return what else must be said: why it is not comparable, what was set aside, what to mind, new causes."""
    at_fault = [pair for pair in duel.set_aside if not pair.why.startswith(NOT_JUDGED)]
    aside = [f"pair {pair.number} is set aside: {pair.why}" for pair in at_fault]
    causes = [cause.sentence for cause in duel.new_causes]
    worth = [f"worth a look, and no verdict: {one.metric}, {between(one)}" for one in duel.asides if one.worth_a_look]
    reasons = [reason for reason in duel.reasons if not reason.startswith("pair ") or not aside]
    return [*reasons, *aside, *duel.remarks, *causes, *worth]
