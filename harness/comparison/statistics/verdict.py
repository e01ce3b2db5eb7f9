"""The verdict: one of five words for each primary, and the worst of them for the whole.

With [low, high] the interval of the change at level 1 - alpha / m, and the smallest change that
matters, the first rule that fits decides: *same* where the whole interval is smaller than that
change, *worse* or *better* where it lies on one side of zero, else *too noisy to tell*.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from harness.comparison.statistics.guard import enough
from harness.comparison.statistics.interval import Floats, Interval, pairs_to_show, subset_mean_interval
from harness.comparison.statistics.looks import Look
from harness.comparison.statistics.matters import Matters
from harness.comparison.statistics.metric import Metric
from harness.comparison.statistics.pairs import Pair, differences
from harness.formatting import plural, signed

BETTER, SAME, WORSE = "better", "same", "worse"
TOO_NOISY, NOT_COMPARABLE = "too noisy to tell", "not comparable"
WORST_FIRST = (NOT_COMPARABLE, WORSE, TOO_NOISY, BETTER, SAME)
EXIT_CODES = {SAME: 0, BETTER: 0, WORSE: 1, NOT_COMPARABLE: 3, TOO_NOISY: 4}

FAILS_MORE = "faster among the calls that still succeed, and more of them fail: that is not faster"


@dataclass(frozen=True)
class MetricFinding:
    """What the pairs say of one primary. Changes are on the metric's scale (`Metric.scale`)."""

    metric: Metric
    word: str
    differences: tuple[float | None, ...]
    """Each pair's, in their order; None where a run had too few calls to tell."""
    interval: Interval | None
    """None where so few pairs cannot decide."""
    smallest: float
    """The smallest change that matters."""
    pairs_needed: int | None = None
    """About how many pairs would show the smallest change that matters; only when too noisy."""
    remark: str = ""

    @property
    def middle(self) -> float | None:
        """Return the mean change of the pairs."""
        known = [one for one in self.differences if one is not None]
        return sum(known) / len(known) if known else None

    def sentence(self) -> str:
        """Return the finding in words: ``p99 steady: worse, +10 % (between +4 % and +17 %), 10 pairs``."""
        pairs = plural(sum(one is not None for one in self.differences), "pair")
        if self.interval is None or self.middle is None:
            return f"{self.metric}: {self.word}, {self.remark or f'{pairs} cannot decide'}"
        if not any(self.differences):
            return f"{self.metric}: {self.word}, no difference in any of {pairs}"
        if len(set(self.differences)) == 1:
            return f"{self.metric}: {self.word}, {change_words(self.metric, self.middle)} in each of {pairs}"
        low, high = (change_words(self.metric, end) for end in (self.interval.low, self.interval.high))
        if self.word != TOO_NOISY:
            middle = change_words(self.metric, self.middle)
            return f"{self.metric}: {self.word}, {middle} (between {low} and {high}), {pairs}"
        if self.remark:
            return f"{self.metric}: {self.word}, {low} .. {high}; {self.remark}"
        return f"{self.metric}: {self.word}, could be {low} .. {high}; {self._more_pairs()}"

    def _more_pairs(self) -> str:
        size = change_words(self.metric, self.smallest).lstrip("+")
        if self.pairs_needed is None:
            return f"more pairs than anybody makes would be needed to show a change of {size}; make longer runs"
        return f"about {self.pairs_needed} pairs would show a change of {size}"


@dataclass(frozen=True)
class BuildVerdict:
    """The whole comparison in one word, at one look."""

    word: str
    look: Look
    findings: tuple[MetricFinding, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why it is not comparable; empty otherwise."""
    set_aside: tuple[str, ...] = ()
    """Pairs that do not count, each with its reason."""

    @property
    def exit_code(self) -> int:
        """Return the command's exit code."""
        return EXIT_CODES[self.word]


def judge(pairs: Sequence[Pair], matters: Matters, look: Look, set_aside: Sequence[str] = ()) -> BuildVerdict:
    """Return the verdict of the usable pairs at a look; ``set_aside`` names the pairs that are not usable.

    Too few usable pairs give *not comparable*; their findings are still there to be read.
    """
    metrics = tuple(pairs[0].base.values) if pairs else ()
    alpha = look.alpha / max(len(metrics), 1)
    findings = _fails_more(tuple(find(pairs, metric, matters.smallest(metric), alpha) for metric in metrics))
    if not enough(len(pairs), look.pairs):
        reason = f"{len(pairs)} of {look.pairs} planned pairs can be used"
        return BuildVerdict(NOT_COMPARABLE, look, findings, (reason, *set_aside), tuple(set_aside))
    return BuildVerdict(worst(finding.word for finding in findings), look, findings, (), tuple(set_aside))


def not_comparable(look: Look, reasons: Sequence[str]) -> BuildVerdict:
    """Return the verdict of runs that the guard turned away."""
    return BuildVerdict(NOT_COMPARABLE, look, reasons=tuple(reasons))


def find(pairs: Sequence[Pair], metric: Metric, smallest: float, alpha: float) -> MetricFinding:
    """Return what the pairs say of one primary, with an interval at level 1 - alpha."""
    each = differences(pairs, metric)
    missing = sum(one is None for one in each)
    if missing:
        remark = f"{missing} of {len(each)} pairs have too few calls for it; offer more, or make longer runs"
        return MetricFinding(metric, TOO_NOISY, each, None, smallest, remark=remark)
    values = np.array(each, dtype=np.float64)
    interval = subset_mean_interval(values, alpha)
    low, high = (interval.low, interval.high) if interval else (math.nan, math.nan)
    word = str(words(np.array([low]), np.array([high]), smallest, higher_is_better=metric.higher_is_better)[0])
    needed = pairs_to_show(values, smallest, alpha) if word == TOO_NOISY else None
    return MetricFinding(metric, word, each, interval, smallest, needed)


def words(low: Floats, high: Floats, smallest: float, *, higher_is_better: bool = False) -> npt.NDArray[np.str_]:
    """Return the word of each interval (ends of shape (n,)); NaN ends are too noisy to tell."""
    rises, falls = (BETTER, WORSE) if higher_is_better else (WORSE, BETTER)
    return np.select(
        [(-smallest < low) & (high < smallest), low > 0, high < 0], [SAME, rises, falls], default=TOO_NOISY
    )


def worst(found: Iterable[str]) -> str:
    """Return the worst of some words: not comparable, worse, too noisy, better, same."""
    have = set(found)
    return next((word for word in WORST_FIRST if word in have), TOO_NOISY)


def change_words(metric: Metric, change: float) -> str:
    """Return a change as a person reads it: ``+10 %``, ``-0.4 points``, ``+1.2 s``."""
    if metric.scale == "log":
        return f"{signed(math.expm1(change) * 100)} %"
    if metric.scale == "points":
        points = signed(change * 100)
        return f"{points} {'point' if points in ('+1', '-1') else 'points'}"
    return f"{change:+.3g} {metric.unit}".strip()


def _fails_more(findings: tuple[MetricFinding, ...]) -> tuple[MetricFinding, ...]:
    """Take the word *better* from response times where more calls fail."""
    if not any(one.metric.name == "failed" and one.word == WORSE for one in findings):
        return findings
    return tuple(
        replace(one, word=TOO_NOISY, remark=FAILS_MORE) if one.word == BETTER and one.metric.scale == "log" else one
        for one in findings
    )
