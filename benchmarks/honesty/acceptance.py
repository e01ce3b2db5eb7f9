"""The questions of the acceptance experiment, each a function that gives lines of a table.

A line whose bound is "must fail" is a negative control: the experiment must see dishonesty where it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special, stats

from benchmarks.honesty.hosts import HOSTS
from benchmarks.honesty.storm import CELL, METRICS, Floats, Pool, Storm, pool
from benchmarks.honesty.trials import Bools, Data, Judged, coin, fixed, from_pools, judge, simulate
from harness.comparison.statistics.looks import DEFAULT, QUICK, SURE, TWO_LOOKS
from harness.comparison.statistics.noise_floor import RunSpread, reach
from harness.comparison.statistics.steps import steps
from harness.comparison.statistics.verdict import BETTER, SAME, WORSE

SHORT = Storm()
LONG = Storm(seconds=300, storms=5)
LIMIT = 0.05
CHANGES = (0.0, 0.05, 0.10, 0.20)


@dataclass(frozen=True)
class Size:
    """How much is simulated: trials per line, runs in a pool, and the seed of all dice."""

    trials: int = 2000
    runs: int = 3000
    seed: int = 7

    def dice(self, *salt: int) -> np.random.Generator:
        """Return dice of their own for one line."""
        return np.random.default_rng([self.seed, *salt])


@dataclass(frozen=True)
class Line:
    """One measured share, its bound, and whether it holds."""

    question: str
    what: str
    value: str
    bound: str
    holds: bool


@cache
def runs_of(storm: Storm, size: Size, raw: int = 0) -> Pool:
    """Return the pool of simulated runs of a storm."""
    return pool(storm, size.runs, size.seed + storm.seconds, raw)


def upper_bound(count: int, of: int) -> float:
    """Return the one-sided 95 % upper bound of a share (Clopper and Pearson)."""
    return 1.0 if count >= of else float(special.betaincinv(count + 1, of - count, 0.95))


def false_alarms(size: Size) -> Iterator[Line]:
    """Ask A1: identical builds, in coin order: how often any primary is called better or worse."""
    for host in HOSTS:
        for plan in (QUICK, DEFAULT, SURE):
            data = _same_build(size, host, plan.pairs)
            yield _alarms("A1", f"{host}, {plan.pairs} pairs", judge(data.dealt(_deals(size, host), coin)).flagged)
        yield _alarms("A1", f"{host}, two looks at 10 and 14", _two_looks(size, host))


def _two_looks(size: Size, host: str) -> Bools:
    """Return which trials raise an alarm at either look; the second is taken only while it is too noisy to tell."""
    data = _same_build(size, host, TWO_LOOKS.pairs).dealt(_deals(size, host), coin)
    first, second = (judge(data[:, : look.pairs], look.alpha) for look in TWO_LOOKS.looks)
    return np.asarray(first.flagged | (first.too_noisy & second.flagged))


def controls(size: Size) -> Iterator[Line]:
    """Ask A2: the same data dealt in fixed order, and the usual test on requests, must be seen to fail."""
    for host in ("drift", "alternating"):
        data = _same_build(size, host, 10)
        yield _alarms("A2", f"{host}, ABAB", judge(data.dealt(_deals(size, host), fixed)).flagged, fails=True)
    yield _alarms("A2", "drift, AAAABBBB", judge(_same_build(size, "drift", 10).in_blocks()).flagged, fails=True)
    cancelled = judge(_same_build(size, "alternating", 10).in_blocks()).flagged.mean()
    yield Line("A2", "alternating, AAAABBBB (blocks of even length cancel it)", f"{cancelled:.1%}", "", holds=True)
    for host in HOSTS:
        yield _alarms("A2", f"{host}, Mann-Whitney on requests", _on_requests(size, host), fails=True)


def power(size: Size) -> Iterator[Line]:
    """Ask A3: changes that are there are found, and never in the wrong direction; 10 pairs."""
    wrong = 0
    for storm, least in ((LONG, 0.90), (SHORT, 0.60)):
        for change, word, other in ((0.10, WORSE, BETTER), (-0.10, BETTER, WORSE)):
            data = simulate(size.dice(3, storm.seconds), runs_of(storm, size), HOSTS["calm"], size.trials, 10, change)
            judged = judge(data.dealt(size.dice(31), coin))
            deviation = float(data.base[:, 0, 1].std())
            wrong += int((judged.words[:, :4] == other).any(axis=1).sum())
            name = f"{change:+.0%}, {storm.seconds} s runs"
            yield _found(f"{name}: p99 {word} (sd of a run's p99 {deviation:.1%})", judged, 1, word, least)
            yield _found(f"{name}: p99_typical {word}", judged, 2, word, 0.90)
    for deviation, least in ((0.04, 0.90), (0.07, 0.60)):
        yield _found_in_bell(size, deviation, least)
    yield _found_failures(size)
    share = wrong / (4 * size.trials)
    yield Line("A3", "any time in the wrong direction", f"{share:.2%}", "<= 0.1%", share <= 0.001)


def _found(what: str, judged: Judged, metric: int, word: str, least: float) -> Line:
    share = float(judged.share(word)[metric])
    return Line("A3", what, f"{share:.1%}", f">= {least:.0%}", share >= least)


def _found_in_bell(size: Size, deviation: float, least: float) -> Line:
    """Return how often +10 % of p99 is found where runs differ by a bell curve of exactly this deviation."""
    values = runs_of(LONG, size).values.copy()
    values[:, 1] = values[:, 1].mean() + deviation * size.dice(34).standard_normal(len(values))
    data = simulate(size.dice(35), Pool(values, np.empty(0)), _nothing, size.trials, 10, 0.10)
    name = f"+10%: p99 worse, where a run's p99 has a normal noise of exactly {deviation:.0%}"
    return _found(name, judge(data.dealt(size.dice(36), coin)), 1, WORSE, least)


def _nothing(_: np.random.Generator, trials: int, runs: int) -> Floats:
    return np.zeros((trials, runs))


def _found_failures(size: Size) -> Line:
    base = runs_of(LONG, size)
    doubled = Pool(base.values.copy(), base.raw)
    doubled.values[:, -1] *= 2
    data = from_pools(size.dice(32), (base, doubled), HOSTS["calm"], size.trials, 10)
    judged = judge(data.dealt(size.dice(33), coin))
    return _found(f"failed x 2 from {base.values[:, -1].mean():.1%}: worse", judged, 4, WORSE, 0.90)


def coverage(size: Size) -> Iterator[Line]:
    """Ask A4: the interval of a time holds the true change, whatever it is; 10 pairs."""
    nominal = 1 - 2 * 5 / 2**10
    for host in HOSTS:
        shares = []
        for change in CHANGES:
            data = simulate(size.dice(4, *host.encode()), runs_of(SHORT, size), HOSTS[host], size.trials, 10, change)
            missed = judge(data.dealt(size.dice(41), coin)).misses(float(np.log1p(change)))[:, :4]
            shares.append(1 - float(missed.mean()))
        least = min(shares)
        what = f"{host}: interval holds +0, 5, 10, 20 % (worst of four)"
        yield Line("A4", what, f"{least:.2%}", f">= {nominal - 0.005:.2%}", least >= nominal - 0.005)


def tail_only(size: Size) -> Iterator[Line]:
    """Ask A5: the slowest 2 % of calls are 10 % slower: p99 moves, p50 must not."""
    tailed = Storm(tail=1.10)
    data = from_pools(size.dice(5), (runs_of(SHORT, size), runs_of(tailed, size)), HOSTS["calm"], size.trials, 10)
    moved = float(data.new[..., 1].mean() - data.base[..., 1].mean())
    judged = judge(data.dealt(size.dice(51), coin))
    share = float(judged.share(WORSE)[0])
    found = float(judged.share(WORSE)[2])
    yield Line("A5", f"slower tail (p99 {np.expm1(moved):+.1%}): p50 worse", f"{share:.1%}", "<= 5%", share <= LIMIT)
    yield Line("A5", "slower tail: p99_typical worse (no bound)", f"{found:.1%}", "", holds=True)


def earned(size: Size) -> Iterator[Line]:
    """Ask A6: where the true change is the smallest that matters, *same* is rare; no change is *same* often enough."""
    for storm in (SHORT, LONG):
        for change, metrics in ((0.05, (0,)), (0.10, (1, 2, 3))):
            data = simulate(size.dice(6), runs_of(storm, size), HOSTS["calm"], size.trials, 10, change)
            shares = judge(data.dealt(size.dice(61), coin)).share(SAME)[list(metrics)]
            names = ", ".join(METRICS[metric] for metric in metrics)
            worst = float(shares.max())
            what = f"{storm.seconds} s runs, true change {change:.0%}: same ({names})"
            yield Line("A6", what, f"{worst:.1%}", "<= 5%", worst <= LIMIT)
        shares = judge(_same_build(size, "calm", 10, storm).dealt(size.dice(62), coin)).share(SAME)
        told = ", ".join(f"{share:.0%}" for share in shares)
        yield Line("A6", f"{storm.seconds} s runs, no change: same, by metric (no bound)", told, "", holds=True)


def hints(size: Size) -> Iterator[Line]:
    """Ask how often single runs of one build get a hint, against the noise floor of ten runs before them."""
    for host in HOSTS:
        runs = _same_build(size, host, 6).base
        floor, first, second = runs[:, :10].std(axis=1, ddof=1), runs[:, 10], runs[:, 11]
        far = np.abs(second - first) > reach(RunSpread(0.0, 1.0, 10), len(METRICS)) * floor
        told = f"{far.any(axis=1).mean():.1%}"
        yield Line("hint", f"{host}: any hint on two runs of one build (no bound)", told, "", holds=True)


def trend(size: Size) -> Iterator[Line]:
    """Mark histories of 30 builds in which nothing moved, or p99 rose by 10 % in the middle."""
    values = runs_of(LONG, size).values[:, 1]
    count = min(size.trials, 1000)
    for name, rise, word in (("no change", 0.0, "any step marked"), ("+10% in the middle", 0.10, "it is marked")):
        dice = size.dice(8)
        noise = dice.choice(values, (count, 30)) + HOSTS["calm"](dice, count, 30)
        noise[:, 15:] += np.log1p(rise)
        marks = [steps(list(np.exp(row))) for row in noise]
        hit = [any(abs(step.at - 15) <= 1 for step in found) if rise else bool(found) for found in marks]
        yield Line("trend", f"30 builds, {name}: {word} (no bound)", f"{np.mean(hit):.1%}", "", holds=True)


QUESTIONS = (false_alarms, controls, power, coverage, tail_only, earned, hints, trend)


def _alarms(question: str, what: str, flagged: Bools, *, fails: bool = False) -> Line:
    count, of = int(flagged.sum()), len(flagged)
    bound = upper_bound(count, of)
    text = f"{count / of:.1%} (at most {bound:.1%})"
    return Line(question, what, text, "must fail: > 5%" if fails else "<= 5%", (bound > LIMIT) is fails)


def _same_build(size: Size, host: str, pairs: int, storm: Storm = SHORT) -> Data:
    dice = size.dice(1, pairs, *host.encode())
    return simulate(dice, runs_of(storm, size), HOSTS[host], size.trials, pairs)


def _deals(size: Size, host: str) -> np.random.Generator:
    return size.dice(11, *host.encode())


def _on_requests(size: Size, host: str) -> Bools:
    """Return which trials of one run each the Mann-Whitney test on all requests calls different, at 5 %.

    Effects are whole cells of the raw histogram (0.5 %), so a run's calls move without being drawn again.
    """
    raw = runs_of(SHORT, size, 300).raw
    dice = size.dice(2, *host.encode())
    places = dice.integers(0, len(raw), (size.trials, 2))
    effects = np.round(HOSTS[host](dice, size.trials, 2) / CELL).astype(np.int64)
    z = [
        _z(np.roll(raw[first], by_first), np.roll(raw[second], by_second))
        for (first, second), (by_first, by_second) in zip(places.tolist(), effects.tolist(), strict=True)
    ]
    return np.asarray(np.abs(z) > stats.norm.ppf(0.975))


def _z(first: Floats, second: Floats) -> float:
    """Return the normal score of Mann and Whitney's U of two histograms, with its correction for ties."""
    n, m = float(first.sum()), float(second.sum())
    below = np.cumsum(second) - second
    u = float((first * (below + second / 2)).sum())
    ties = (first + second).astype(np.float64)
    total = n + m
    spread = n * m / 12 * (total + 1 - float((ties**3 - ties).sum()) / (total * (total - 1)))
    return (u - n * m / 2) / float(np.sqrt(spread))
