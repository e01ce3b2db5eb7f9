"""Gains: what an attacker gets out of a finding, by which findings are ranked. Pure."""

from enum import IntEnum

from harness.probe.result import COVERAGE, Finding, Outcome


class Gain(IntEnum):
    """What a finding is worth to somebody who means ill, the most first."""

    FORGES = 0
    """Whoever likes makes tokens that are taken."""
    ENTERS = 1
    """No token is needed."""
    REUSES = 2
    """Tokens are taken that are over, revoked, or meant for somebody else."""
    DISGUISES = 3
    """Good tokens are taken in forms that another hop reads differently."""
    BREAKS = 4
    """A caller makes the server fall over."""
    LEARNS = 5
    """Strangers are told what is none of theirs."""
    NOTHING = 6
    """Nobody gains: clients suffer."""

    @property
    def words(self) -> str:
        """Return it in a word or two."""
        return _WORDS[self]


_WORDS = {
    Gain.FORGES: "forged tokens",
    Gain.ENTERS: "open doors",
    Gain.REUSES: "dead tokens",
    Gain.DISGUISES: "odd forms",
    Gain.BREAKS: "crashes",
    Gain.LEARNS: "told too much",
    Gain.NOTHING: "clients suffer",
}

_OF_ROWS = {
    Gain.FORGES: (
        *(f"SIGN-{number:02}" for number in (1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 15, 18)),
        *("HEAD-01", "HEAD-02"),
    ),
    Gain.ENTERS: ("META-01", "META-11", "META-12", "META-16", "META-19", "META-22", "WIRE-09", "WIRE-12"),
    Gain.REUSES: (
        *("SIGN-23", "HEAD-10"),
        *(f"TIME-{number:02}" for number in (1, 2, 3, 5, 6, 7, 13, 14, 15)),
        *(f"CLM-{number:02}" for number in (1, 2, 3, 4, 6, 10, 11, 12)),
    ),
    Gain.BREAKS: ("HEAD-12", "META-21", "WIRE-08", "KEY-04"),
    Gain.LEARNS: ("WIRE-05", "WIRE-07", "WIRE-13"),
}
_BY_ROW = {row: gain for gain, found in _OF_ROWS.items() for row in found}
_BY_FAMILY = {"LIFE": Gain.REUSES, "KEY": Gain.REUSES}
_BY_CREDENTIAL = {"rubbish": Gain.FORGES, "wrong signature": Gain.FORGES}
"""What it means that a bad token opens a method, by the token."""
_STRANGERS = "a stranger's"


def level_of(finding: Finding) -> str:
    """Return the level of SARIF that a finding deserves."""
    gain = gain_of(finding)
    if gain is Gain.NOTHING and finding.outcome is Outcome.WRONG_CODE:
        return "note"
    return "error" if gain <= Gain.REUSES else "warning"


def gain_of(finding: Finding) -> Gain:
    """Return what an attacker gets out of a finding."""
    if finding.outcome is Outcome.NAKED:
        return Gain.ENTERS
    if finding.outcome is Outcome.FALSE_ACCEPT:
        return _of_accepted(finding)
    if finding.outcome is Outcome.CRASH_CODE:
        return Gain.BREAKS
    gain = _BY_ROW.get(finding.row, Gain.NOTHING)
    return gain if finding.outcome is Outcome.PROBLEM or gain is Gain.LEARNS else Gain.NOTHING


def _of_accepted(finding: Finding) -> Gain:
    if finding.part == COVERAGE:
        return _BY_CREDENTIAL.get(finding.variant.partition(",")[0], Gain.REUSES)
    if finding.variant == _STRANGERS:
        return Gain.FORGES
    family = finding.row.partition("-")[0]
    return _BY_ROW.get(finding.row, _BY_FAMILY.get(family, Gain.DISGUISES if finding.row else Gain.REUSES))
