import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.defects.bench import Answer
from harness.defects.good import Good
from harness.defects.oracle import Bounds
from harness.errors import UsageError
from harness.probe.explain_token import Evidence, explain, read_token
from harness.probe.result import ClockEstimate
from harness.results.failure_details import FailureDetails
from harness.tokens.token import Token

NOW_S = 1_800_000_000.0
GOOD = Good.of("ES256", "https://issuer.test", "ledger", NOW_S)
BEHIND = ClockEstimate(
    "a", "", Bounds(37.24, 37.26), Bounds(-37.26, -37.24), Bounds(-37.26, -37.24), Bounds(-0.01, 0.01), 0
)


def told(text: bytes | str, **evidence: Any) -> str:
    return explain(text, Evidence(NOW_S, **evidence))


def test_an_expired_token_is_told_its_age_and_what_to_do() -> None:
    text = told(GOOD.token(exp=int(NOW_S) - 3600), answer=Answer("UNAUTHENTICATED", "token expired"))
    assert "It was good until " in text
    assert "It expired 3600 s ago" in text
    assert "UNAUTHENTICATED (“token expired”): token expired, says the verifier" in text
    assert "iss https://issuer.test" in text
    assert "renew before exp" in text


def test_a_clock_that_is_behind_explains_a_token_that_has_not_begun() -> None:
    token = GOOD.token(nbf=int(NOW_S) - 5)
    assert "ahead of what the verifier takes" in told(token, clock=BEHIND)
    assert "37.2 s behind" in told(token, clock=BEHIND)
    assert "ahead of what" not in told(token)


def test_a_token_that_died_here_may_live_there() -> None:
    assert "expired" not in told(GOOD.token(exp=int(NOW_S) - 10), clock=BEHIND).partition("The verifier's clock")[2]


def test_milliseconds_are_recognised() -> None:
    assert "exp counts milliseconds" in told(GOOD.token(exp=int(NOW_S * 1000)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no token"),
        ("abc", "This is no JWT"),
        (f"Bearer {GOOD.token()}", "“Bearer ” stands before it"),
        (f'"{GOOD.token()}"', "in quotes"),
        (GOOD.unsigned(alg="none") + ".", "not signed"),
        (GOOD.token(exp="soon"), "exp is no number"),
        (GOOD.token(exp=None), "exp is no number"),
    ],
)
def test_what_is_wrong_with_its_form_is_said(text: str, said: str) -> None:
    assert said in told(text)


@pytest.mark.parametrize(
    "data",
    [
        f"\ufeff{GOOD.token()}".encode(),
        GOOD.token().encode("utf-16"),
        f'{{"access_token": "{GOOD.token()}", "token_type": "Bearer"}}',
        f"TOKEN={GOOD.token()}",
    ],
)
def test_a_token_is_explained_in_whatever_form_it_was_saved(data: bytes | str) -> None:
    text = told(data)
    assert "iss https://issuer.test" in text
    assert "Where it lies, " in text


def test_what_lies_in_a_tokens_place_is_named() -> None:
    assert told('{"kty": "EC"}').startswith("There is no token: it holds a key (JWK); ")


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_that_begins_later_is_told_by_how_much_and_by_whose_clock(claim: str) -> None:
    text = told(GOOD.token(None, **{claim: int(NOW_S) + 120}))
    assert f"{claim} lies 120 s ahead of this machine's clock" in text
    assert "dates and form are right" not in text
    assert "lies" not in told(GOOD.token(nbf=int(NOW_S), iat=int(NOW_S)))


def test_advice_does_not_ask_for_what_was_given() -> None:
    assert "give --signing-key, and it is measured" in told(GOOD.token())
    assert "give the target's address, and it is measured" in told(GOOD.token(), signs=True)
    unmeasured = ClockEstimate("a", "", doubts=("no token of the probe's making is accepted",))
    assert "not known; no token of the probe's making is accepted." in told(GOOD.token(), signs=True, clock=unmeasured)


def test_a_newline_at_the_end_of_a_file_is_no_blemish() -> None:
    assert "white space" not in told(GOOD.token() + "\n")


def test_it_is_compared_with_a_token_that_works() -> None:
    other = GOOD.headed(kid="old", typ="JWT")
    text = told(other, good=Token.parse(GOOD.token(), 0.0))
    assert "under key old, an accepted one under first-es256" in text
    assert "Its typ is JWT" in text
    text = told(GOOD.token(aud="billing", scope="ledger.read"), good=Token.parse(GOOD.token(), 0.0))
    assert "has aud ledger, and this one has billing" in text
    assert "has scope ledger.read ledger.write" in text


def test_the_verifiers_word_is_taken_with_its_advice() -> None:
    text = told(GOOD.token(), answer=Answer("UNAUTHENTICATED", "", failure_details=FailureDetails("unknown_key")))
    assert "in no key set that the verifier knows" in text


def test_a_token_with_nothing_wrong_says_what_is_missing() -> None:
    assert "give the target's address" in told(GOOD.token())
    assert "The target accepts it now" in told(GOOD.token(), answer=Answer("OK"))
    assert "give a token that works" in told(GOOD.token(), answer=Answer("UNAUTHENTICATED", "no"))


@given(
    st.text(max_size=200)
    | st.builds(lambda claims: GOOD.token(**claims), st.fixed_dictionaries({"exp": st.integers()}))
)
def test_any_text_is_explained_and_none_is_quoted(text: str) -> None:
    said = told(text)
    assert said
    if text.count(".") == 2:
        assert text.rpartition(".")[2][:20] not in said or len(text) < 40


def test_a_token_on_the_command_line_is_refused_unread() -> None:
    with pytest.raises(UsageError, match="every process can read it") as raised:
        read_token(GOOD.token())
    assert "eyJ" not in str(raised.value)


def test_a_token_comes_from_a_file_or_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("abc\n")
    assert read_token(str(path)) == b"abc\n"
    assert read_token("-", io.BytesIO(b"xyz")) == b"xyz"
    with pytest.raises(UsageError, match="No such file"):
        read_token(str(tmp_path / "none"))


def test_a_token_that_the_server_quotes_is_taken_out() -> None:
    token = GOOD.token()
    text = told(token, answer=Answer("UNAUTHENTICATED", f"invalid token: {token}"))
    assert "invalid token: [token]" in text
    assert "eyJ" not in text
