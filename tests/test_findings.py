import math
from collections.abc import Callable

import pytest

from harness.findings import not_negative, not_zero, one_of, positive

NO_NUMBERS = [math.nan, math.inf, -math.inf, "5", None]


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
