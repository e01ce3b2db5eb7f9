import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results.plain_words import LONGEST, plain
from harness.results.row import Cause
from harness.results.verifier_texts import deciding, read_text, rules
from tests.foreign.verifiers.collection import TABLE, Line, read, steady, texts
from tests.foreign.verifiers.exam import SITUATIONS
from tests.foreign.verifiers.score import scores

LINES = list(texts(read()))
WRAPPINGS = (
    "Unauthenticated: {}",
    "rpc error: code = Unauthenticated desc = {}",
    "Exception calling application: {}",
    "authentication failed: {}",
    "{}.",
    "request 4711 from 10.0.0.7 was refused: {} (see the log)",
)
"""What servers put around the words of their library."""

EXPIRED_AT = "JWT expired at 2026-11-30T20:00:00Z. Current time: 2026-11-30T20:00:07Z"
IN_GO = "2026-11-30 20:{}.528274723 +0000 UTC"

# Each way to say how late or early a token came, as libraries write it.
AMOUNTS = [
    ("token is expired by 1h2m3.5s", 3723.5),
    ("token is expired by 12s", 12.0),
    ("JWT early by 1200 milliseconds before 2026-11-30T20:00:00.000Z. Current time: 2026-11-30T19:59:58.800Z.", 1.2),
    ("JWT expired 60000 milliseconds ago at 2026-11-30T20:00:00Z. Allowed clock skew: 5000 milliseconds.", 60.0),
    (f"{EXPIRED_AT}, a difference of 7000 milliseconds.  Allowed clock skew: 0 milliseconds.", 7.0),
    ("Token expired, 1796067820 < 1796067832", 12.0),
    ("Expired at 1796067820, time: 1796067850(leeway: 0)", 30.0),
    (f"current time {IN_GO.format('53:46')} m=+0.17 before the nbf time: {IN_GO.format('54:46')}", 60.0),
    ("IDX10223: The token is expired. ValidTo (UTC): '11/30/2026 8:00:00 PM', now: '11/30/2026 8:00:09 PM'.", 9.0),
    ('(claims->{"iat":1796060000,"exp":1796063600}) the evaluation time 1796063700 is after exp=1796063600', 100.0),
    ("the token expired 3 minutes ago", 180.0),
    ("Signature has expired", None),
    ("The token has expired at 2026-11-30T19:44:49.000Z.", None),
    ("token is expired by a lot", None),
    ("expired: 9999-99-99T99:99:99Z, 2026-11-30T20:00:00Z", None),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.library}/{line.situation}")
def test_what_a_library_says_is_read_as_a_person_would(line: Line) -> None:
    rejection = read_text(line.text)
    assert (rejection.cause if rejection else Cause.UNAUTHENTICATED) in line.causes


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_what_a_server_puts_around_the_words_changes_nothing(wrapping: str) -> None:
    said = [line for line in LINES if line.cause != "UNAUTHENTICATED" and len(line.text) < LONGEST / 2]
    changed = {line.text: wrapping for line in said if _cause(wrapping.format(line.text)) not in line.causes}
    assert changed == {}


def _cause(text: str) -> Cause:
    rejection = read_text(text)
    return rejection.cause if rejection else Cause.UNAUTHENTICATED


def test_libraries_are_read_by_phrases_that_were_written_for_others() -> None:
    found = scores(LINES)
    held_out, said = sum(score.held_out for score in found), sum(score.texts for score in found)
    assert held_out >= 0.85 * said


def test_each_phrase_decides_a_text_of_the_table_or_says_who_else_needs_it() -> None:
    needed = {rule.words for line in LINES if (rule := deciding(line.text)) is not None}
    assert [rule.words for rule in rules() if (rule.words in needed) == bool(rule.source)] == []


@pytest.mark.parametrize(("text", "amount_s"), AMOUNTS)
def test_the_amount_is_what_the_text_says(text: str, amount_s: float | None) -> None:
    rejection = read_text(text)
    assert rejection is not None
    assert rejection.amount_s == (pytest.approx(amount_s) if amount_s is not None else None)


def test_only_dates_have_an_amount() -> None:
    rejection = read_text("invalid signature; the key expired 12 seconds ago, 1796067820 < 1796067832")
    assert rejection is not None
    assert rejection.cause is Cause.BAD_SIGNATURE or rejection.amount_s is not None
    assert read_text("unknown kid 1796067820, not 1796067832").amount_s is None  # type: ignore[union-attr]


def test_texts_that_differ_in_their_times_alone_are_decided_once() -> None:
    late = "JWT expired {} milliseconds ago at 2026-11-30T20:00:{}Z. Current time: 2026-11-30T20:01:00.{}Z."
    first = deciding(late.format(60_000, 10, 123))
    assert first is not None
    assert all(deciding(late.format(61_000 + at, 10 + at, 100 + at)) is first for at in range(50))
    amounts = {rejection.amount_s for at in range(3) if (rejection := read_text(late.format(60_000 + at, 10, 1)))}
    assert len(amounts) == 3


@given(st.text(max_size=4000))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert (read_text(text) is None) is (deciding(text) is None)


@given(
    st.lists(st.sampled_from(["token", "keys", "failed", "to", "not", "exp", "no", "{", "}", "\\", '"']), max_size=3000)
)
def test_a_text_of_words_that_many_phrases_begin_with_is_read_in_bounded_steps(words: list[str]) -> None:
    assert len(plain(" ".join(words))) <= 4 * LONGEST
    read_text(" ".join(words))


def test_words_are_plain_whatever_notation_they_come_in() -> None:
    same = {
        plain(text) for text in ("InvalidAudience", "invalid_audience", "INVALID-AUDIENCE", "`Invalid` «audience»!")
    }
    assert same == {" invalid audience "}
    assert (
        plain("the JSON Web Key Set can't be fetched from https://jwks.example/kid")
        == " the jwks can not be fetched from url "
    )


def test_addresses_tokens_and_claims_are_no_words_of_the_verifier() -> None:
    token = f"{'eyJ' * 20}.{'a' * 60}.{'b' * 60}"
    for text in ('JWT (claims->{"iss":"x","exp":1}) refused', "see https://expired.example/aud", f"of {token}"):
        assert not {"iss", "exp", "aud", "expired", *token.split(".")} & set(plain(text).split())


def test_every_line_has_a_source_and_nothing_of_the_machine_it_was_made_on() -> None:
    for raw in TABLE.read_text("utf-8").splitlines():
        assert steady(json.loads(raw)["text"]) == json.loads(raw)["text"]
        assert not {part for part in ("/work", "/root", "/home/", "/tmp") if part in raw}
    assert all(line.source == "ran" or len(line.source) > 10 for line in read())


def test_the_table_is_as_wide_as_it_says() -> None:
    ran = {(line.language, line.library) for line in read() if line.source == "ran"}
    assert len(ran) >= 30
    assert len({language for language, _ in ran}) >= 8
    asked = {situation.name for situation in SITUATIONS}
    assert asked - {line.situation for line in read()} == {"good"}


def test_every_word_of_the_vocabulary_is_used() -> None:
    assert all(set(rule.words) <= set(string.printable) for rule in rules())
