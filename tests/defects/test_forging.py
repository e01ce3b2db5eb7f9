import time

import pytest

from harness import clock
from harness.defects import find
from harness.defects.forging import Forger, large, needs_key, signer_of, text_of, why_not
from harness.defects.good import Good
from harness.lab.issuer.keys import IssuerKey

GOOD = Good.of("ES256", "https://issuer.invalid", "ledger", time.time())


def test_specimens_of_a_good_token_are_made_once() -> None:
    forger = Forger(GOOD.signer)
    assert forger.specimens("SIGN-12", GOOD.token()) is forger.specimens("SIGN-12", GOOD.token())


def test_specimens_that_age_are_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    forger, now_s = Forger(GOOD.signer), time.time()
    monkeypatch.setattr(clock, "wall", lambda: now_s)
    first = forger.specimens("TIME-15", GOOD.token())
    monkeypatch.setattr(clock, "wall", lambda: now_s + 2)
    assert forger.specimens("TIME-15", GOOD.token()) != first


def test_claims_that_a_row_leaves_alone_stay_those_of_the_good_token() -> None:
    text = GOOD.token(jti="1-77", client_id="storm")
    (specimen,) = Forger(GOOD.signer).specimens("TIME-01", text)
    token = text_of(specimen)
    assert token is not None
    assert token.count(".") == 2
    assert token != text


def test_without_the_key_only_rows_that_need_none_are_made() -> None:
    assert Forger().specimens("SIGN-12", GOOD.token())
    assert Forger().specimens("TIME-01", GOOD.token()) == ()
    assert (needs_key(find("TIME-01"), "ES256"), needs_key(find("SIGN-12"), "ES256")) == (True, False)


def test_nothing_is_made_of_what_is_no_token() -> None:
    assert Forger(GOOD.signer).specimens("SIGN-12", "opaque") == ()


def test_the_key_that_a_lab_hands_over_signs_as_its_issuer_does() -> None:
    key = IssuerKey.generate("ES256", 1)
    signer = signer_of({"kid": key.kid, "pem": key.pem()}, "ES256")
    assert signer is not None
    assert signer.key.private_numbers() == key.private.private_numbers()
    assert "PRIVATE" not in repr(signer)
    assert signer_of({}, "ES256") is None


def test_a_row_of_another_algorithm_or_of_raw_bytes_cannot_be_sent() -> None:
    assert "RS256" in why_not(find("SIGN-17"), "ES256")
    assert "raw HTTP/2" in why_not(find("META-02"), "ES256")
    assert (large(find("META-22")), large(find("META-01"))) == (True, False)
