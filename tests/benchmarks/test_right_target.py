"""The table of the right target covers the registry."""

from benchmarks.right_target import SETTINGS
from harness.faults import fault_from_json
from harness.faults.fault import FAULTS


def test_every_fault_meets_the_right_target_with_settings_that_it_takes() -> None:
    assert set(FAULTS) == set(SETTINGS)
    assert [text for name, settings in SETTINGS.items() for text in fault_from_json(name, settings).mistakes()] == []
