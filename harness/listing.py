"""What there is: scenarios, faults and checks, each with a line of its own words."""

from collections.abc import Iterable

from harness import catalogue
from harness.checks import CHECKS
from harness.faults import FAULTS


def listing() -> str:
    """Return the list that ``jwtstorm list`` prints."""
    scenarios = [(entry.about.name, entry.about.question or entry.about.title) for entry in catalogue.entries()]
    faults = [(kind.__name__, _first_line(kind.__doc__)) for _, kind in sorted(FAULTS.items())]
    checks = [(name, _first_line(kind.__doc__)) for name, kind in sorted(CHECKS.items())]
    parts = [
        _part("scenarios (make scenario NAME=…)", scenarios),
        _part("faults (harness.faults)", faults),
        _part("checks (harness)", checks),
    ]
    return "\n".join(parts)


def _part(title: str, rows: Iterable[tuple[str, str]]) -> str:
    return f"{title}\n" + "".join(f"  {name:<18} {text}\n" for name, text in rows)


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
