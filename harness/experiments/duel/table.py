"""The verdict in the terminal: a row per primary, and below it what else must be said."""

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.comparison.result import Duel, FindingOfDuel
from harness.comparison.words import between, change, headline, told, typical

STYLES = {"worse": "bold red", "better": "bold green", "same": "green", "too noisy to tell": "yellow"}


def verdict_table(duel: Duel) -> RenderableType:
    """Return the findings as a table, with the sentences that belong to it."""
    table = Table(
        box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title=Text(headline(duel)), title_justify="left", title_style="bold"
    )
    table.add_column("metric", no_wrap=True)
    for column in ("base", "new", "change", "between"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("word")  # it alone may wrap
    for one in duel.findings:
        table.add_row(*_row(one), Text(one.word, style=STYLES.get(one.word, "")))
    notes = [Text(f"- {sentence}") for sentence in (*_noisy(duel), *told(duel))]
    return Group(*([table] if duel.findings else [Text(headline(duel), style="bold")]), *notes)


def _row(one: FindingOfDuel) -> tuple[str, ...]:
    return (
        one.metric,
        typical(one, one.base),
        typical(one, one.new),
        _short(change(one, one.middle)),
        _short(between(one)),
    )


def _noisy(duel: Duel) -> list[str]:
    """Return what would help where it is too noisy to tell."""
    return [one.sentence for one in duel.findings if one.word == "too noisy to tell"]


def _short(text: str) -> str:
    return text.replace(" points", " pp")
