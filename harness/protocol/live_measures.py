"""So far: measures of authentication while a run is on, from counters small enough to be sent twice a second. Pure.

They mean what the summary's mean (`harness.results.auth_summary`) and count from zero, too; a call counts when it ends,
a late message of a stream at once. Numbers that decide are the summary's.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.calls.attempt import Attempt, Client
from harness.formatting import number, percent, plural
from harness.results.auth_summary import ideal_fetches_per_s
from harness.results.proportion import Share
from harness.results.row import Cause
from harness.results.treatment import TokenTreatment, treatment

_STOPPED = Cause.STOPPED
"""Calls that the run's own stop cut are in no ratio."""

POISONED = "poisoned/"
"""How the live counts of poisoned calls begin."""


TURNED_AWAY = "tokens turned away that lived by their claims"
"""Those that a fault had ended are among them: which they are, the summary tells from the journal."""


class Tallied:
    """What one worker has counted since zero; `attempt` stands in the path of every call."""

    __slots__ = ("attempts", "calls", "fetches", "taken")

    def __init__(self) -> None:
        self.attempts = self.calls = self.fetches = 0
        self.taken = [0] * len(TokenTreatment)
        """Attempts by how their tokens were taken."""

    def attempt(self, attempt: Attempt, life_ms: int, *, final: bool) -> None:
        """Count an attempt that has ended; poisoned ones are counted by their worth, elsewhere."""
        if attempt.expects:
            return
        self.attempts += 1
        self.calls += final and attempt.cause != _STOPPED
        self.taken[treatment(life_ms, attempt.origin, attempt.cause, attempt.messages)] += 1

    def finals(self, taken: Iterable[TokenTreatment]) -> None:
        """Count calls that the transport made by itself, in one attempt each."""
        for one in taken:
            self.attempts += 1
            self.calls += 1
            self.taken[one] += 1

    def counts(self, clients: Iterable[Client]) -> dict[str, int]:
        """Return the counters by name, as the conductor is told of them; ``clients`` are the worker's."""
        judged = {"alive": sum(self.taken) - self.taken[TokenTreatment.NOT_JUDGED]}
        judged |= {"revoked": self.taken[TokenTreatment.REVOKED], "rejected": self.taken[TokenTreatment.REJECTED]}
        late = Counter[str]()
        for client in clients:
            late["late_streams"] += client.late_streams
            late["late_messages"] += client.late_messages
        return {"attempts": self.attempts, "calls": self.calls, "fetches": self.fetches, **judged, **late}


@dataclass(frozen=True)
class Told:
    """One measure for people: of what, how many of how many, and what that comes to."""

    what: str
    count: int
    of: str
    comes_to: str = ""
    wrong: bool = False
    """Whether one of these is one too many."""


class Renewals(NamedTuple):
    """What renewing need cost: each of ``holders`` fetches once in a token's ``life_s``; ``now_s`` is since zero."""

    holders: int
    life_s: float
    now_s: float

    @property
    def needed(self) -> float:
        """Return how many fetches that is so far."""
        return (ideal_fetches_per_s(self.holders, self.life_s) or 0.0) * self.now_s


def measures_so_far(counts: Mapping[str, int], poisoned: Mapping[str, int], renewals: Renewals) -> Iterator[Told]:
    """Yield what is known; ``counts`` are those of all workers, ``poisoned`` poisoned calls by their worth.

    What nothing was counted of is left out, and fetches are compared with their need once a whole life is over.
    """
    seen = Counter(counts)
    if sent := sum(poisoned.values()):
        share = Share.counted(poisoned.get("accepted", 0), sent)
        of = f"of {number(sent)} poisoned calls"
        yield Told("poisoned calls let in (false accepts)", share.hits, of, _bound(share), wrong=share.hits > 0)
    if alive := seen["alive"] - seen["revoked"]:
        share = Share.counted(seen["rejected"], alive)
        yield Told(TURNED_AWAY, share.hits, f"of {number(alive)} sent", _bound(share))
    if renewals.now_s >= renewals.life_s:
        ratio = seen["fetches"] / renewals.needed
        of = f"{number(round(renewals.needed))} needed, one per holder and life"
        yield Told("token fetches since zero", seen["fetches"], of, f"{ratio:.2f} times as many")
    if calls := seen["calls"]:
        retries = max(seen["attempts"] - calls, 0)
        yield Told("retries", retries, f"of {number(calls)} calls since zero", f"{retries / calls:.3f} per call")
    if streams := seen["late_streams"]:
        messages = plural(seen["late_messages"], "message")
        yield Told("streams with messages after their token's end", streams, "since zero", messages)


def poisoned_in(live: Mapping[str, int]) -> dict[str, int]:
    """Return the poisoned calls among live counts, by the worth of their answers."""
    return {name.removeprefix(POISONED): count for name, count in live.items() if name.startswith(POISONED)}


def progress_line(live: Mapping[str, int], active: Sequence[str], now_s: float) -> str:
    """Return how a run goes, in one line: its clock, calls and fetches so far, the steps in force."""
    failures = Counter({name: count for name, count in live.items() if not name.startswith(POISONED)})
    fetches, good = failures.pop("fetches", 0), failures.pop("ok", 0)
    failed = ", ".join(f"{outcome} {count:,}" for outcome, count in failures.most_common(3)) or "none"
    poisoned = sum(poisoned_in(live).values())
    told = f"token fetches {fetches:,}" + (f"; poisoned calls {poisoned:,}" if poisoned else "")
    return f"{now_s:5.1f} s: {good:,} calls good; failed: {failed}; {told}; active: {', '.join(active) or 'none'}"


def _bound(share: Share) -> str:
    return f"under {percent(share.high)} (95 % sure)"
