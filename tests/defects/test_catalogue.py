"""The catalogue as a whole: nothing is missing, and every row says what the docs page needs."""

import dataclasses
import re
from functools import cache

import pytest

from harness.defects import ACCEPT, ALGORITHMS, DEFECTS, FAMILIES, Defect, Specimen, bearer, find, rows
from harness.defects.good import Good
from harness.errors import UsageError

NUMBERS = {"OK": 7, "META": 24, "SIGN": 23, "HEAD": 13, "TIME": 22, "CLM": 12, "WIRE": 13, "KEY": 5, "LIFE": 8}
IDS = {f"{family}-{number:02}" for family, last in NUMBERS.items() for number in range(1, last + 1)}
CODES = {
    "OK",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "INTERNAL",
    "UNAVAILABLE",
    "RESOURCE_EXHAUSTED",
    "UNIMPLEMENTED",
}
LATER = {"WIRE-10", "WIRE-11"}


@cache
def good(algorithm: str = "ES256", seed: int = 1) -> Good:
    return Good.of(algorithm, "https://issuer.test", "ledger", 1_800_000_000.0, seed)


def specimens(start: Good) -> list[Specimen]:
    return [specimen for row in rows() for specimen in row.specimens(start)]


def test_every_id_of_the_table_is_there() -> None:
    assert set(DEFECTS) == IDS


def test_only_known_rows_wait_for_later_and_say_why() -> None:
    assert {row.id for row in rows() if row.later} == LATER


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_every_row_says_what_the_page_needs(row: Defect) -> None:
    assert sum(bool(way) for way in (row.make, row.procedure, row.later)) == 1
    assert all((row.name, row.source, row.fails, row.fix, row.wire, row.pitfall))
    assert {row.expected, *(one.code for one in row.allowed)} <= CODES
    assert all(one.why for one in row.allowed)
    assert row.algorithms <= ALGORITHMS
    assert row.family in FAMILIES


def test_a_crash_and_a_retry_are_never_right_for_a_bad_token() -> None:
    for row in rows():
        answers = {row.expected, *(one.code for one in row.allowed)}
        if row.family in {"SIGN", "HEAD", "TIME"}:
            assert answers <= {"OK", "UNAUTHENTICATED", "PERMISSION_DENIED"}, row.id


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_variants_differ_from_each_other_and_from_the_good_token(algorithm: str) -> None:
    start = good(algorithm)
    for row in rows():
        made = [specimen.metadata for specimen in row.specimens(start)]
        assert len(set(made)) == len(made), row.id
        if row.family != "OK":
            assert bearer(start.token()) not in made, row.id


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS - {"PS256"}))
def test_the_same_seed_and_keys_make_the_same_specimens(algorithm: str) -> None:
    """Only PSS is left out: its salt is random by definition."""
    start = good(algorithm)
    salted = {"SIGN-16", "SIGN-17"} if algorithm == "RS256" else set()
    one, other = (
        [it for it in specimens(same) if it.row not in salted] for same in (start, dataclasses.replace(start))
    )
    assert one == other


def test_another_seed_makes_other_keys() -> None:
    assert good().token() != good(seed=2).token()


def test_rows_for_an_algorithm_make_nothing_for_another() -> None:
    assert DEFECTS["SIGN-18"].specimens(good())
    assert not DEFECTS["SIGN-18"].specimens(good("EdDSA"))
    assert not DEFECTS["SIGN-09"].specimens(good("HS256"))


def test_what_a_grpc_client_refuses_is_marked_local() -> None:
    local = {specimen.row for specimen in specimens(good()) if specimen.local}
    assert local == {"META-02", "META-17", "META-18", "CLM-08"}


def test_no_repr_shows_a_token() -> None:
    for specimen in specimens(good()):
        assert not re.search(r"eyJ[\w-]{5,}", repr(specimen)), specimen.row
    assert "PRIVATE" not in repr(good()).upper()


@pytest.mark.parametrize(("wrong", "near"), [("SIGN-99", "SIGN-19"), ("sing-01", "SIGN-01"), ("TIME-001", "TIME-01")])
def test_an_unknown_row_gets_its_near_misses(wrong: str, near: str) -> None:
    with pytest.raises(UsageError, match=near):
        find(wrong)


def test_a_row_is_found_in_any_case() -> None:
    assert find("time-07").expected != ACCEPT
