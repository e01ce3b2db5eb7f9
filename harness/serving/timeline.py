"""A scenario's timeline for a served lab: what goes wrong at which second, whoever the client is.

The scenario is read in a process of its own (importing one patches the process), so that its faults come as data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import UsageError
from harness.faults import fault_from_json
from harness.faults.fault import Surroundings
from harness.faults.timeline import Planned, Step, number
from harness.scenario import catalogue
from harness.scenario.scenario import LabSettings


@dataclass(frozen=True)
class ServedTimeline:
    """Steps of a scenario that act on the lab; ``left_out`` are those that act in users of our own.

    ``lab`` and ``lifetime_s`` are what the scenario wants of issuer and target.
    """

    name: str
    steps: tuple[Step, ...]
    left_out: tuple[str, ...]
    lab: LabSettings
    lifetime_s: float

    @property
    def ends_s(self) -> float:
        """Return when its last step is over, in seconds from its beginning."""
        return max(step.at_s if step.until_s is None else step.until_s for step in self.steps)

    def links(self) -> frozenset[str]:
        """Return the links that its faults act on."""
        needs = {need for step in self.steps for need in step.fault.needs()}
        return frozenset(need.removeprefix("link:") for need in needs if need.startswith("link:"))

    def guard(self, algorithm: str) -> None:
        """Raise `UsageError` for a fault that cannot act here."""
        around = Surroundings(algorithm, signs=True)
        for step in self.steps:
            if wrong := step.fault.misfits(around):
                raise UsageError(f"--timeline {self.name}: {step.id}: {wrong[0]}")


def read_timeline(name: str) -> ServedTimeline:
    """Return the timeline of a scenario, by its name or its file; raises `UsageError`."""
    path = catalogue.find(name)
    return timeline_of(path.stem.replace("_", "-"), catalogue.inspect(path))


def timeline_of(name: str, scenario: Mapping[str, Any]) -> ServedTimeline:
    """Return the timeline in a scenario's settings; raises `UsageError` where nothing in it acts on a lab."""
    told = scenario["steps"]
    planned = [
        Planned(step["at_s"], fault_from_json(step["fault"], step["settings"]), step["until_s"], step["toxicity"])
        for step in told
        if step["seat"] == "environment"
    ]
    left_out = tuple(step["id"] for step in told if step["seat"] != "environment")
    if not planned:
        why = "all of its steps act in users of jwtstorm's own" if left_out else "nothing goes wrong in it"
        raise UsageError(f"--timeline {name}: {why}; name a scenario whose faults act on the lab or its links")
    lab = {**scenario["lab"], "zoo": tuple(scenario["lab"]["zoo"])} if scenario["lab"] else {}
    return ServedTimeline(name, number(planned), left_out, LabSettings(**lab), scenario["tokens"]["lifetime_s"])
