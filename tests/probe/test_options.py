import pytest

from harness.errors import UsageError
from harness.probe.options import policies_of, rows_of


def test_rows_are_named_in_any_case_and_a_wrong_one_is_refused() -> None:
    assert rows_of(["head-12", "META-21"]) == {"HEAD-12", "META-21"}
    with pytest.raises(UsageError, match="'META-99'; did you mean META-"):
        rows_of(["META-99"])


def test_a_policy_that_no_row_allows_is_refused_with_those_that_are() -> None:
    assert policies_of(["any-type", "last-header"]) == {"any-type", "last-header"}
    with pytest.raises(UsageError, match=r"--declare any-typ: no such policy; give some of anonymous, any-type, "):
        policies_of(["any-typ"])
