"""The mutation table: each animal switched on, and the rows of the catalogue that find it.

An animal is killed where exactly the rows fail that claim to find it: fewer miss it, more cry wolf.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.lab import zoo
from harness.lab.zoo import Animal
from harness.proof.bench import SHAPES
from harness.proof.proof import ProofResult, prove_client, prove_server
from harness.proof.target import stage
from harness.tokens.client_parts import ClientParts

_AT_ONCE = 12
"""Animals that are tried side by side: most of a trial is waiting for caches to age."""


@dataclass(frozen=True)
class Trial:
    """What came of one animal."""

    animal: Animal
    proof: ProofResult

    @property
    def missed(self) -> list[str]:
        """Return the rows that should have failed."""
        return sorted(self.animal.finds - self.proof.failed)

    @property
    def false_alarms(self) -> list[str]:
        """Return the rows that should not have failed."""
        return sorted(self.proof.failed - self.animal.finds)

    @property
    def killed(self) -> bool:
        """Return whether exactly the right rows failed."""
        return bool(self.animal.finds) and not self.missed and not self.false_alarms


async def try_animal(animal: Animal) -> Trial:
    """Switch an animal on and run the catalogue: unary calls and procedures, which cover the other kinds."""
    if animal.kind == "clients":
        return Trial(animal, await prove_client(animal.release(ClientParts())))
    async with stage(animal.algorithm, [animal.name]) as bench:
        return Trial(animal, await prove_server(bench, SHAPES[:1]))


async def try_all(names: Iterable[str]) -> list[Trial]:
    """Try animals, a few at a time."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str) -> Trial:
        async with free:
            return await try_animal(zoo.find(name))

    return list(await asyncio.gather(*(one(name) for name in names)))


def page(trials: Sequence[Trial]) -> str:
    """Return the table and the kill rate, as text."""
    lines = [f"{'animal':<36}{'kind':<9}{'verdict':<9}found by"]
    lines += [_line(trial) for trial in trials]
    hunted = [trial for trial in trials if not trial.animal.unseen]
    killed = sum(trial.killed for trial in hunted)
    alarms = sum(len(trial.false_alarms) for trial in trials)
    rate = killed / len(hunted) if hunted else 0.0
    unseen = len(trials) - len(hunted)
    lines.append(
        f"\nkilled {killed} of {len(hunted)} ({rate:.0%}); {alarms} false alarms; {unseen} not seen from outside"
    )
    return "\n".join(lines)


def _line(trial: Trial) -> str:
    animal = trial.animal
    if animal.unseen and not trial.proof.failed:
        verdict, found = "unseen", animal.unseen
    else:
        verdict, found = ("killed" if trial.killed else "ALIVE"), _rows(sorted(trial.proof.failed))
    wrong = [f"missed: {_rows(trial.missed)}"] if trial.missed else []
    wrong += [f"false alarm: {_rows(trial.false_alarms)}"] if trial.false_alarms else []
    return f"{animal.name:<36}{animal.kind[:-1]:<9}{verdict:<9}{'; '.join([found, *wrong])}"


def _rows(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:8])
    return f"{shown} and {len(ids) - 8} more" if len(ids) > 8 else shown or "nothing"
