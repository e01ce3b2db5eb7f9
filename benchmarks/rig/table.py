"""The table of one benchmark: what was measured, its interval, the bound, and whether it holds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.rig.estimate import Estimate


@dataclass(frozen=True)
class Bound:
    """Limits that an estimate keeps when its whole interval does: from ``at_least``, under ``below``."""

    at_least: float = -math.inf
    below: float = math.inf

    def holds(self, estimate: Estimate) -> bool:
        """Tell whether the interval lies within the limits."""
        return self.at_least <= estimate.low and estimate.high < self.below

    def __str__(self) -> str:
        ends = [f">= {self.at_least:g}"] if self.at_least > -math.inf else []
        return ", ".join([*ends, f"< {self.below:g}"] if self.below < math.inf else ends)


@dataclass(frozen=True)
class Line:
    """One measured figure; without a bound it is there to compare."""

    what: str
    estimate: Estimate
    unit: str = ""
    digits: int = 2
    bound: Bound | None = None

    def holds(self) -> bool:
        """Tell whether the bound holds, or there is none."""
        return self.bound is None or self.bound.holds(self.estimate)

    def cells(self) -> list[str]:
        """Return the line's cells, as text."""
        one = self.estimate
        interval = "" if one.low == one.high else f"{self._number(one.low)} to {self._number(one.high)}"
        limit = str(self.bound) if self.bound else ""
        verdict = ("yes" if self.holds() else "**no**") if self.bound else ""
        value = f"{self._number(one.value)} {self.unit}".strip()
        return [self.what, value, interval, str(one.samples), limit, verdict]

    def _number(self, value: float) -> str:
        return f"{value:,.{self.digits}f}"


HEADER = ["measured", "value", "95 % interval", "samples", "bound", "holds"]


def show(lines: Sequence[Line], *notes: str) -> int:
    """Print a Markdown table and its notes; return 0 where all bounds hold, else 1."""
    rows = [HEADER, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    for place, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if place == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for note in notes:
        print(f"\n{note}")
    return 0 if all(line.holds() for line in lines) else 1
