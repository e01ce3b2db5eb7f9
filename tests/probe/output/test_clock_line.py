from harness.defects.oracle import Bounds
from harness.probe.output.table import clock_line
from harness.probe.result import ClockEstimate

OFFSET = Bounds(149.999, 150.001)


def test_a_clock_that_is_sound_is_told_with_its_bounds() -> None:
    told = clock_line(ClockEstimate("one", "", offset=OFFSET, leeway=Bounds(4.9, 5.1)))
    assert "offset +150.000 s ± 0.001 s, leeway 5.000 s ± 0.100 s" in told


def test_a_clock_that_is_doubted_claims_no_bounds() -> None:
    told = clock_line(ClockEstimate("one", "", offset=OFFSET, leeway=Bounds(4.9, 5.1), doubts=("the edges moved",)))
    assert "offset +150.000 s (doubted), leeway 5.000 s (doubted)" in told
    assert "±" not in told
    assert told.endswith("doubt: the edges moved")
