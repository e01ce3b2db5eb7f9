"""False accepts: what became of the calls that steps poisoned, by step."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from harness.analysis.columns import Chunk
from harness.analysis.course import Course
from harness.analysis.measures import Measure, Totals
from harness.results.auth_summary import ProbeOutcome
from harness.results.grpc_status import status, worth
from harness.results.poison import Poison
from harness.results.proportion import Share
from harness.results.run import Run

Told = Counter[tuple[str, int, str]]
"""How often the trace tells of a specimen, a status and a method: all poisoned calls where specimens differ, else the
wrong answers. Counted and not kept, for a run may poison millions."""


class Probes(Measure, of="probes"):
    """Counts poisoned calls by their answers."""

    def __init__(self, run: Run, course: Course) -> None:
        del course
        self._steps = run.steps
        self._poison = Poison.of(run.steps)
        self._codes = {step: Counter[int]() for step in self._poison.bits}
        self._told = {step: Told() for step in self._poison.bits}

    def count_poisoned(self, attempts: Chunk) -> None:
        """Count answers."""
        for step, bit in self._poison.bits.items():
            chosen = ((attempts.steps & bit) != 0) & (attempts.at_us >= 0)
            self._codes[step].update(attempts.code[chosen].tolist())

    def hear(self, line: Mapping[str, Any]) -> None:
        """Count what was sent, how it was answered and by which method."""
        if "poisoned_by" not in line or line.get("t_s", 0) < 0:
            return
        key = str(line["poisoned_by"]), int(line.get("code", -1)), str(line.get("method", ""))
        for step, bit in self._poison.bits.items():
            if int(line.get("steps", 0)) & bit:
                self._told[step][key] += 1

    def result(self, totals: Totals) -> tuple[ProbeOutcome, ...]:
        """Return the outcome of each step that poisons, in the order of the timeline."""
        del totals
        return tuple(self._outcome(step) for step in self._steps if str(step["id"]) in self._poison.bits)

    def _outcome(self, step: Mapping[str, Any]) -> ProbeOutcome:
        identity = str(step["id"])
        codes, told, right = self._codes[identity], self._told[identity], self._poison.right[identity]
        worths = Counter[str]()
        for code, count in codes.items():
            worths[worth(code, right)] += count
        sent = sum(codes.values())
        return ProbeOutcome(
            step=identity,
            fault=str(step["fault"]),
            text=str(step["text"]),
            expects=tuple(str(name) for name in step["expects"]),
            sent=sent,
            codes={status(code): count for code, count in codes.most_common()},
            wrong=_wrong(told, right),
            answers=_answers(told),
            naked=_naked(told),
            false_accepts=Share.counted(worths["accepted"], sent),
            **{name: worths[name] for name in ("right", "accepted", "crashed", "other")},
        )


def _wrong(told: Told, right: frozenset[int]) -> dict[str, int]:
    """Return the wrong answers to poisoned calls, by what they carried."""
    found = Counter[str]()
    for (specimen, code, _), count in told.items():
        if code not in right:
            found[f"{specimen}: {status(code)}"] += count
    return dict(found.most_common(20))


def _answers(told: Told) -> dict[str, dict[str, int]]:
    """Return how often each specimen got each status."""
    found: dict[str, Counter[str]] = {}
    for (specimen, code, _), count in told.items():
        if specimen:
            found.setdefault(specimen, Counter())[status(code)] += count
    return {specimen: dict(found[specimen].most_common()) for specimen in sorted(found)}


def _naked(told: Told) -> dict[str, int]:
    """Return how many poisoned calls each method let in."""
    found = Counter[str]()
    for (_, code, method), count in told.items():
        if code == 0:
            found[method] += count
    return dict(found.most_common())
