"""What an answer proves of a call that nobody may make."""

import pytest

from harness.defects.bench import Answer
from harness.probe.parts.evidence import Circumstances, weigh
from harness.probe.result import Outcome
from harness.results.grpc_status import CODES

UNKNOWN_METHOD = Answer("UNIMPLEMENTED", "unknown method Nope for service pkg.S")


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (Answer("UNAUTHENTICATED"), Outcome.PASSED, ""),
        (Answer("PERMISSION_DENIED"), Outcome.ALLOWED, "UNAUTHENTICATED makes clients renew"),
        (Answer("OK", messages=1), Outcome.NAKED, "strong evidence: the handler answered OK with 1 message"),
        (Answer("NOT_FOUND", "no account 7"), Outcome.NAKED, "fair evidence: NOT_FOUND comes from behind the door"),
        (Answer("INVALID_ARGUMENT", "user name is empty"), Outcome.WRONG_CODE, "turned away, to go by its words"),
        (Answer("UNIMPLEMENTED", "Method not implemented!"), Outcome.NAKED, "weak evidence"),
        (Answer("INTERNAL", "boom"), Outcome.CRASH_CODE, "fell over: INTERNAL (“boom”)"),
        (Answer("UNKNOWN", "auth: no user name"), Outcome.CRASH_CODE, "to go by its words"),
        (Answer("DEADLINE_EXCEEDED", "Deadline Exceeded"), Outcome.PROBLEM, "nothing proves that its handler ran"),
        (Answer("DEADLINE_EXCEEDED", messages=3), Outcome.NAKED, "strong evidence: 3 messages came back"),
        (Answer("UNAUTHENTICATED", messages=1), Outcome.NAKED, "1 message came back before UNAUTHENTICATED"),
        (Answer("UNAVAILABLE", "failed to connect to all addresses"), Outcome.VOID, "lost on its way"),
        (Answer("UNAVAILABLE", "keys cannot be had"), Outcome.WRONG_CODE, "try again, with the same token"),
        (Answer("RESOURCE_EXHAUSTED", "slow down"), Outcome.NOT_CHECKED, "turned away by a limit"),
    ],
)
def test_an_answer_is_weighed_by_what_it_proves(answer: Answer, outcome: Outcome, says: str) -> None:
    weighed = weigh(answer, Circumstances())
    assert (weighed.outcome, says in weighed.text) == (outcome, True)


def test_a_side_effect_outweighs_a_rejection() -> None:
    weighed = weigh(Answer("UNAUTHENTICATED", carried_out=True), Circumstances())
    assert weighed.outcome is Outcome.NAKED
    assert weighed.text.startswith("proven: the side effect was read back")


def test_an_unknown_method_is_not_called_naked() -> None:
    answer = Answer("UNIMPLEMENTED", "unknown method Get for service pkg.S")
    weighed = weigh(answer, Circumstances(listed=False, unknown=UNKNOWN_METHOD))
    assert weighed.outcome is Outcome.NOT_CHECKED


def test_a_listed_method_that_is_not_written_had_no_check_before_it() -> None:
    answer = Answer("UNIMPLEMENTED", "method Get not implemented")
    weighed = weigh(answer, Circumstances(listed=True, unknown=UNKNOWN_METHOD))
    assert weighed.outcome is Outcome.NAKED


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("OK", Outcome.PASSED),
        ("NOT_FOUND", Outcome.PASSED),
        ("UNAUTHENTICATED", Outcome.FALSE_REJECT),
        ("INTERNAL", Outcome.CRASH_CODE),
    ],
)
def test_a_public_method_must_not_ask_for_a_token(code: str, outcome: Outcome) -> None:
    assert weigh(Answer(code), Circumstances(public=True)).outcome is outcome


@pytest.mark.parametrize("code", CODES)
def test_every_status_means_something(code: str) -> None:
    assert weigh(Answer(code), Circumstances()).outcome in Outcome
