import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.defects.oracle import Bounds
from harness.errors import RecordError
from harness.probe.result import FAILING, ClockEstimate, Finding, Outcome, ProbeResult

numbers = st.floats(-1e9, 1e9)
bounds = st.none() | st.builds(Bounds, numbers, numbers)
findings = st.builds(
    Finding, st.text(), st.text(), st.sampled_from(Outcome), allowed=st.tuples(st.text()), row=st.text()
)
clocks = st.builds(ClockEstimate, st.text(), st.text(), bounds, offset=bounds, doubts=st.tuples(st.text()))
results = st.builds(
    ProbeResult,
    st.text(),
    st.text(),
    findings=st.lists(findings, max_size=4).map(tuple),
    clocks=st.lists(clocks, max_size=2).map(tuple),
    versions=st.dictionaries(st.text(), st.text()),
)


@given(results)
def test_a_result_survives_its_file(result: ProbeResult) -> None:
    assert ProbeResult.from_json(result.to_json()) == result


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 0}', '{"schema": 1, "findings": 7}'])
def test_what_is_no_result_is_said_to_be_none(text: str) -> None:
    with pytest.raises(RecordError, match="probe the target again"):
        ProbeResult.from_json(text)


def test_exactly_false_accepts_crashes_and_naked_methods_fail_a_probe() -> None:
    found = tuple(Finding("verdicts", outcome.value, outcome) for outcome in Outcome)
    result = ProbeResult("here", "now", findings=found)
    assert {one.outcome for one in result.failing} == FAILING
    assert set(result.counts().values()) == {1}
    assert json.loads(result.to_json())["counts"] == result.counts()


def test_an_estimate_with_a_doubt_is_not_sound() -> None:
    known = ClockEstimate("", "", offset=Bounds(0, 1), leeway=Bounds(0, 1))
    assert known.sound
    assert not ClockEstimate("", "", offset=Bounds(0, 1), leeway=Bounds(0, 1), doubts=("two clocks",)).sound
