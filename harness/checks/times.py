"""How long calls may take: response time (from the intended start) and service time (from the actual one).

Both judge the calls that succeeded: failing fast would improve a time that counts failures, and
`failure_ratio` bounds those.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks import Check, cells, limit_words, wrong_limit, wrong_when
from harness.formatting import duration, number, phase_words, plural, quantile_name
from harness.results.summary import QUANTILES, CheckResult, Spread, Summary


@dataclass(frozen=True)
class ResponseTime(Check, check="response_time"):
    """Bound a quantile of the response time (from the intended start) of calls that succeeded."""

    quantile: float
    below_s: float
    when: str = "steady"

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return _text(self, "response time")

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        return _mistakes(self, steps)

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the worst phase by its quantile."""
        return _judge(self, summary, {cell.phase: cell.response_ok for cell in cells(summary, self.when)})


@dataclass(frozen=True)
class ServiceTime(Check, check="service_time"):
    """Bound a quantile of the service time (from the actual start) of calls that succeeded."""

    quantile: float
    below_s: float
    when: str = "steady"

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return _text(self, "service time")

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        return _mistakes(self, steps)

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the worst phase by its quantile."""
        return _judge(self, summary, {cell.phase: cell.service_ok for cell in cells(summary, self.when)})


Timed = ResponseTime | ServiceTime


def _text(check: Timed, what: str) -> str:
    name = limit_words(check.quantile, quantile_name)
    return f"{name} {what} {phase_words(check.when)} under {limit_words(check.below_s)}"


def _mistakes(check: Timed, steps: Mapping[str, str]) -> list[str]:
    found = [*wrong_limit(check.check, "below_s", check.below_s), *wrong_when(check.check, check.when, steps)]
    if check.quantile not in QUANTILES.values():
        kept = ", ".join(str(value) for value in QUANTILES.values())
        found.append(f"{check.check}: quantile={check.quantile!r} is not measured; use one of {kept}")
    return found


def _judge(check: Timed, summary: Summary, spreads: Mapping[str, Spread]) -> CheckResult:
    most = max((spread.n for spread in spreads.values()), default=0)
    known = [(spread.at(check.quantile), phase, spread) for phase, spread in spreads.items()]
    measured = [(value, phase, spread) for value, phase, spread in known if value is not None]
    if most == 0:
        nothing = check.nothing_to_recover(check.when, summary, check.below_s)
        return nothing or check.no_data(check.below_s, "no call succeeded")
    if not measured:
        needed = math.ceil(round(5 / (1 - check.quantile), 6))
        return check.no_data(check.below_s, f"{plural(most, 'call')} succeeded, and it takes {number(needed)}")
    value, phase, spread = max(measured, key=lambda found: found[0])
    what = check.check.replace("_", " ")
    sentence = (
        f"The {quantile_name(check.quantile)} {what} {phase_words(phase)} was {duration(value)} "
        f"({plural(spread.n, 'successful call')}); the limit is {duration(check.below_s)}."
    )
    return check.judged(value, check.below_s, passed=value < check.below_s, sentence=sentence)
