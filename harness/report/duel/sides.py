"""What a duel's pictures are drawn from: its result, and the runs of both builds, read once each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.comparison.build_names import build_names
from harness.comparison.result import Duel, FindingOfDuel, PairOfDuel
from harness.comparison.words import WORST_FIRST
from harness.errors import RecordError
from harness.report.story import Story
from harness.report.style import BLUE, ORANGE, Floats
from harness.results.histogram import Ints, add
from harness.results.run import Run
from harness.results.series import of, read_series
from harness.results.summary import StepOutcome, read_summary


@dataclass(frozen=True)
class BuildSide:
    """One build and its runs, in the order of the pairs."""

    role: str
    """``base`` or ``new``."""
    name: str
    """Short, and never the other build's."""
    colour: str
    dashes: str
    stories: tuple[Story, ...]

    @property
    def label(self) -> str:
        """Return how a legend names it."""
        return f"{self.role}: {self.name}"

    def histogram(self, series: str, phase: str) -> tuple[Ints, Ints]:
        """Return cells and counts of a phase's successful calls in all runs together."""
        found = [story.histogram(series, phase) for story in self.stories]
        return add(np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found]))


@dataclass(frozen=True)
class Sides:
    """A duel and the counted pairs whose runs can be read."""

    duel: Duel
    base: BuildSide
    new: BuildSide
    numbers: tuple[int, ...]
    """The pairs' numbers, in the order of the sides' runs."""
    unread: tuple[str, ...]
    """Pairs that count, and whose files are not there to draw from."""

    @property
    def both(self) -> tuple[BuildSide, BuildSide]:
        """Return the baseline and the candidate."""
        return self.base, self.new

    @property
    def steps(self) -> tuple[StepOutcome, ...]:
        """Return the faults as the first run had them."""
        return self.base.stories[0].summary.steps if self.base.stories else ()

    @cached_property
    def from_s(self) -> int:
        """Return the first second to draw."""
        return min(story.from_s for side in self.both for story in side.stories)

    @cached_property
    def until_s(self) -> int:
        """Return the second after the last one to draw."""
        return max(story.until_s for side in self.both for story in side.stories)

    def finding(self, metric: str) -> FindingOfDuel | None:
        """Return what was found of a primary, or None where it was none."""
        return next((one for one in self.duel.findings if one.metric == metric), None)

    def sentence(self, *metrics: str) -> str | None:
        """Return the sentence of the first of some primaries that the duel had."""
        found = [one.sentence for metric in metrics if (one := self.finding(metric)) is not None]
        return found[0] if found else None


def read_sides(folder: Path, duel: Duel) -> Sides:
    """Read the runs of a duel's counted pairs; a pair whose files are gone is named, and the rest is drawn."""
    stories: list[tuple[int, Story, Story]] = []
    unread = []
    for pair in duel.counted:
        try:
            stories.append((pair.number, *_stories(folder, pair)))
        except RecordError as error:
            unread.append(f"pair {pair.number} is not in the pictures: {error}")
    base_name, new_name = build_names(duel.base.asked, duel.new.asked)
    base = BuildSide("base", base_name, BLUE, "-", tuple(one for _, one, _ in stories))
    new = BuildSide("new", new_name, ORANGE, "--", tuple(one for _, _, one in stories))
    return Sides(duel, base, new, tuple(number for number, _, _ in stories), tuple(unread))


def _stories(folder: Path, pair: PairOfDuel) -> tuple[Story, Story]:
    base, new = (_story(folder / place) for place in (pair.base or "", pair.new or ""))
    return base, new


def _story(path: Path) -> Story:
    story = Story(Run(path, {}), read_summary(path))
    story.series  # noqa: B018 - read now, or not at all
    return story


def worst_first(findings: Sequence[FindingOfDuel]) -> list[FindingOfDuel]:
    """Return findings with those that decide at the front."""
    return sorted(findings, key=lambda one: WORST_FIRST.index(one.word) if one.word in WORST_FIRST else 0)


def aligned(story: Story, steps: Sequence[StepOutcome]) -> Callable[[npt.ArrayLike], Floats]:
    """Return how a run's seconds become the plan's: real edges of faults onto those of ``steps``, even between them."""
    known = {step.step: step for step in story.summary.steps}
    pairs = [(known[step.step], step) for step in steps if step.step in known]
    edges = {(own.from_s, step.planned_from_s) for own, step in pairs if own.from_s is not None}
    edges |= {
        (own.until_s, step.planned_until_s)
        for own, step in pairs
        if own.until_s is not None and step.planned_until_s is not None
    }
    ordered = sorted(edges)
    real = [edge[0] for edge in ordered]
    plan = np.maximum.accumulate([edge[1] for edge in ordered]) if ordered else np.empty(0)

    def align(at_s: npt.ArrayLike) -> Floats:
        given = np.asarray(at_s, dtype=np.float64)
        if not real:
            return given
        shift: Floats = np.interp(given, real, plan - np.array(real))
        return given + shift

    return align


def bins_of(side: BuildSide, series: str) -> tuple[Ints, Ints, Ints]:
    """Return start, cell and count of every histogram row of a side's successful calls, warm-up and all."""
    parts = []
    for story in side.stories:
        rows = of(read_series(story.run.path, series), series, key="ok")
        parts.append(rows[rows["phase"].isin(["all", "warm-up"])])
    columns = [np.concatenate([part[name].to_numpy(np.int64) for part in parts]) for name in ("at_s", "cell", "count")]
    return columns[0], columns[1], columns[2]
