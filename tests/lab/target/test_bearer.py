import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.target.bearer import read_bearer
from harness.results.row import Cause


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_case_insensitive(scheme: str) -> None:
    assert read_bearer([("x", "y"), ("authorization", f"{scheme} a.b.c")]) == "a.b.c"


@pytest.mark.parametrize("metadata", [[], [("x-authorization", "Bearer a")], [("authorization-bin", b"Bearer a")]])
def test_no_authorization_is_missing_metadata(metadata: list[tuple[str, str | bytes]]) -> None:
    assert read_bearer(metadata) is Cause.MISSING_METADATA


@pytest.mark.parametrize("value", ["", "Bearer", "a.b.c", "Basic a.b.c", "Bearera.b.c", " Bearer a.b.c", b"Bearer a"])
def test_another_form_is_malformed(value: str | bytes) -> None:
    assert read_bearer([("authorization", value)]) is Cause.MALFORMED


def test_two_entries_are_malformed_even_when_equal() -> None:
    assert read_bearer([("authorization", "Bearer a.b.c")] * 2) is Cause.MALFORMED


@given(st.lists(st.tuples(st.sampled_from(["authorization", "other"]), st.text() | st.binary())))
def test_any_metadata_gets_an_answer(metadata: list[tuple[str, str | bytes]]) -> None:
    assert isinstance(read_bearer(metadata), str | Cause)
