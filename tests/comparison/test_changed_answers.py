from harness.comparison.changed_answers import changed_verdicts
from harness.results.auth_summary import Measures, ProbeOutcome
from harness.results.summary import Summary

UNAUTHENTICATED = {"UNAUTHENTICATED": 4}


def run_with(*probes: dict[str, dict[str, int]]) -> Summary:
    outcomes = tuple(ProbeOutcome(f"{n}-mix", "defect_mix", "", answers=one) for n, one in enumerate(probes))
    return Summary("r", "s", "b", "", 60, 10, 1, {}, None, {}, measures=Measures(outcomes))


def changed(*runs: Summary) -> list[str]:
    return list(changed_verdicts([f"v{n}" for n in range(len(runs))], runs))


def test_builds_that_answer_alike_have_nothing_to_tell_however_often_they_were_asked() -> None:
    assert changed(run_with({"SIGN-01": UNAUTHENTICATED}), run_with({"SIGN-01": {"UNAUTHENTICATED": 9}})) == []


def test_a_changed_answer_is_told_with_both_builds() -> None:
    found = changed(run_with({"SIGN-19 DER": UNAUTHENTICATED}), run_with({"SIGN-19 DER": {"OK": 3}}))
    assert found == ["SIGN-19 DER: UNAUTHENTICATED by v0, OK by v1"]


def test_an_answer_that_came_now_and_then_is_told() -> None:
    sometimes = {"TIME-02 1 s": {"UNAUTHENTICATED": 3, "OK": 1}}
    found = changed(run_with({"TIME-02 1 s": UNAUTHENTICATED}), run_with(sometimes))
    assert found == ["TIME-02 1 s: UNAUTHENTICATED by v0, OK or UNAUTHENTICATED by v1"]


def test_what_only_one_of_them_was_sent_tells_nothing() -> None:
    assert changed(run_with({"SIGN-01": UNAUTHENTICATED}), run_with({"SIGN-02": {"OK": 1}})) == []


def test_steps_that_send_the_same_are_one_cell_and_each_run_is_held_against_the_first() -> None:
    base = run_with({"SIGN-01": UNAUTHENTICATED}, {"SIGN-01": {"PERMISSION_DENIED": 1}})
    found = changed(base, base, run_with({"SIGN-01": UNAUTHENTICATED}))
    assert found == ["SIGN-01: PERMISSION_DENIED or UNAUTHENTICATED by v0, UNAUTHENTICATED by v2"]
