"""How long something may take to be seen from outside: a new key, a removed one, a revocation, a stream's end."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks import Check, limit_words, wrong_limit
from harness.formatting import duration
from harness.results.summary import CheckResult, Summary

KINDS = {
    "new key": "until the last token of a new key was turned away",
    "removed key": "until the last token of a removed key was let in",
    "revocation": "until the last revoked token was let in",
    "stream cut": "from a token's end until its stream was cut",
    "reconnect": "from a stream's cut until its user opened the next one",
}
"""What ``of`` can be, and what is measured."""


@dataclass(frozen=True)
class LagCheck(Check, check="lag"):
    """Bound a lag from the real start of the step that caused it; of several, the longest counts.

    ``of`` is ``new key``, ``removed key``, ``revocation``, ``stream cut`` or ``reconnect``.
    """

    of: str
    below_s: float

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"{self.of} lag under {limit_words(self.below_s)}"

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        del steps
        found = wrong_limit(self.check, "below_s", self.below_s)
        if self.of not in KINDS:
            found.append(f"{self.check}: of={self.of!r} is not measured; give one of {', '.join(KINDS)}")
        return found

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the longest lag."""
        lags = [one for one in summary.measures.lags if one.of == self.of]
        if not lags:
            return self.no_data(self.below_s, "nothing in the run shows it")
        known = [(one.seconds, one) for one in lags if one.seconds is not None]
        if len(known) < len(lags):
            unknown = next(one for one in lags if one.seconds is None)
            return self.no_data(self.below_s, f"{unknown.step or 'a stream'}: {unknown.note}")
        longest, one = max(known, key=lambda pair: pair[0])
        of = f" after {one.step}" if one.step else ""
        sentence = (
            f"It took {duration(longest)}{of} {KINDS[self.of]}{f' ({one.note})' if one.note else ''}; "
            f"the limit is {duration(self.below_s)}."
        )
        return self.judged(longest, self.below_s, passed=longest < self.below_s, sentence=sentence)
