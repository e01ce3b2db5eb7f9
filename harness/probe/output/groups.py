"""Groups: findings that say the same told once, ranked by what an attacker gains. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from harness.formatting import plural
from harness.probe.gains import Gain, gain_of
from harness.probe.result import COVERAGE, REFUSAL, Finding, Outcome, ProbeResult
from harness.probe.target.credentials import NO_TOKEN
from harness.probe.target.refusals import OR, REJECTED

MOST_LINES = 10
"""Lines of what is wrong; the page has all of it."""
_MOST = 4
"""Names in a line; the page has the rest."""


@dataclass(frozen=True)
class FindingGroup:
    """Findings of one kind; ``line`` says what they say together."""

    gain: Gain
    findings: tuple[Finding, ...]
    line: str

    @property
    def outcome(self) -> Outcome:
        """Return what came of all of them."""
        return self.findings[0].outcome

    @property
    def way_out(self) -> str:
        """Return what to change."""
        return next((one.way_out for one in self.findings if one.way_out), "")


def groups(result: ProbeResult) -> list[FindingGroup]:
    """Return all that is wrong, what matters most first."""
    members: dict[tuple[str, ...], list[Finding]] = {}
    for finding in result.findings:
        if finding.found:
            members.setdefault(_key(finding), []).append(finding)
    made = [_group(found, result.findings) for found in members.values()]
    return sorted(made, key=lambda group: (group.gain, -len(group.findings)))


def shortened(found: Sequence[FindingGroup]) -> list[FindingGroup]:
    """Return the first lines: what is worth most, and in any case what every rejection has in common."""
    shown = list(found[:MOST_LINES])
    systematic = [group for group in found[MOST_LINES:] if group.findings[0].part == REFUSAL]
    return [*shown[: MOST_LINES - len(systematic)], *systematic]


def _key(finding: Finding) -> tuple[str, ...]:
    """Return what findings share that are told as one."""
    if finding.part == REFUSAL:
        return (REFUSAL, finding.outcome)
    if finding.outcome is Outcome.NAKED:
        return (finding.outcome, "" if finding.variant.startswith(NO_TOKEN) else "bad tokens", finding.replica)
    if finding.outcome in {Outcome.WRONG_CODE, Outcome.CRASH_CODE}:
        return (finding.outcome, finding.seen, finding.expected, gain_of(finding).words)
    if finding.outcome is Outcome.FALSE_ACCEPT and finding.part == COVERAGE:
        return (finding.outcome, finding.variant.partition(",")[0])
    if finding.row and finding.outcome is not Outcome.PROBLEM:
        return (finding.outcome, finding.row, str(gain_of(finding)))
    return (finding.outcome, finding.row, finding.text.partition(" holds ")[2] or finding.text)


def _group(found: Sequence[Finding], everything: Sequence[Finding]) -> FindingGroup:
    first = found[0]
    if first.part == REFUSAL:
        return FindingGroup(gain_of(first), tuple(found), _refusals(found, everything))
    return FindingGroup(gain_of(first), tuple(found), _LINES.get(first.outcome, _one)(found))


def _refusals(found: Sequence[Finding], everything: Sequence[Finding]) -> str:
    codes = list(dict.fromkeys(one.seen for one in found))
    rejected = [one for one in everything if one.expected == REJECTED and one.outcome is Outcome.PASSED]
    share = sum(set(one.seen.split(OR)) <= set(codes) for one in rejected)
    every = "every rejection comes" if share == len(rejected) else f"{share} of {len(rejected)} rejections come"
    return f"{every} as {OR.join(codes)} instead of {REJECTED}: {_consequence(found[0])}"


def _consequence(finding: Finding) -> str:
    return finding.text.rpartition(": ")[2] or "clients do not renew their token on it"


def _naked(found: Sequence[Finding]) -> str:
    methods = _names(one.subject for one in found)
    who = "anybody can call" if found[0].variant.startswith(NO_TOKEN) else "bad tokens open"
    count = len({one.subject for one in found})
    return f"{who} {plural(count, 'method')} that nothing guards: {methods}"


def _accepted(found: Sequence[Finding]) -> str:
    first = found[0]
    if first.part == COVERAGE:
        return f"{first.variant.partition(',')[0]} opens {_names(one.subject for one in found)}"
    variants = _names(one.variant for one in found if one.variant)
    told = f"{first.row} {first.subject} is let in{f' ({variants})' if variants else ''}".strip()
    return f"{told}: {_first_sentence(first.text)}"


def _fell(found: Sequence[Finding]) -> str:
    return f"{found[0].seen or 'a crash'} for {_tried(found)}: the server fell over, and let nobody in"


def _wrong_code(found: Sequence[Finding]) -> str:
    first = found[0]
    return f"{first.seen} instead of {first.expected} for {_tried(found)}: {_consequence(first)}"


def _rejected(found: Sequence[Finding]) -> str:
    return f"{_label(found[0])} is turned away with {found[0].seen}: {_first_sentence(found[0].text)}"


def _one(found: Sequence[Finding]) -> str:
    first = found[0]
    told = first.text.replace(f"the text of {first.row}'s", "a") if first.text else first.outcome.value
    more = f" (and {len(found) - 1} like it)" if len(found) > 1 else ""
    return f"{_label(first)}: {_first_sentence(told)}{more}"


_LINES: dict[Outcome, Callable[[Sequence[Finding]], str]] = {
    Outcome.NAKED: _naked,
    Outcome.FALSE_ACCEPT: _accepted,
    Outcome.CRASH_CODE: _fell,
    Outcome.WRONG_CODE: _wrong_code,
    Outcome.FALSE_REJECT: _rejected,
}


def _tried(found: Sequence[Finding]) -> str:
    return f"{plural(len(found), 'call')} ({_names(one.row or one.subject for one in found)})"


def _label(finding: Finding) -> str:
    return " ".join(filter(None, (finding.row, finding.subject)))


def _names(names: Iterable[str]) -> str:
    known = list(dict.fromkeys(names))
    shown = ", ".join(known[:_MOST])
    return f"{shown} and {len(known) - _MOST} more" if len(known) > _MOST else shown


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")
