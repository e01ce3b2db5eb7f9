"""The verdict as Markdown: for a pull request, and for GitHub's step summary."""

from collections.abc import Sequence

from harness.comparison.result import Duel, FindingOfDuel
from harness.comparison.words import between, change, headline, told, typical

COMMENT_LIMIT = 60_000
"""Characters: a comment on GitHub takes 65,536."""
MARKS = {"better": "✅", "same": "✅", "worse": "❌", "too noisy to tell": "❔", "not comparable": "⛔"}


def markdown(duel: Duel, limit: int = COMMENT_LIMIT) -> str:
    """Return the verdict with its table, at most ``limit`` characters: lists are cut, and say so."""
    head = [f"### {MARKS[duel.word]} {_safe(headline(duel))}", ""]
    table = _table(duel.findings) if duel.findings else []
    notes = [f"- {_safe(text)}" for text in _sentences(duel)]
    foot = ["", f"<sub>{_safe(_how(duel))}</sub>", ""]
    room = limit - len("\n".join([*head, *table, *foot])) - 80
    return "\n".join([*head, *table, *_as_many(notes, room), *foot])


def _table(findings: Sequence[FindingOfDuel]) -> list[str]:
    lines = ["| metric | base | new | change | between | matters from | |", "|---|--:|--:|--:|--:|--:|---|"]
    for one in findings:
        smallest = change(one, one.smallest).lstrip("+")
        cells = (one.metric, typical(one, one.base), typical(one, one.new), change(one, one.middle), between(one))
        lines.append(f"| {' | '.join(map(_safe, cells))} | {smallest} | {MARKS[one.word]} {one.word} |")
    return [*lines, ""]


def _sentences(duel: Duel) -> list[str]:
    noisy = [one.sentence for one in duel.findings if one.word == "too noisy to tell"]
    return [*noisy, *told(duel)]


def _how(duel: Duel) -> str:
    looks = " and ".join(str(look.pairs) for look in duel.looks)
    return (
        f"{len(duel.counted)} of {len(duel.pairs)} pairs of runs count, each ordered by a coin (seed {duel.seed}); "
        f"looked at after {looks}. Intervals hold for all metrics together at 95 %. "
        f"base: {duel.base.asked}; new: {duel.new.asked}."
    )


def _as_many(lines: list[str], room: int) -> list[str]:
    """Return as many lines as there is room for, and how many are missing."""
    kept: list[str] = []
    for place, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return [*kept, f"- … and {len(lines) - place} more, in comparison.json"]
        kept.append(line)
    return kept


def _safe(text: str) -> str:
    """Return a text that breaks no table and no page."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("|", "\\|").replace("`", "'").replace("@", "@\u200b")
