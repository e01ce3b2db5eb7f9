"""Faults, one file each: what a timeline can plan, each name loaded when it is first asked for.

There are two kinds. A fault of the *lab* (`LabFault`) is applied by the conductor, journaled before it is applied, and
undone; a fault *per call* (`CallFault`) is pure and runs in the worker, one decision per attempt. ``__init__.pyi``
tells the names to type checkers; ``make stubs`` writes it.
"""

from collections.abc import Mapping

from harness.registry import Names

_HOMES = {
    "CallFault": "harness.faults.per_call",
    "CallView": "harness.faults.per_call",
    "Command": "harness.results.fault_events",
    "FAULTS": "harness.faults.fault",
    "Fault": "harness.faults.fault",
    "Forge": "harness.faults.per_call",
    "LabControls": "harness.faults.of_lab",
    "LabFault": "harness.faults.of_lab",
    "Meter": "harness.faults.of_lab",
    "Reading": "harness.faults.of_lab",
    "Site": "harness.faults.of_lab",
    "Surroundings": "harness.faults.fault",
    "fault_from_json": "harness.faults.fault",
}
"""What a fault of one's own is made of; the faults themselves come from their registry."""


def _registered() -> Mapping[str, type]:
    from harness.faults.fault import FAULTS

    return {kind.__name__: kind for kind in FAULTS.values()}


NAMES = Names(__name__, _HOMES, _registered)
__getattr__, __dir__ = NAMES.get, NAMES.all
