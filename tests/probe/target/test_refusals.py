"""How a target turns callers away, learned from its own answers."""

import pytest

from harness.defects.bench import Answer
from harness.errors import UsageError
from harness.probe.target.refusals import Refusals, WayOfRefusing, refusal
from harness.probe.target.text_shape import text_shape

BARE, SPOILT = Answer("1010", "missing bearer token"), Answer("1004", "invalid bearer token")


def learned(*answers: Answer) -> Refusals:
    refusals = Refusals()
    for answer in answers:
        refusals.learn(answer, "no token")
    return refusals


def test_what_was_learned_is_known_again_whatever_numbers_and_names_are_in_its_text() -> None:
    refusals = learned(Answer("INVALID_ARGUMENT", 'no user "anna" (request 7f31aa2)'))
    assert refusals.includes(Answer("INVALID_ARGUMENT", 'no user "bert" (request 00c41be)'))
    assert not refusals.includes(Answer("INVALID_ARGUMENT", "name must not be empty"))
    assert not refusals.includes(Answer("NOT_FOUND", 'no user "anna" (request 7f31aa2)'))


def test_a_number_of_the_servers_own_is_a_refusal_whatever_its_text() -> None:
    refusals = learned(BARE, SPOILT)
    assert refusals.includes(Answer("1004", "invalid claims"))
    assert not refusals.includes(Answer("2000", "invalid claims"))


def test_the_end_of_a_stream_which_has_lost_its_number_is_known_by_its_text() -> None:
    refusals = learned(BARE)
    assert refusals.includes(Answer("UNKNOWN", "missing bearer token"))
    assert not refusals.includes(Answer("UNKNOWN", "boom"))


def test_unauthenticated_is_a_refusal_before_anything_is_learned() -> None:
    assert Refusals().includes(Answer("UNAUTHENTICATED", "no"))
    assert not Refusals().includes(Answer("UNAUTHENTICATED", "the stream was reset", own_words=True))


def test_success_and_the_clients_own_words_teach_nothing() -> None:
    assert learned(Answer("OK"), Answer("UNAVAILABLE", "the connection was reset", own_words=True)).codes == ()


def test_each_status_is_told_with_the_credentials_that_got_it() -> None:
    refusals = Refusals()
    for answer, name in ((BARE, "no token"), (SPOILT, "rubbish"), (SPOILT, "expired")):
        refusals.learn(answer, name)
    told = {code: (met.credentials, met.text) for code, met in refusals.by_code()}
    assert told == {
        "1010": (["no token"], "missing bearer token"),
        "1004": (["rubbish", "expired"], "invalid bearer token"),
    }


def test_a_declared_way_is_known_before_it_is_met_and_told_only_then() -> None:
    refusals = Refusals([refusal("invalid_argument=user name is empty"), refusal("1010")])
    assert refusals.includes(Answer("INVALID_ARGUMENT", "user name is empty"))
    assert refusals.includes(Answer("1010", "whatever"))
    assert not refusals.includes(Answer("INVALID_ARGUMENT", "name is empty"))
    assert list(refusals.by_code()) == []


def test_a_number_that_grpc_defines_is_its_status() -> None:
    assert refusal("7") == WayOfRefusing("PERMISSION_DENIED")


@pytest.mark.parametrize("written", ["", "OK", "0", "nonsense", "-3", "=text", "99999999999"])
def test_what_is_no_status_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(UsageError, match=r"give a status, as in PERMISSION_DENIED or 1010=bad token"):
        refusal(written)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("token expired at 1800000000", "token expired at 1800000777", True),
        ("no such user 'a'", "no such user 'b'", True),
        ("invalid A.Name: too short", "invalid B.Name: too short", False),
        ("", "", True),
        ("", "no", False),
    ],
)
def test_texts_of_one_shape_differ_in_names_and_numbers_alone(one: str, other: str, alike: bool) -> None:
    assert (text_shape(one) == text_shape(other)) is alike
