"""The ledger: ``duel.json``, what was planned before the first run and what became of each pair.

Seed, plan and the coin's outcomes are on file before any run. A pair counts once both of its runs
were made back to back; a pair that was cut or set aside is made anew, in the same order, and what was made
of it stays on file under ``dropped``: so nothing is lost, and no pair counts twice.
"""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from harness.comparison.result import LookOfDuel, Side
from harness.comparison.statistics.looks import Look, LookPlan
from harness.comparison.statistics.pairs import Order, coin
from harness.errors import UsageError
from harness.files import write_json
from harness.records import plain, read_record

SCHEMA = 1
NAME = "duel.json"


@dataclass(frozen=True)
class PairEntry:
    """One pair: where its runs lie (relative to the duel's folder), and why one cannot be used."""

    number: int
    order: Order
    base: str | None = None
    new: str | None = None
    why: str = ""
    closed: bool = False
    """Whether both runs were made, or one could not be: what a look has judged is never made again."""
    dropped: tuple[str, ...] = ()
    """Runs of the pair that were cut, by Ctrl-C or a crash, or set aside, and made anew."""
    replaced: bool = False
    """Whether the duel itself already made it anew, after it was set aside: it does so once."""

    @property
    def sides(self) -> tuple[Side, Side]:
        """Return who goes first."""
        return ("base", "new") if self.order == "AB" else ("new", "base")

    def with_run(self, side: Side, folder: str | None, why: str) -> Self:
        """Return the pair with one run made; it is closed with its second one, or with one that cannot be used."""
        closed = side == self.sides[1] or bool(why)
        if side == "base":
            return replace(self, base=folder, why=why, closed=closed)
        return replace(self, new=folder, why=why, closed=closed)


@dataclass(frozen=True)
class DuelLedger:
    """A duel's plan and progress; every change is a new ledger, written whole."""

    scenario: str
    file: str
    """The scenario's file."""
    base: str
    new: str
    """Both builds, as asked."""
    seed: int
    plan: LookPlan
    pairs: tuple[PairEntry, ...]
    started_utc: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What else the command line said: options of the runs, commands of git builds."""
    commits: Mapping[str, str] = field(default_factory=dict)
    """What git refs meant when the duel began."""
    looks: tuple[LookOfDuel, ...] = ()
    state: str = "running"

    @classmethod
    def begin(cls, seed: int, plan: LookPlan, **about: Any) -> Self:
        """Return the ledger of a duel before its first run: coins tossed."""
        orders = coin(seed, plan.pairs)
        entries = tuple(PairEntry(number, order) for number, order in enumerate(orders, 1))
        looks = tuple(LookOfDuel(look.pairs, look.alpha) for look in plan.looks)
        return cls(seed=seed, plan=plan, pairs=entries, looks=looks, **about)

    @property
    def due(self) -> PairEntry | None:
        """Return the pair that is to be made next; None when all are closed."""
        return next((pair for pair in self.pairs if not pair.closed), None)

    @property
    def closed(self) -> int:
        """Return how many pairs are closed."""
        return sum(pair.closed for pair in self.pairs)

    @property
    def look(self) -> Look | None:
        """Return the planned look that is due now and was not taken yet."""
        waiting = next((look for look in self.looks if look.word is None), None)
        return Look(waiting.pairs, waiting.alpha) if waiting and waiting.pairs == self.closed else None

    @property
    def replaceable(self) -> tuple[PairEntry, ...]:
        """Return the pairs that were set aside, that no look has judged, and that were not made anew yet."""
        return tuple(pair for pair in self.pairs if self._unjudged_aside(pair) and not pair.replaced)

    def _unjudged_aside(self, pair: PairEntry) -> bool:
        judged = max((look.pairs for look in self.looks if look.word is not None), default=0)
        return pair.closed and bool(pair.why) and pair.number > judged

    def replacing(self) -> Self:
        """Return the ledger with the replaceable pairs to be made anew, in the same order."""
        again = {pair.number for pair in self.replaceable}
        pairs = tuple(replace(_afresh(pair), replaced=True) if pair.number in again else pair for pair in self.pairs)
        return replace(self, pairs=pairs)

    def with_entry(self, entry: PairEntry) -> Self:
        """Return the ledger with one pair changed."""
        return replace(self, pairs=tuple(entry if pair.number == entry.number else pair for pair in self.pairs))

    def with_look(self, pairs: int, word: str, taken_utc: str) -> Self:
        """Return the ledger with one look taken."""
        taken = tuple(
            replace(look, word=word, taken_utc=taken_utc) if look.pairs == pairs else look for look in self.looks
        )
        return replace(self, looks=taken)

    def ended(self, state: str) -> Self:
        """Return the ledger with how the duel ended: complete, interrupted or broken."""
        return replace(self, state=state)

    def with_commits(self, commits: Mapping[str, str]) -> Self:
        """Return the ledger with what git refs meant when the duel began."""
        return replace(self, commits=dict(commits))

    def reopened(self) -> Self:
        """Return the ledger for a resumed duel: what was cut, or set aside before a look, is made anew in its order."""
        pairs = tuple(pair if pair.closed and not self._unjudged_aside(pair) else _afresh(pair) for pair in self.pairs)
        return replace(self, pairs=pairs, state="running")

    def write(self, folder: Path) -> None:
        """Write ``duel.json``, whole or not at all; raises `RecordError` when the disk refuses."""
        write_json(folder / NAME, {"schema": SCHEMA, **plain(self)})

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``duel.json``; raises `UsageError` where the folder holds none, `RecordError` where it is damaged."""
        try:
            return read_record(folder / NAME, cls, SCHEMA, "begin a new duel")
        except FileNotFoundError as error:
            raise UsageError(f"{folder} holds no {NAME}; give a folder under reports/duels") from error


def _afresh(pair: PairEntry) -> PairEntry:
    made = tuple(run for run in (pair.base, pair.new) if run)
    return replace(pair, base=None, new=None, why="", closed=False, dropped=(*pair.dropped, *made))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep a second process off a duel's folder; raises `UsageError` where one is at work there."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(f"another process works on {folder}; wait for it, or end it") from error
        yield
