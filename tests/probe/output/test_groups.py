"""What is wrong, told once and by what it is worth to an attacker."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from harness.probe.gains import Gain, gain_of, level_of
from harness.probe.output import table
from harness.probe.output.groups import groups
from harness.probe.output.sarif import sarif
from harness.probe.result import Finding, Outcome, ProbeResult

BLANK = ProbeResult("127.0.0.1:50051", "2026-05-04T03:02:01+00:00")
NAKED = Finding("coverage", "pkg.S/Get", Outcome.NAKED, "UNAUTHENTICATED", seen="OK", variant="no token", row="WIRE-01")
ACCEPT = Finding("verdicts", "a name", Outcome.FALSE_ACCEPT, "UNAUTHENTICATED", seen="OK", row="SIGN-12")
WRONG = Finding(
    "verdicts", "a name", Outcome.WRONG_CODE, "UNAUTHENTICATED", seen="INVALID_ARGUMENT", row="SIGN-15",
    text="turned away with INVALID_ARGUMENT: clients do not renew their token on it",
)  # fmt: skip
SYSTEMATIC = Finding(
    "refusal", "how it turns callers away", Outcome.WRONG_CODE, "UNAUTHENTICATED", seen="1010",
    text="callers with no token are turned away with 1010: clients do not renew their token on it",
)  # fmt: skip
REFUSED = Finding("verdicts", "a name", Outcome.PASSED, "UNAUTHENTICATED", seen="1010", row="SIGN-01")


def lines(*findings: Finding) -> list[str]:
    return [group.line for group in groups(replace(BLANK, findings=findings))]


def shown(*findings: Finding, everything: bool = False) -> list[str]:
    out = StringIO()
    table.show(replace(BLANK, findings=findings), Console(file=out, width=120), everything=everything)
    return out.getvalue().splitlines()


def test_a_systematic_wrong_code_is_one_line_with_its_count() -> None:
    (line,) = lines(SYSTEMATIC, *[REFUSED] * 223)
    told = "every rejection comes as 1010 instead of UNAUTHENTICATED: clients do not renew their token on it"
    assert line == told
    (line,) = lines(SYSTEMATIC, replace(SYSTEMATIC, seen="1004"), *[REFUSED] * 3, replace(REFUSED, seen="OTHER"))
    assert line.startswith("3 of 4 rejections come as 1010 or 1004 instead of UNAUTHENTICATED")


def test_equal_wrong_codes_are_one_line() -> None:
    (line,) = lines(*(replace(WRONG, row=f"META-{number:02}") for number in range(1, 42)))
    assert line.startswith("INVALID_ARGUMENT instead of UNAUTHENTICATED for 41 calls (META-01, META-02, ")
    assert "and 37 more" in line


def test_naked_methods_are_one_line() -> None:
    (line,) = lines(NAKED, replace(NAKED, variant="rubbish", subject="pkg.S/Set"), NAKED)[:1]
    assert line == "anybody can call 1 method that nothing guards: pkg.S/Get"


@pytest.mark.parametrize(
    ("finding", "gain", "level"),
    [
        (ACCEPT, Gain.FORGES, "error"),
        (replace(ACCEPT, part="coverage", row="WIRE-01", variant="wrong signature"), Gain.FORGES, "error"),
        (replace(ACCEPT, row="HEAD-03", variant="a stranger's"), Gain.FORGES, "error"),
        (NAKED, Gain.ENTERS, "error"),
        (replace(ACCEPT, part="coverage", row="WIRE-01", variant="expired"), Gain.REUSES, "error"),
        (replace(ACCEPT, row="TIME-01"), Gain.REUSES, "error"),
        (replace(ACCEPT, row="TIME-11"), Gain.DISGUISES, "warning"),
        (replace(WRONG, row="WIRE-05", seen="UNIMPLEMENTED"), Gain.LEARNS, "warning"),
        (replace(ACCEPT, row="HEAD-03", variant="our key"), Gain.DISGUISES, "warning"),
        (replace(ACCEPT, row="META-10"), Gain.DISGUISES, "warning"),
        (replace(WRONG, outcome=Outcome.CRASH_CODE, row="HEAD-01"), Gain.BREAKS, "warning"),
        (replace(WRONG, outcome=Outcome.PROBLEM, row="WIRE-13"), Gain.LEARNS, "warning"),
        (replace(WRONG, outcome=Outcome.FALSE_REJECT, row="OK-01"), Gain.NOTHING, "warning"),
        (WRONG, Gain.NOTHING, "note"),
    ],
)
def test_a_finding_ranks_by_what_was_seen(finding: Finding, gain: Gain, level: str) -> None:
    assert (gain_of(finding), level_of(finding)) == (gain, level)


def test_what_is_worth_most_to_an_attacker_comes_first() -> None:
    found = groups(replace(BLANK, findings=(WRONG, NAKED, replace(ACCEPT, row="META-10"), ACCEPT)))
    assert [group.gain for group in found] == [Gain.FORGES, Gain.ENTERS, Gain.DISGUISES, Gain.NOTHING]


def test_the_terminal_shows_ten_lines_and_how_many_more_the_page_has() -> None:
    many = [replace(ACCEPT, row=f"TIME-{number:02}") for number in range(1, 15)]
    told = shown(*many)
    assert [line for line in shown(*many, SYSTEMATIC, REFUSED) if "every rejection comes as 1010" in line]
    assert len([line for line in told if line.startswith("✗")]) == 10
    assert "… 4 more in the page" in told


def test_no_line_tells_of_a_difference_where_there_is_none() -> None:
    same = replace(WRONG, outcome=Outcome.PROBLEM, row="WIRE-13", seen="UNAUTHENTICATED", text="it holds a clock")
    told = "\n".join(shown(same, everything=True))
    assert "UNAUTHENTICATED instead of UNAUTHENTICATED" not in told + sarif(replace(BLANK, findings=(same,)), "1")
    assert "expected UNAUTHENTICATED, seen UNAUTHENTICATED" not in sarif(replace(BLANK, findings=(same,)), "1")
