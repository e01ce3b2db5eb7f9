from dataclasses import replace

from harness.probe.parts.keys import key_summary
from harness.probe.result import Finding, Outcome


def seen(row: str, code: str) -> Finding:
    return Finding("keys", row, Outcome.PASSED, seen=code, row=row)


def test_accepted_refused_and_unknown_are_told_apart() -> None:
    summary = key_summary([seen("OK-01", "OK"), seen("HEAD-01", "UNAUTHENTICATED"), seen("HEAD-04", "OK")])
    assert summary.outcome is Outcome.PASSED
    accepted, refused, unknown = summary.text.split("; ")
    assert accepted == "accepted: the key's own algorithm, no kid"
    assert refused == "refused: a key embedded in the header"
    assert "no algorithm (none)" in unknown


def test_one_variant_that_gets_in_is_enough_to_be_accepted() -> None:
    summary = key_summary([seen("SIGN-01", "UNAUTHENTICATED"), seen("SIGN-04", "OK")])
    assert "accepted: no algorithm (none)" in summary.text


def test_void_answers_say_nothing() -> None:
    summary = key_summary([replace(seen("OK-01", "OK"), outcome=Outcome.VOID)])
    assert summary.outcome is Outcome.NOT_CHECKED
