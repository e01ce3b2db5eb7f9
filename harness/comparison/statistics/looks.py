"""Looks: how many pairs are made, and when one may look at them.

Testing again after each added pair doubles the false alarms. So the number is fixed before the
first run, and a plan with two looks splits its chance of error between them; every look is kept.
"""

from dataclasses import dataclass

from harness.comparison.statistics.interval import smallest_n
from harness.formatting import plural

ALPHA = 0.05
"""Chance that a verdict of a whole comparison is wrong when nothing changed, over all primaries and looks."""


@dataclass(frozen=True)
class Look:
    """A moment at which the pairs are judged: how many there are, and what chance of error is spent."""

    pairs: int
    alpha: float


@dataclass(frozen=True)
class LookPlan:
    """The looks of a comparison, fixed before its first run; a later one happens only while it is too noisy to tell."""

    name: str
    looks: tuple[Look, ...]

    @property
    def pairs(self) -> int:
        """Return how many pairs are made at most."""
        return self.looks[-1].pairs

    def look_at(self, pairs: int) -> Look | None:
        """Return the look that is due after so many pairs, or None: between looks nobody looks."""
        return next((look for look in self.looks if look.pairs == pairs), None)


QUICK = LookPlan("quick", (Look(8, ALPHA),))
DEFAULT = LookPlan("default", (Look(10, ALPHA),))
SURE = LookPlan("sure", (Look(12, ALPHA),))
TWO_LOOKS = LookPlan("two looks", (Look(10, 0.02), Look(14, 0.03)))
PLANS = {plan.name: plan for plan in (QUICK, DEFAULT, SURE, TWO_LOOKS)}


def mistakes(plan: LookPlan, primaries: int) -> list[str]:
    """Return what is wrong with a plan for so many primaries, one sentence each with its way out."""
    found = []
    sizes = [look.pairs for look in plan.looks]
    if sorted(set(sizes)) != sizes or not sizes:
        found.append(f"plan {plan.name}: looks at {sizes} pairs; give rising numbers, each once")
    spent = sum(look.alpha for look in plan.looks)
    if spent > ALPHA + 1e-9:
        found.append(f"plan {plan.name}: its looks spend {spent:g} of {ALPHA:g}; split it between them")
    for look in plan.looks:
        least = smallest_n(look.alpha / primaries)
        if look.pairs < least:
            decide = "decides" if look.pairs == 1 else "decide"
            text = f"{plural(look.pairs, 'pair')} {decide} nothing for {primaries} primaries at {look.alpha:g}"
            found.append(f"plan {plan.name}: {text}; make {least} or more, or name fewer primaries")
    return found
