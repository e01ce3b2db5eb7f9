"""The duel's page: one HTML file that needs nothing else, and its pictures with their numbers beside it."""

import json
from io import BytesIO
from pathlib import Path

import matplotlib as mpl

from harness.comparison.result import Duel
from harness.comparison.words import between, change, headline, told, typical
from harness.files import write_whole
from harness.report.duel import DUEL_PICTURES
from harness.report.duel.sides import Sides, read_sides, worst_first
from harness.report.page import Shown, environment
from harness.report.style import STYLE

ASIDE = "worth a look"
"""How a note begins that stands in a table of its own."""

CLASSES = {"better": "passed", "same": "passed", "worse": "failed", "too noisy to tell": "invalid"}
MARKS = {"better": "▼", "same": "=", "worse": "▲", "too noisy to tell": "~", "not comparable": "⚠"}
"""A sign beside each colour: better is lower, worse is higher."""


def write_duel_page(folder: Path, duel: Duel) -> Path:
    """Write ``duel.html`` and the pictures into a duel's folder; return the page.

    Raises `OSError` when the disk refuses.
    """
    sides = read_sides(folder, duel)
    page = (
        environment()
        .get_template("duel.html")
        .render(
            duel=duel,
            headline=headline(duel),
            verdict_class=CLASSES.get(duel.word, "invalid"),
            classes=CLASSES,
            marks=MARKS,
            findings=worst_first(duel.findings),
            notes=[*(note for note in told(duel) if not note.startswith(ASIDE)), *sides.unread],
            pictures=draw_duel(folder, sides),
            settings=_settings(duel),
            change=change,
            between=between,
            typical=typical,
        )
    )
    return write_whole(folder / "duel.html", page)


def draw_duel(folder: Path, sides: Sides) -> list[Shown]:
    """Write each picture that has something to show, as PNG and as CSV, and return them in the page's order."""
    shown = []
    for picture in sorted(DUEL_PICTURES.values(), key=lambda picture: picture.place):
        with mpl.rc_context(STYLE):
            drawn = picture.draw(sides)
            if drawn is None:
                continue
            png = BytesIO()
            drawn.figure.savefig(png, format="png")
        (folder / f"{picture.name}.png").write_bytes(png.getvalue())
        drawn.table.to_csv(folder / f"{picture.name}.csv", index=False)
        shown.append(Shown(picture.name, drawn.title, drawn.caption, png.getvalue()))
    return shown


def _settings(duel: Duel) -> list[tuple[str, str]]:
    """Return what the duel rests on, a name and JSON each."""
    parts = {
        "smallest changes that matter": duel.matters,
        "what all runs share": duel.comparable,
        "versions": duel.versions,
    }
    return [(name, json.dumps(part, indent=1, ensure_ascii=False)) for name, part in parts.items() if part]
