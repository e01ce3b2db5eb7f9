"""A probe on the terminal: the answer first, then what is wrong in a few lines, then a line per part."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.defects.oracle import Bounds
from harness.formatting import duration, plural
from harness.probe.output.answer import after, before, exit_code, word
from harness.probe.output.groups import FindingGroup, groups, shortened
from harness.probe.parts.evidence import NOT_PROVEN
from harness.probe.result import COVERAGE, ClockEstimate, Finding, Outcome, ProbeResult

LOOKS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.ALLOWED: ("✓", "green"),
    Outcome.FALSE_ACCEPT: ("✗", "bold red"),
    Outcome.NAKED: ("✗", "bold red"),
    Outcome.CRASH_CODE: ("✗", "bold red"),
    Outcome.FALSE_REJECT: ("!", "yellow"),
    Outcome.WRONG_CODE: ("!", "yellow"),
    Outcome.PROBLEM: ("!", "yellow"),
    Outcome.VOID: ("?", "magenta"),
    Outcome.NOT_CHECKED: ("-", "dim"),
}
"""A sign beside each colour: nobody has to tell red from green."""


MOST_REASONS = 3
"""Lines of what was not checked."""
_WIDE = 130
"""Columns from which on findings stand in a table; in fewer they stand one below the other."""


def show(result: ProbeResult, console: Console, *, everything: bool = False) -> None:
    """Print a probe, what matters most in a few lines; ``everything`` lists each question."""
    colour = {"passed": "green", "failed": "red"}.get(word(result), "yellow")
    console.print(Text(f"{result.address}: {word(result)} (exit code {exit_code(result)})", style=f"bold {colour}"))
    _say(before(result), console)
    _show_groups(groups(result), console)
    _say(after(result), console)
    if everything:
        _show_all(result.findings, console)
    else:
        _show_open(result.findings, console)
    console.print()
    console.print(_parts(result))
    for clock in result.clocks:
        console.print(Text(f"clock of {clock.replica}: {clock_line(clock)}"), soft_wrap=True)


def _say(told: Sequence[str], console: Console) -> None:
    for sentence in told:
        console.print(Text(f"  {sentence}"), soft_wrap=True)


def _show_groups(found: Sequence[FindingGroup], console: Console) -> None:
    shown = shortened(found)
    for group in shown:
        sign, style = LOOKS[group.outcome]
        line = Text.assemble((f"{sign} {group.gain.words:<15}", style), group.line)
        console.print(line, soft_wrap=True)
    if len(found) > len(shown):
        console.print(Text(f"… {len(found) - len(shown)} more in the page", style="dim"))


def _show_open(findings: Sequence[Finding], console: Console) -> None:
    """Print why most of what was not asked was not; the page has the rest."""
    unasked = _unasked(one for one in findings if not one.text.startswith(NOT_PROVEN))
    reasons = sorted(unasked.items(), key=lambda reason: -len(reason[1]))
    for why, names in reasons[:MOST_REASONS]:
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        console.print(Text(f"- not checked: {shown}: {why}", style="dim"), soft_wrap=True)
    if len(reasons) > MOST_REASONS:
        left = sum(len(names) for _, names in reasons[MOST_REASONS:])
        console.print(Text(f"… {left} more not checked, in the page", style="dim"))


def _show_all(findings: Sequence[Finding], console: Console) -> None:
    console.print()
    if console.width >= _WIDE:
        console.print(_findings(merged(findings)))
    else:
        _stack(merged(findings), console)


def _unasked(findings: Iterable[Finding]) -> dict[str, list[str]]:
    """Return what was not asked, by reason."""
    reasons: dict[str, list[str]] = {}
    for one in findings:
        if one.outcome is Outcome.NOT_CHECKED:
            names = reasons.setdefault(one.text, [])
            name = one.row if one.row and one.part != COVERAGE else one.subject
            names += [] if name in names else [name]
    return reasons


def merged(findings: Iterable[Finding]) -> list[tuple[Finding, int]]:
    """Return findings that say the same once each, with how many there are; the worst outcomes first."""
    order = [Outcome.NAKED, Outcome.FALSE_ACCEPT, Outcome.CRASH_CODE, Outcome.FALSE_REJECT, *Outcome]
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in findings:
        key = (one.part, one.row, one.subject, one.outcome, one.seen, one.text, one.replica)
        groups.setdefault(key, []).append(one)
    alike = sorted(groups.values(), key=lambda group: order.index(group[0].outcome))
    return [(group[0], len(group)) for group in alike]


def _findings(findings: Sequence[tuple[Finding, int]]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    for name, share in (("", 1), ("row", 1), ("what was tried", 5), ("expected", 2), ("seen", 2), ("what it means", 8)):
        table.add_column(name, overflow="fold", ratio=share if share > 2 else None, no_wrap=share == 1)
    for finding, times in findings:
        sign, style = LOOKS[finding.outcome]
        tried = f"{finding.subject}{f': {finding.variant}' if finding.variant else ''}"
        tried += f" (and {times - 1} like it)" if times > 1 else ""
        meaning = escape(f"{finding.outcome}. {finding.text}".strip())
        meaning += f"\n[dim]→ {escape(finding.way_out)}[/dim]" if finding.way_out else ""
        expected = finding.expected if finding.outcome is not Outcome.NOT_CHECKED else ""
        table.add_row(Text(sign, style=style), finding.row, Text(tried), expected, finding.seen, meaning)
    return table


def _stack(findings: Sequence[tuple[Finding, int]], console: Console) -> None:
    for finding, times in findings:
        sign, style = LOOKS[finding.outcome]
        more = f" (and {times - 1} like it)" if times > 1 else ""
        tried = f"{finding.subject}{f': {finding.variant}' if finding.variant else ''}{more}"
        console.print(Text(f"{sign} {' '.join(filter(None, (finding.row, tried)))}", style=style))
        unlike = finding.seen and finding.expected and finding.seen != finding.expected
        seen = f" ({finding.seen} instead of {finding.expected})" if unlike else ""
        for line in (f"{finding.outcome}{seen}. {finding.text}", f"→ {finding.way_out}" if finding.way_out else ""):
            if line:
                console.print(Padding(Text(line), (0, 0, 0, 2)))


def _parts(result: ProbeResult) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    for name in ("part", "asked", "right", "wrong", "proves nothing", "not asked"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for part in dict.fromkeys(one.part for one in result.findings):
        table.add_row(part, *map(str, _tally([one for one in result.findings if one.part == part])))
    return table


def _tally(findings: Sequence[Finding]) -> tuple[int, int, int, int, int]:
    unchecked = sum(one.outcome is Outcome.NOT_CHECKED for one in findings)
    void = sum(one.outcome is Outcome.VOID for one in findings)
    wrong = sum(one.found for one in findings)
    asked = len(findings) - unchecked
    return asked, asked - wrong - void, wrong, void, unchecked


def clock_line(clock: ClockEstimate) -> str:
    """Return a clock's measurement in one line; one that is doubted has no bounds, for they would be believed."""
    told = []
    if clock.offset is not None:
        told.append(f"offset {clock.offset.middle_s:+.3f} s{_bounds(clock, clock.offset)}")
    if clock.leeway is not None:
        told.append(f"leeway {clock.leeway.middle_s:.3f} s{_bounds(clock, clock.leeway)}")
    if clock.grace is not None:
        told.append(f"accepts until exp {clock.grace.middle_s:+.3f} s")
    if clock.head_start is not None:
        told.append(f"accepts from nbf {-clock.head_start.middle_s:+.3f} s")
    if clock.drift_ppm is not None:
        told.append(f"drift {clock.drift_ppm.middle_s:+.0f} ppm ± {clock.drift_ppm.half_s:.0f}")
    told.append(f"{plural(clock.calls, 'call')} in {duration(clock.took_s)}")
    return ", ".join([*told, *(f"doubt: {doubt}" for doubt in clock.doubts)])


def _bounds(clock: ClockEstimate, value: Bounds) -> str:
    return " (doubted)" if clock.doubts else f" ± {value.half_s:.3f} s"
