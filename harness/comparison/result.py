"""The result of a duel: ``comparison.json``, as plain data, there and back.

A duel lies in ``reports/duels/<scenario>/<UTC start>/``:

- ``duel.json``: the ledger, from before the first run on (`harness.experiments.duel.ledger`),
- ``runs/<scenario>/<build>/<UTC start>/``: the runs, ordinary run folders,
- ``comparison.json``: this, and beside it what is made from it alone and from the runs' files
  (``duel.md``, ``duel.html``, ``junit.xml``, pictures with their CSV).

Values are seconds, or ratios (0 to 1) where ``scale`` is ``points``. Differences, intervals and
smallest changes are on the metric's scale: ln(new / base) for ``log``, else new - base. Tuples of
values and differences have one place per pair in ``counted``, in its order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.errors import RecordError
from harness.files import write_json
from harness.records import plain, read_record

SCHEMA = 1
"""Version of ``comparison.json``; ``comparison.schema.json`` beside this file describes it."""

NAME = "comparison.json"
SCHEMA_FILE = Path(__file__).with_name("comparison.schema.json")

NOT_JUDGED = "not judged"
"""How the reason of a pair begins that is good, in a duel that ended before a look."""

Side = Literal["base", "new"]
PairState = Literal["counted", "set aside", "not made"]


@dataclass(frozen=True)
class BuildOfDuel:
    """One of the two builds: ``asked`` as the user wrote it, ``label`` as its runs are labelled."""

    asked: str
    label: str


@dataclass(frozen=True)
class PairOfDuel:
    """One pair; folders are relative to the duel's, None where no run was made."""

    number: int
    """From 1."""
    order: Literal["AB", "BA"]
    """Which went first: A is the baseline."""
    state: PairState
    why: str
    """Why it does not count; empty where it does."""
    base: str | None
    new: str | None


@dataclass(frozen=True)
class LookOfDuel:
    """A planned look: after so many pairs, at this chance of error; ``word`` and time once it was taken."""

    pairs: int
    alpha: float
    word: str | None = None
    taken_utc: str | None = None


@dataclass(frozen=True)
class Span:
    """An interval on the metric's scale; ``level`` is the chance that such an interval holds the change."""

    low: float
    high: float
    level: float


@dataclass(frozen=True)
class MetricOfDuel:
    """What the pairs say of one metric."""

    metric: str
    """Name and phase: ``p99 steady``."""
    name: str
    phase: str
    scale: Literal["log", "points", "plain"]
    unit: str
    higher_is_better: bool
    base: tuple[float | None, ...]
    new: tuple[float | None, ...]
    differences: tuple[float | None, ...]
    middle: float | None
    """Mean of the differences."""
    interval: Span | None


@dataclass(frozen=True)
class FindingOfDuel(MetricOfDuel):
    """A primary: it gates."""

    word: str
    """better, same, worse, too noisy to tell."""
    sentence: str
    smallest: float
    """The smallest change that matters, on the metric's scale, positive."""
    pairs_needed: int | None
    """About how many pairs would show it; only where it is too noisy."""
    remark: str


@dataclass(frozen=True)
class AsideOfDuel(MetricOfDuel):
    """A secondary metric: it never gates."""

    worth_a_look: bool


@dataclass(frozen=True)
class CauseOfDuel:
    """One cause of failure: failed calls of each counted pair, and differences as shares of planned calls."""

    cause: str
    standing: Literal["compared", "too few to compare", "new cause"]
    sentence: str
    base: tuple[int, ...]
    new: tuple[int, ...]
    differences: tuple[float, ...]
    interval: Span | None


@dataclass(frozen=True)
class Duel:
    """A duel that is over: its plan, its pairs, its verdict."""

    scenario: str
    base: BuildOfDuel
    new: BuildOfDuel
    seed: int
    """Of the coin."""
    plan: str
    looks: tuple[LookOfDuel, ...]
    started_utc: str
    ended_utc: str
    state: Literal["complete", "interrupted", "broken"]
    """``broken``: so many runs could not be made that it was given up."""
    pairs: tuple[PairOfDuel, ...]
    """All planned pairs, in their order."""
    word: str
    """better, same, worse, too noisy to tell, not comparable."""
    exit_code: int
    reasons: tuple[str, ...]
    """Why it is not comparable: what the guard found; empty otherwise."""
    remarks: tuple[str, ...]
    """What to keep in mind: a target that was not restarted, a plan that can decide nothing."""
    findings: tuple[FindingOfDuel, ...]
    asides: tuple[AsideOfDuel, ...]
    causes: tuple[CauseOfDuel, ...]
    matters: Mapping[str, Any]
    """The scenario's `harness.comparison.statistics.matters.Matters`."""
    comparable: Mapping[str, Any]
    """What the counted runs share: load, tokens, timeline, host; empty where none counts."""
    versions: Mapping[str, str]
    schema: int = SCHEMA

    @property
    def counted(self) -> tuple[PairOfDuel, ...]:
        """Return the pairs that count."""
        return tuple(pair for pair in self.pairs if pair.state == "counted")

    @property
    def set_aside(self) -> tuple[PairOfDuel, ...]:
        """Return the pairs that were begun and do not count."""
        return tuple(pair for pair in self.pairs if pair.state == "set aside")

    @property
    def new_causes(self) -> tuple[CauseOfDuel, ...]:
        """Return the causes of failure that no run of the baseline had."""
        return tuple(cause for cause in self.causes if cause.standing == "new cause")


def read_duel(folder: Path) -> Duel:
    """Read ``comparison.json`` of a duel's folder.

    Raises `RecordError` where it is missing or damaged.
    """
    try:
        return read_record(folder / NAME, Duel, SCHEMA, f"make it anew with jwtstorm duel --resume {folder}")
    except FileNotFoundError as error:
        raise RecordError(f"{folder} has no {NAME}; finish it with jwtstorm duel --resume {folder}") from error


def write_duel(folder: Path, duel: Duel) -> Path:
    """Write ``comparison.json``, whole or not at all.

    Raises `RecordError` when the disk refuses.
    """
    return write_json(folder / NAME, plain(duel))
