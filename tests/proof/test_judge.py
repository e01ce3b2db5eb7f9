from dataclasses import replace
from functools import cache

import pytest

from harness.defects import DEFECTS
from harness.defects.bench import Answer, Observation
from harness.defects.good import Good
from harness.defects.judge import judge, judge_answer, judge_observation

REJECTED = Answer("UNAUTHENTICATED", "token expired")


@cache
def good() -> Good:
    return Good.of("ES256", "https://issuer.test", "ledger", 1_800_000_000.0)


def verdicts(row: str, answer: Answer) -> list[tuple[str, str]]:
    specimen = DEFECTS[row].specimens(good())[0]
    return [(one.row, one.verdict) for one in judge_answer(DEFECTS[row], specimen, "unary", "ES256", answer, ())]


@pytest.mark.parametrize(
    ("row", "code", "declared", "verdict"),
    [
        ("TIME-03", "UNAUTHENTICATED", (), "passed"),
        ("TIME-03", "OK", (), "failed"),
        ("TIME-03", "OK", ("exp-optional",), "allowed"),
        ("META-06", "UNAUTHENTICATED", (), "allowed"),
        ("TIME-01", "UNKNOWN", (), "failed"),
        ("TIME-01", "UNAVAILABLE", (), "failed"),
    ],
)
def test_an_answer_is_right_allowed_or_wrong(row: str, code: str, declared: tuple[str, ...], verdict: str) -> None:
    assert judge(DEFECTS[row], DEFECTS[row].expected, code, declared)[0] == verdict


def test_without_a_good_call_beside_it_nothing_is_proven() -> None:
    assert verdicts("TIME-01", replace(REJECTED, neighbour="UNAVAILABLE")) == [("TIME-01", "void")]


def test_a_handler_that_ran_for_a_rejected_call_is_its_own_finding() -> None:
    assert verdicts("TIME-01", replace(REJECTED, carried_out=True)) == [("TIME-01", "passed"), ("WIRE-09", "failed")]


def test_a_telling_text_is_its_own_finding() -> None:
    told = replace(REJECTED, text="token expired, now is 1799999123")
    assert verdicts("TIME-01", told) == [("TIME-01", "passed"), ("WIRE-13", "failed")]


@pytest.mark.parametrize(
    "lost",
    [
        Answer("UNAVAILABLE", "ConnectionResetError", own_words=True),
        Answer("UNAVAILABLE", "recvmsg:Connection reset by peer at 12:30:01"),
        Answer("INTERNAL", "Invalid metadata: Error of line 7", local=True),
    ],
)
def test_words_of_the_clients_own_are_no_finding(lost: Answer) -> None:
    assert [row for row, _ in verdicts("TIME-01", lost)] == ["TIME-01"]


def test_a_problem_fails_its_row_whatever_the_status() -> None:
    seen = Observation("fetches", problem="40 fetches")
    assert judge_observation(DEFECTS["KEY-04"], seen, "ES256", ()).verdict == "failed"
    assert judge_observation(DEFECTS["KEY-04"], Observation("fetches"), "ES256", ()).verdict == "passed"
