import json
import time

import pytest

from harness import faults
from harness.defects import rows
from harness.defects.forging import Forger, why_not
from harness.defects.good import Good
from harness.faults import CallView, Surroundings
from harness.tokens.base64url import decode

GOOD = Good.of("ES256", "https://issuer.invalid", "ledger", time.time())
OWN_KEY = Surroundings("ES256", signs=True)
NO_KEY = Surroundings("ES256")
SENDABLE = [row.id for row in rows() if not why_not(row, "ES256")]
REFUSED = [row.id for row in rows() if why_not(row, "ES256")]


def view(draw: float = 0.0, forge: Forger | None = None) -> CallView:
    return CallView("/ledger/Get", 7, 0, 1.5, draw, forge or Forger(GOOD.signer))


@pytest.mark.parametrize("row", SENDABLE)
def test_a_row_that_can_be_sent_changes_what_a_call_carries(row: str) -> None:
    fault = faults.TokenDefect(row)
    assert fault.misfits(OWN_KEY) == []
    text = GOOD.token(nbf=int(GOOD.now_s) - 10)  # one row leaves it out
    changed = fault.on_token(text, view())
    metadata = (("authorization", f"Bearer {changed}"), ("trace", "1"))
    sent = fault.on_metadata(metadata, view())
    assert (changed != text) is not (sent != metadata), "either the token is bad, or more than that"
    assert ("trace", "1") in sent
    assert fault.specimen(text, view()).startswith(row)


@pytest.mark.parametrize("row", REFUSED)
def test_a_row_that_cannot_be_sent_is_refused_with_the_way_out(row: str) -> None:
    (sentence,) = faults.TokenDefect(row).misfits(OWN_KEY)
    assert sentence.startswith(f"token_defect {row}: ")
    assert sentence.endswith("; choose another row")


@pytest.mark.parametrize(("row", "said"), [("META-02", "jwtstorm probe"), ("WIRE-01", "probe"), ("SIGN-17", "RS256")])
def test_a_refusal_says_where_the_row_can_be_tried(row: str, said: str) -> None:
    assert said in faults.TokenDefect(row).misfits(OWN_KEY)[0]


def test_a_row_that_needs_the_issuers_key_is_refused_where_nobody_has_it() -> None:
    (sentence,) = faults.TokenDefect("TIME-01").misfits(NO_KEY)
    assert "issuer=SigningKey" in sentence
    assert faults.TokenDefect("SIGN-12").misfits(NO_KEY) == []
    assert [faults.TokenDefect(row).keyed() for row in ("TIME-01", "SIGN-12")] == [True, False]


def test_a_row_of_metadata_is_refused_where_tokens_go_elsewhere() -> None:
    elsewhere = Surroundings("ES256", signs=True, bearer=False)
    assert "drop key= and scheme=" in faults.TokenDefect("META-07").misfits(elsewhere)[0]
    assert faults.TokenDefect("TIME-01").misfits(elsewhere) == []


def test_the_dice_draw_the_variant_and_a_named_one_is_sent_always() -> None:
    text = GOOD.token()
    drawn = {faults.TokenDefect("SIGN-15").specimen(text, view(draw / 100)) for draw in range(100)}
    assert drawn == {
        f"SIGN-15 {name}"
        for name in ("flipped", "empty", "no segment", "ten characters short", "one byte short", "one byte long")
    }
    named = faults.TokenDefect("SIGN-15", "empty")
    assert {named.specimen(text, view(draw / 100)) for draw in range(100)} == {"SIGN-15 empty"}


def test_a_variant_that_the_row_calls_good_is_never_sent() -> None:
    lenient = Forger(GOOD.signer, leeway_s=60.0)
    sent = {faults.TokenDefect("TIME-02").specimen(GOOD.token(), view(draw / 100, lenient)) for draw in range(100)}
    assert sent == {f"TIME-02 {age} s" for age in (61, 299, 301)}


def test_what_is_right_is_the_rows_answer_and_what_is_allowed() -> None:
    assert faults.TokenDefect("SIGN-12").expects() == ("UNAUTHENTICATED",)
    assert faults.TokenDefect("META-13").expects() == ("UNAUTHENTICATED",)
    assert faults.TokenDefect("META-13", declared=("first-header",)).expects() == ("UNAUTHENTICATED", "OK")
    assert faults.TokenDefect("META-22").expects() == ("UNAUTHENTICATED", "RESOURCE_EXHAUSTED")


def test_without_a_forge_or_after_a_rotation_a_call_stays_good() -> None:
    text = GOOD.token()
    fault = faults.TokenDefect("TIME-01")
    assert fault.on_token(text, CallView("/ledger/Get", 7, 0, 1.5)) == text
    assert fault.on_token(text, view(forge=Forger(GOOD.second))) == text


def test_a_flood_of_unknown_keys_names_another_key_in_each_call() -> None:
    text = GOOD.token()
    sent = [faults.UnknownKidFlood().on_token(text, view(draw / 50)) for draw in range(50)]
    headers = [json.loads(decode(token.partition(".")[0])) for token in sent]
    assert len({header["kid"] for header in headers}) == 50
    assert {token.partition(".")[2] for token in sent} == {text.partition(".")[2]}
    assert headers[0] | {"kid": GOOD.signer.kid} == GOOD.header()
    assert faults.UnknownKidFlood().on_token("opaque", view()) == "opaque"


@pytest.mark.parametrize("row", SENDABLE)
def test_every_variant_can_be_sent_and_none_breaks_on_what_it_made_itself(row: str) -> None:
    fault, text = faults.TokenDefect(row), GOOD.token(nbf=int(GOOD.now_s) - 10)
    for draw in (place / 12 for place in range(12)):
        bad = fault.on_token(text, view(draw))
        metadata = (("authorization", f"Bearer {bad}"),)
        sent = fault.on_metadata(metadata, view(draw))
        assert (bad != text) is not (sent != metadata)
