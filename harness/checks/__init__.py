"""Checks: what must hold for a run to pass, each a frozen setting that judges a summary.

One file per kind of check; a check registers itself by being defined, and `CHECKS` holds them by
name. Building one never raises: `Check.mistakes` names what is wrong, so that a scenario can
report all its mistakes at once. ``when`` is ``steady``, ``warm-up``, ``all`` (from zero to the end
of the load), ``recovery`` (every recovery), a step's id (``15-expire_all``) or a fault's name; a
step without width is judged by its recovery. Where ``when`` fits several phases, the worst counts.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from harness.errors import RecordError, UsageError
from harness.formatting import duration
from harness.records import settings_of
from harness.registry import Registry
from harness.results.run import Run
from harness.results.summary import Cell, CheckResult, StepOutcome, Summary
from harness.validation import is_number

FIXED_PHASES = ("steady", "warm-up", "all", "recovery")
CHECKS: Registry[type["Check"]] = Registry("check", "harness.checks")
"""Every check by the name under which scenarios import it from `harness`."""


@dataclass(frozen=True)
class Check:
    """One condition on a summary; the base of the registry."""

    check: ClassVar[str]

    def __init_subclass__(cls, check: str = "") -> None:
        super().__init_subclass__()
        if check:  # without a name it is a base of others
            cls.check = check
            CHECKS.add(check, cls)

    @property
    def text(self) -> str:
        """Return the condition in words."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """Return a short name within a scenario: what is judged, and when (``failure_ratio steady``)."""
        return label_of(self.to_json())

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings; ``steps`` maps the timeline's ids to fault names."""
        raise NotImplementedError

    def misfits(self, ends_s: Mapping[str, float], faults: Mapping[str, str], duration_s: float) -> list[str]:
        """Return why a load of ``duration_s`` is too short to judge by; ``ends_s`` and ``faults`` are by step id."""
        del ends_s, faults, duration_s
        return []

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge a summary."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Return name and settings as JSON data."""
        return {"check": self.check, **asdict(self), "text": self.text}

    def judged(self, value: float | None, limit: float, *, passed: bool, sentence: str) -> CheckResult:
        """Return the result of a check that had something to judge."""
        return CheckResult(self.to_json(), self.text, "passed" if passed else "failed", value, limit, sentence)

    def no_data(self, limit: float, why: str) -> CheckResult:
        """Return the result of a check that had nothing to judge."""
        return CheckResult(self.to_json(), self.text, "no data", None, limit, f"No data for “{self.text}”: {why}.")

    def nothing_to_recover(self, when: str, summary: Summary, limit: float) -> CheckResult | None:
        """Return a pass where ``when`` means recoveries only, and all of them took no time."""
        steps = [step for step in applied_steps(summary, when) if step.instant or when == "recovery"]
        if steps and all(step.recovery_s == 0 for step in steps):
            return self.judged(None, limit, passed=True, sentence=f"{self.text}: there was nothing to recover from.")
        return None


def label_of(data: Mapping[str, Any]) -> str:
    """Return the label of a check that `Check.to_json` wrote."""
    return " ".join(str(word) for word in (data["check"], data.get("of"), data.get("when"), data.get("after")) if word)


def check_from_json(data: Mapping[str, Any]) -> Check:
    """Rebuild a check from `Check.to_json`.

    Raises `RecordError` for an unknown check, a setting that it does not have, or one of another type.
    """
    name = str(data.get("check"))
    if name not in CHECKS:
        raise RecordError(f"unknown check {name}; this build knows {', '.join(sorted(CHECKS))}")
    settings = {key: value for key, value in data.items() if key not in ("check", "text")}
    try:
        return settings_of(settings, CHECKS[name], f"check {name}")
    except UsageError as error:
        raise RecordError(f"{error}; use the build that wrote it") from error


def cells(summary: Summary, when: str) -> Iterator[Cell]:
    """Yield the cell over all methods of each phase that ``when`` means."""
    if when in ("steady", "warm-up", "all"):
        yield summary.cell(when)
        return
    for step in applied_steps(summary, when):
        yield summary.cell(f"recovery:{step.step}" if when == "recovery" else step.phase)


def applied_steps(summary: Summary, which: str | None) -> list[StepOutcome]:
    """Return the applied steps of an id, of a fault's name, or (None, ``recovery``) all of them."""
    return [
        step for step in summary.steps if step.from_s is not None and which in (None, "recovery", step.step, step.fault)
    ]


def wrong_limit(check: str, name: str, value: Any) -> list[str]:
    """Return a sentence where a limit is not a number above 0."""
    return [] if is_number(value) and value > 0 else [f"{check}: {name}={value!r} must be a number above 0"]


def wrong_when(check: str, when: object, steps: Mapping[str, str]) -> list[str]:
    """Return a sentence where ``when`` names no phase of this timeline."""
    if when == "recovery" and not steps:
        return [f"{check}: when='recovery', but the timeline has no step; use 'steady'"]
    return [] if when in FIXED_PHASES else _unknown(check, "when", when, steps, FIXED_PHASES)


def wrong_after(check: str, after: object, steps: Mapping[str, str]) -> list[str]:
    """Return a sentence where ``after`` names no step or fault of this timeline."""
    if after is None:
        return [] if steps else [f"{check}: the timeline has no step to judge; add one, or drop the check"]
    return _unknown(check, "after", after, steps, ())


def _unknown(check: str, name: str, value: object, steps: Mapping[str, str], others: tuple[str, ...]) -> list[str]:
    if isinstance(value, str) and (value in steps or value in steps.values()):
        return []
    ways = ", ".join([*others, *steps, *sorted(set(steps.values()))])
    return [f"{check}: {name}={value!r} names nothing in the timeline; it can be {ways or 'left out only'}"]


def limit_words(value: object, words: Callable[[float], str] = duration) -> str:
    """Return a limit in words, whatever was written for it."""
    return words(value) if isinstance(value, int | float) else repr(value)


def checks_of(run: Run) -> tuple[Check, ...]:
    """Return the checks of a run's scenario; raises `RecordError` for one that this build does not know."""
    return tuple(check_from_json(check) for check in run.data.get("checks") or ())
