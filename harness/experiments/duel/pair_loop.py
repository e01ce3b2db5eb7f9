"""The fight: pair after pair in the coin's order, a look only where one was planned, the ledger after every step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness import clock
from harness.comparison.result import Side
from harness.comparison.statistics.guard import enough
from harness.comparison.statistics.looks import Look
from harness.comparison.statistics.verdict import TOO_NOISY
from harness.experiments.duel.ledger import DuelLedger, PairEntry
from harness.experiments.duel.single_run import MakeRun
from harness.formatting import plural

Tell = Callable[[str], None]
Judge = Callable[[DuelLedger, Look], str]
"""Returns the word of the pairs that a ledger holds, at a look."""


@dataclass
class Fight:
    """Carries a ledger to its end; ``run_s`` is the guess of how long a run takes, until one was timed."""

    folder: Path
    make: MakeRun
    judge: Judge
    tell: Tell
    run_s: float
    _timed_s: list[float] = field(default_factory=list)

    def carry_on(self, ledger: DuelLedger) -> DuelLedger:
        """Make the pairs that are due; return the ledger, whose ``state`` says how it ended.

        Ctrl-C ends the run at hand and leaves a ledger that can be resumed. Raises
        `harness.errors.UsageError` where a build cannot run at all before any pair was made.
        """
        try:
            while True:
                ledger = self._look(self._replace(ledger))
                entry = ledger.due
                if entry is None or decided(ledger):
                    return self._end(ledger, "complete")
                if hopeless(ledger):
                    return self._end(ledger, "broken")
                ledger = self._run(ledger, entry, entry.sides[0])
                entry = ledger.pairs[entry.number - 1]
                if not entry.closed:  # a pair whose first run cannot be used needs no second one
                    ledger = self._run(ledger, entry, entry.sides[1])
        except KeyboardInterrupt:
            return self._end(DuelLedger.read(self.folder), "interrupted")

    def _run(self, ledger: DuelLedger, entry: PairEntry, side: Side) -> DuelLedger:
        self.tell(f"pair {entry.number} of {ledger.plan.pairs} ({entry.order}), {side}; {self._left(ledger, entry)}")
        begun_s = clock.monotonic()
        made = self.make(entry, side)
        self._timed_s.append(clock.monotonic() - begun_s)
        entry = entry.with_run(side, made.folder, made.why)
        if made.why:
            self.tell(f"   pair {entry.number} is set aside: {made.why}")
        ledger = ledger.with_entry(entry)
        ledger.write(self.folder)
        return ledger

    def _replace(self, ledger: DuelLedger) -> DuelLedger:
        """Reopen, before a look that is due, each pair that was set aside: once, so that the duel has an end."""
        again = ledger.replaceable
        if ledger.look is None or not again:
            return ledger
        self.tell(f"made anew before the look: {', '.join(f'pair {pair.number}' for pair in again)}, set aside before")
        ledger = ledger.replacing()
        ledger.write(self.folder)
        return ledger

    def _look(self, ledger: DuelLedger) -> DuelLedger:
        look = ledger.look
        if look is None:
            return ledger
        word = self.judge(ledger, look)
        ledger = ledger.with_look(look.pairs, word, clock.utc_now().isoformat(timespec="seconds"))
        ledger.write(self.folder)
        self.tell(f"look after {plural(look.pairs, 'pair')}: {word}")
        return ledger

    def _end(self, ledger: DuelLedger, state: str) -> DuelLedger:
        ledger = ledger.ended(state)
        ledger.write(self.folder)
        return ledger

    def _left(self, ledger: DuelLedger, entry: PairEntry) -> str:
        """Return how long the rest takes at most, from the runs that were timed."""
        each_s = sum(self._timed_s) / len(self._timed_s) if self._timed_s else self.run_s
        begun = sum(run is not None for run in (entry.base, entry.new))
        runs = 2 * (ledger.plan.pairs - ledger.closed) - begun
        minutes = runs * each_s / 60
        return f"about {minutes:.0f} min left" if minutes >= 2 else f"about {runs * each_s:.0f} s left"


def decided(ledger: DuelLedger) -> bool:
    """Tell whether a planned look already gave a word: a later one happens only while it is too noisy to tell."""
    return any(look.word not in (None, TOO_NOISY) for look in ledger.looks)


def hopeless(ledger: DuelLedger) -> bool:
    """Tell whether so many pairs are set aside that the next planned look could decide nothing."""
    waiting = next((look for look in ledger.looks if look.word is None), None)
    aside = sum(pair.closed and bool(pair.why) for pair in ledger.pairs)
    return waiting is not None and not enough(waiting.pairs - aside, waiting.pairs)
