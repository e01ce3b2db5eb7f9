"""What an answer proves of a call that nobody may make."""

import pytest

from harness.defects.bench import Answer
from harness.probe.parts.evidence import Circumstances, weigh
from harness.probe.result import Outcome
from harness.probe.target.refusals import Refusals
from harness.results.grpc_status import CODES

UNKNOWN_METHOD = Answer("UNIMPLEMENTED", "unknown method Nope for service pkg.S")
EMPTY = Answer("INVALID_ARGUMENT", "name must not be empty")
WELCOME = Answer("OK", messages=1)


def refusing_with(*answers: Answer) -> Refusals:
    refusals = Refusals()
    for answer in answers:
        refusals.learn(answer, "no token")
    return refusals


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (Answer("UNAUTHENTICATED"), Outcome.PASSED, ""),
        (Answer("PERMISSION_DENIED"), Outcome.ALLOWED, "UNAUTHENTICATED makes clients renew"),
        (Answer("OK", messages=1), Outcome.NAKED, "strong evidence: the handler answered OK with 1 message"),
        (Answer("UNIMPLEMENTED", "Method not implemented!"), Outcome.NOT_CHECKED, "not proven"),
        (Answer("UNKNOWN", "Exception calling application: KeyError: 'x'"), Outcome.CRASH_CODE, "it fell over"),
        (Answer("DEADLINE_EXCEEDED", "Deadline Exceeded"), Outcome.PROBLEM, "nothing proves that its handler ran"),
        (Answer("DEADLINE_EXCEEDED", messages=3), Outcome.NAKED, "strong evidence: 3 messages came back"),
        (Answer("UNAUTHENTICATED", messages=1), Outcome.NAKED, "1 message came back before UNAUTHENTICATED"),
        (Answer("UNAVAILABLE", "failed to connect to all addresses"), Outcome.VOID, "lost on its way"),
        (Answer("UNAVAILABLE", "the connection was reset", own_words=True), Outcome.VOID, "lost on its way"),
        (Answer("RESOURCE_EXHAUSTED", "slow down"), Outcome.NOT_CHECKED, "turned away by a limit"),
        (Answer("INVALID_ARGUMENT", "jwt expired"), Outcome.WRONG_CODE, "in words of a verifier"),
    ],
)
def test_an_answer_is_weighed_by_what_it_proves(answer: Answer, outcome: Outcome, says: str) -> None:
    weighed = weigh(answer, Circumstances())
    assert (weighed.outcome, says in weighed.text) == (outcome, True), weighed


HANDLERS = [
    Answer("NOT_FOUND", "no account 7"),
    EMPTY,
    Answer("INVALID_ARGUMENT", "invalid CheckRequest.AuthorizationModelId: value length must be 26 bytes"),
    Answer("FAILED_PRECONDITION", "Task token not set on request"),
    Answer("INVALID_ARGUMENT", "user name is empty"),
    Answer("UNKNOWN", "name is required"),
    Answer("2000", "type 'login' not found"),
]


@pytest.mark.parametrize("answer", HANDLERS)
def test_a_status_without_a_control_proves_nothing_whatever_its_words(answer: Answer) -> None:
    weighed = weigh(answer, Circumstances())
    assert (weighed.outcome, weighed.text.startswith("not proven")) == (Outcome.NOT_CHECKED, True)
    assert "--data" in weighed.way_out


@pytest.mark.parametrize("answer", HANDLERS)
def test_the_same_answer_with_a_good_token_proves_no_check_and_none_missing(answer: Answer) -> None:
    weighed = weigh(answer, Circumstances(control=answer))
    assert weighed.outcome is Outcome.NOT_CHECKED
    assert "a good token gets the same answer" in weighed.text


@pytest.mark.parametrize("answer", HANDLERS)
def test_the_same_answer_as_a_good_token_proves_it_where_no_token_is_turned_away(answer: Answer) -> None:
    weighed = weigh(answer, Circumstances(control=answer, bare_refused=True))
    assert (weighed.outcome, "and no token does not" in weighed.text) == (Outcome.NAKED, True)


@pytest.mark.parametrize("answer", HANDLERS)
def test_where_a_good_token_gets_another_answer_the_caller_was_turned_away(answer: Answer) -> None:
    weighed = weigh(answer, Circumstances(control=WELCOME))
    assert weighed.outcome in {Outcome.WRONG_CODE, Outcome.CRASH_CODE}
    assert "where a good token gets OK" in weighed.text


@pytest.mark.parametrize("answer", HANDLERS)
def test_the_targets_own_way_of_refusing_is_a_rejection(answer: Answer) -> None:
    weighed = weigh(answer, Circumstances(refusals=refusing_with(answer)))
    assert weighed.outcome is Outcome.PASSED
    assert answer.code in weighed.text


def test_a_side_effect_outweighs_a_rejection() -> None:
    weighed = weigh(Answer("UNAUTHENTICATED", carried_out=True), Circumstances())
    assert weighed.outcome is Outcome.NAKED
    assert weighed.text.startswith("proven: the side effect was read back")


def test_an_unknown_method_is_not_called_naked() -> None:
    answer = Answer("UNIMPLEMENTED", "unknown method Get for service pkg.S")
    weighed = weigh(answer, Circumstances(listed=False, unknown=UNKNOWN_METHOD))
    assert weighed.outcome is Outcome.NOT_CHECKED


def test_a_listed_method_that_is_not_written_proves_nothing() -> None:
    answer = Answer("UNIMPLEMENTED", "method Get not implemented")
    weighed = weigh(answer, Circumstances(listed=True, unknown=UNKNOWN_METHOD))
    assert (weighed.outcome, weighed.text.startswith("not proven")) == (Outcome.NOT_CHECKED, True)


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


@pytest.mark.parametrize("code", [*CODES, "1010"])
def test_every_status_means_something(code: str) -> None:
    assert weigh(Answer(code), Circumstances()).outcome in Outcome
