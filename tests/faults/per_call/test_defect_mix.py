import time
from collections import Counter

import pytest

from harness.defects import DEFECTS
from harness.defects.forging import Forger
from harness.defects.good import Good
from harness.endpoint.metadata import Metadata
from harness.faults import CallView, Surroundings
from harness.faults.per_call.defect_mix import FAMILIES, DefectMix, rows_of
from harness.faults.per_call.dice import CallFaults
from harness.faults.timeline import at, number

GOOD = Good.of("ES256", "https://issuer.invalid", "ledger", time.time())
TEXT = GOOD.token(nbf=int(GOOD.now_s) - 10)
METADATA = (("authorization", f"Bearer {TEXT}"), ("trace", "1"))
DRAWS = [place / 400 for place in range(400)]


def view(draw: float, forger: Forger) -> CallView:
    return CallView("/ledger/Get", 7, 0, 1.5, draw, forger)


def sent(mix: DefectMix, call: CallView) -> Metadata:
    changed = mix.on_token(TEXT, call)
    return mix.on_metadata((("authorization", f"Bearer {changed}"), ("trace", "1")), call)


def test_every_row_that_can_be_sent_has_its_turn_and_is_named() -> None:
    mix, forger = DefectMix(), Forger(GOOD.signer)
    drawn = Counter(mix.specimen(TEXT, view(draw, forger)).partition(" ")[0] for draw in DRAWS)
    assert set(drawn) - {""} == {row for row in rows_of(FAMILIES) if "ES256" in DEFECTS[row].algorithms}


def test_the_catalogue_is_rehearsed_before_the_load_and_no_call_waits_for_it() -> None:
    rows_of.cache_clear()
    mix, forger = DefectMix(), Forger(GOOD.signer)
    CallFaults(number([at(1, mix, until_s=2, toxicity=0.5)]), seed=1)
    made = rows_of.cache_info().misses
    sent(mix, view(0.5, forger))
    assert rows_of.cache_info().misses == made == 1


def test_what_is_named_is_what_is_sent() -> None:
    mix, forger = DefectMix(), Forger(GOOD.signer)
    for draw in DRAWS:
        call = view(draw, forger)
        assert (sent(mix, call) != METADATA) is bool(mix.specimen(TEXT, call)), draw


def test_a_verifier_may_let_none_of_its_rows_in() -> None:
    answers = {code.code for row in rows_of(FAMILIES) for code in DEFECTS[row].allowed if not code.when}
    assert answers <= {"PERMISSION_DENIED"}
    assert not {"CLM-03", "META-04", "META-06", "SIGN-20", "TIME-20"} & set(rows_of(FAMILIES))


def test_without_the_issuers_key_calls_carry_what_needs_none_or_the_good_token() -> None:
    mix, forger = DefectMix(("SIGN", "TIME")), Forger(None)
    drawn = {mix.specimen(TEXT, view(draw, forger)).partition(" ")[0] for draw in DRAWS}
    assert {"SIGN-01", "SIGN-12", ""} <= drawn
    assert "TIME-01" not in drawn


def test_metadata_is_refused_where_tokens_go_elsewhere() -> None:
    (sentence,) = DefectMix().misfits(Surroundings("ES256", signs=True, bearer=False))
    assert sentence.endswith("leave META out")
    assert DefectMix(("SIGN",)).misfits(Surroundings("ES256", bearer=False)) == []


@pytest.mark.parametrize("families", [("SIGN",), ("META", "CLM")])
def test_only_the_families_that_are_named_are_drawn(families: tuple[str, ...]) -> None:
    assert {row.partition("-")[0] for row in rows_of(families)} == set(families)
