"""Statuses by name and number, also those that gRPC does not define."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results.grpc_status import status, status_number, worth


@pytest.mark.parametrize(
    ("code", "name"), [(0, "OK"), (16, "UNAUTHENTICATED"), (17, "17"), (1010, "1010"), (-1, "no answer")]
)
def test_a_status_is_called_by_its_name_or_by_its_number(code: int, name: str) -> None:
    assert (status(code), status_number(name)) == (name, code)


@given(st.integers(-1, 2**31 - 1))
def test_every_status_is_found_again_by_its_name(code: int) -> None:
    assert status_number(status(code)) == code


def test_a_status_of_the_servers_own_is_no_crash() -> None:
    assert worth(1010, {16}) == "other"
