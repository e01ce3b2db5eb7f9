"""``jwtstorm list``: what there is, each with how it is written and a line of its own words."""

import inspect
import sys
from argparse import Namespace
from collections.abc import Iterable

from harness.cli.commands import Group, command


@command("list", Group.STORM)
def run(options: Namespace) -> int:
    """List scenarios, faults and checks."""
    del options
    sys.stdout.write(listing())
    return 0


def listing() -> str:
    """Return the list that ``jwtstorm list`` prints."""
    from harness.checks import CHECKS
    from harness.faults import FAULTS
    from harness.scenario import catalogue

    scenarios = [(entry.about.name, entry.about.question or entry.about.title) for entry in catalogue.entries()]
    faults = [(_call(kind.__name__, kind), _first_line(kind.__doc__)) for _, kind in sorted(FAULTS.items())]
    checks = [(_call(name, kind), _first_line(kind.__doc__)) for name, kind in sorted(CHECKS.items())]
    parts = [
        _part("scenarios: jwtstorm run NAME", scenarios),
        _part("faults: from harness.faults import …; Scenario(timeline=[at(15, …, until_s=30)])", faults),
        _part("checks: from harness import …; Scenario(checks=[…])", checks),
    ]
    return "\n".join(parts)


def _part(title: str, rows: Iterable[tuple[str, str]]) -> str:
    return f"{title}\n" + "".join(f"  {name}\n      {text}\n" for name, text in rows)


def _call(name: str, kind: type) -> str:
    """Return how something is written: ``Latency(link, delay_s, jitter_s=0.0, toward='downstream')``."""
    parameters = inspect.signature(kind).parameters.values()
    return f"{name}({', '.join(str(parameter.replace(annotation=parameter.empty)) for parameter in parameters)})"


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0].replace("``", "")
