import math
from collections.abc import Callable

import pytest

from harness.validation import list_of, not_negative, not_zero, of_kind, one_of, positive, whole

NO_NUMBERS = [math.nan, math.inf, -math.inf, "5", None, True, False]


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (positive, [1, 0.001], [0, -1, 0.0, *NO_NUMBERS]),
        (not_negative, [0, 0.0, 3], [-1, -0.001, *NO_NUMBERS]),
        (not_zero, [1, -1, 0.5], [0, 0.0, *NO_NUMBERS]),
    ],
)
def test_a_value_outside_the_rule_gets_one_sentence_with_its_name(
    rule: Callable[..., list[str]], good: list[object], bad: list[object]
) -> None:
    for value in good:
        assert rule("load", per_s=value) == []
    for value in bad:
        (sentence,) = rule("load", per_s=value)
        assert sentence.startswith(f"load: per_s={value!r} must be ")


def test_each_wrong_value_gets_a_sentence_of_its_own() -> None:
    assert len(positive("load", a=0, b=1, c=-1)) == 2


def test_an_unknown_word_is_told_those_that_are_known() -> None:
    assert one_of("down", "link", "target", ("target", "issuer")) == []
    assert one_of("down", "link", "moon", ("target", "issuer")) == [
        "down: link='moon' is unknown; give one of target, issuer"
    ]


def test_a_count_is_a_whole_number() -> None:
    assert whole("load", 1, users=1) == []
    for value in (0, 1.5, True, "3", None):
        assert whole("load", 1, users=value) == [f"load: users={value!r} must be a whole number of 1 or more"]  # type: ignore[arg-type]


def test_a_part_of_another_kind_is_named_with_its_way_out() -> None:
    assert of_kind("scenario", dict, "give {…}", tokens={}) == []
    assert of_kind("scenario", str, "give a word", tokens={}, load=None) == [
        "scenario: tokens={} is of type dict; give a word",
        "scenario: load=None is None; give a word",
    ]
    (sentence,) = of_kind("scenario", str, "give a word", tokens=dict)
    assert "are its parentheses missing?" in sentence


def test_a_list_names_each_entry_that_does_not_belong() -> None:
    assert list_of("checks", str, '"x"', ["a", "b"]) == list_of("checks", str, '"x"', ()) == []
    assert list_of("checks", str, '"x"', ["a", 1]) == ['checks: entry 2 is 1, of type int; write "x"']
    assert list_of("checks", str, '"x"', 5) == ['checks=5 is of type int; give a list: checks=["x"]']
    assert len(list_of("checks", str, '"x"', "ab")) == 1
