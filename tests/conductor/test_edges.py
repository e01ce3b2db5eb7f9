"""An act takes time, and calls that it may have met are the fault's: never steady, whichever fault it is."""

from pathlib import Path

import numpy as np
import pytest

from harness.analysis.columns import counted_us, within
from harness.analysis.phases import RecoveryTime, begins_us, spans, windows
from harness.conductor.injection import Injection
from harness.faults import Command, Fault
from harness.faults.timeline import at, number
from harness.results.fault_journal import FaultJournal, read_events
from harness.results.summary import Phase
from tests.fakes.lab import LINKS, FakeLab
from tests.faults.examples import EXAMPLES, Example, label

ACT_S = 1.0
"""How long each order to a part takes, and each question."""


class SlowLab(FakeLab):
    """A lab whose parts take a second for each order; it takes effect at once, and is stamped at the end."""

    def __init__(self) -> None:
        super().__init__(self._take)
        self.now_ns = 0
        self.acted: list[tuple[int, int]] = []

    def _take(self, _: Command) -> None:
        begun_ns, self.now_ns = self.now_ns, self.now_ns + int(ACT_S * 1e9)
        self.acted.append((begun_ns, self.now_ns))

    def state(self, part: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - as the fake's
        self.now_ns += int(ACT_S * 1e9)
        return super().state(part)

    def sleep_until_ns(self, at_ns: int) -> bool:
        self.now_ns = max(self.now_ns, at_ns)
        return True


def phases_of(fault: Fault, run: Path, lab: SlowLab) -> tuple[dict[str, Phase], list[int]]:
    """Carry a fault out from 10 s to 20 s, and return the phases, had calls been good again at once."""
    steps = number([at(10, fault, None if fault.instant else 20)])
    injection = Injection(steps, lab, FaultJournal(run), LINKS, now_ns=lambda: lab.now_ns)
    injection.run(0, lab.sleep_until_ns)
    injection.undo_all()
    assert not injection.problems
    found = windows([step.to_json() for step in steps], read_events(run))
    good_at_once = [RecoveryTime(one.step, one.end_s(60), one.end_s(60), 0.0) for one in found]
    return {phase.name: phase for phase in spans(found, good_at_once, 60, 0)}, begins_us(found)


@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_what_is_due_while_a_fault_acts_is_never_steady(example: Example[Fault], tmp_path: Path) -> None:
    lab = SlowLab()
    phases, begun_us = phases_of(example.fault, tmp_path, lab)
    due_us = np.arange(0, 60_000_000, 10_000)
    response_us = np.full(due_us.size, 200_000)
    steady = within(counted_us(due_us, response_us, np.array(begun_us, np.int64)), phases["steady"].spans)
    taken = [span for phase in phases.values() if phase.step is not None for span in phase.spans]
    assert steady.any()
    for begun_ns, ended_ns in lab.acted:
        met = (due_us + response_us > begun_ns / 1e3) & (due_us < ended_ns // 1000)
        assert met.any()
        assert not steady[met].any()
        assert within(due_us[met & (due_us >= begun_ns / 1e3)], taken).all()


@pytest.mark.parametrize("example", [one for one in EXAMPLES if not one.fault.instant], ids=label)
def test_a_fault_is_over_when_its_undo_was_read_back(example: Example[Fault], tmp_path: Path) -> None:
    lab = SlowLab()
    phases, _ = phases_of(example.fault, tmp_path, lab)
    (window,) = [phase for phase in phases.values() if phase.kind == "window"]
    assert window.spans[0][1] >= max((ended_ns / 1e9 for _, ended_ns in lab.acted), default=0.0)
