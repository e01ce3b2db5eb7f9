"""How much more may be asked of the issuer than need be: storms show here before the issuer falls."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks import Check, applied_steps, limit_words, wrong_after, wrong_limit
from harness.formatting import number, plural
from harness.results.summary import CheckResult, Summary

KINDS = {
    "refreshes": "token fetches per holder for a fault",
    "expiries": "token fetches per expiry",
    "peak": "times the ideal rate of token fetches in the worst second",
    "key sets": "key-set requests per cooldown of the verifier",
}
"""What ``of`` can be, in words."""


@dataclass(frozen=True)
class Amplification(Check, check="amplification"):
    """Bound what renewing costs against what it need cost; all of it is about 1 when all is well.

    ``of`` is ``refreshes`` (token fetches per holder, from a step's start to the end of its recovery, of the
    worst step), ``expiries`` (token fetches per holder and life in the whole run), ``peak`` (the busiest second
    against one fetch per holder and life), or ``key sets`` (requests for the lab's key set, against the one per
    cooldown that a right verifier makes). ``after`` names a step or a fault, for ``refreshes`` and ``peak``.
    """

    below: float
    of: str = "refreshes"
    after: str | None = None

    @property
    def text(self) -> str:
        """Return the condition in words."""
        what = KINDS.get(self.of, self.of)
        return f"under {limit_words(self.below, number)} {what}{f' after {self.after}' if self.after else ''}"

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        found = wrong_limit(self.check, "below", self.below)
        if self.of not in KINDS:
            return [*found, f"{self.check}: of={self.of!r} is not measured; give one of {', '.join(KINDS)}"]
        if self.after is not None and self.of in {"expiries", "key sets"}:
            return [*found, f"{self.check}: of={self.of!r} is of the whole run; drop after={self.after!r}"]
        judges_steps = self.of == "refreshes" or self.after is not None
        return [*found, *(wrong_after(self.check, self.after, steps) if judges_steps else ())]

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the worst value."""
        measured = summary.measures.amplification
        if self.of == "refreshes" or self.after is not None:
            return self._of_steps(summary)
        values = {
            "expiries": measured.fetches_per_expiry,
            "peak": measured.peak_ratio,
            "key sets": measured.key_sets_per_cooldown,
        }
        value = values[self.of]
        if value is None:
            return self.no_data(self.below, _MISSING[self.of])
        return self._judged(value, "")

    def _of_steps(self, summary: Summary) -> CheckResult:
        measured = summary.measures.amplification
        steps = applied_steps(summary, self.after)
        if not steps:
            return self.no_data(self.below, "no such fault was applied")
        if not measured.holders or (self.of == "peak" and not measured.ideal_per_s):
            return self.no_data(self.below, _MISSING[self.of])
        counts = {step: step.fetches_peak_per_s if self.of == "peak" else step.fetches for step in steps}
        worst = max(steps, key=lambda step: counts[step])
        per = (measured.ideal_per_s or 1.0) if self.of == "peak" else measured.holders
        holders = plural(measured.holders, "holder")
        return self._judged(counts[worst] / per, f", of {worst.step} ({number(counts[worst])} for {holders})")

    def _judged(self, value: float, where: str) -> CheckResult:
        sentence = f"There were {value:.3g} {KINDS[self.of]}{where}; the limit is {number(self.below)}."
        return self.judged(value, self.below, passed=value < self.below, sentence=sentence)


_MISSING = {
    "refreshes": "nobody knows how many holders of a token there were",
    "expiries": "nobody knows how many holders of a token there were, or how long it lives",
    "peak": "nobody knows how many holders of a token there were, or how long it lives",
    "key sets": "the key set is not served by the lab",
}
