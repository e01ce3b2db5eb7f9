"""Output: every file that a duel leaves beside its runs."""

import os
from collections.abc import Callable
from pathlib import Path

from harness.comparison.result import Duel, write_duel
from harness.errors import RecordError
from harness.experiments.duel.github import annotations, write_summary
from harness.experiments.duel.junit import junit
from harness.experiments.duel.markdown import markdown


def write_outputs(folder: Path, duel: Duel, tell: Callable[[str], None]) -> None:
    """Write ``comparison.json``, ``duel.md``, ``junit.xml``, the page and, in GitHub's CI, summary and annotations.

    Raises `RecordError` when the disk refuses.
    """
    write_duel(folder, duel)
    try:
        (folder / "duel.md").write_text(markdown(duel), encoding="utf-8")
        (folder / "junit.xml").write_text(junit(duel), encoding="utf-8")
        if not write_summary(duel, os.environ):
            tell("the step summary is full, and was left as it is; the verdict is in duel.md")
        tell(f"page: {_write_page(folder, duel)}")
    except OSError as error:
        raise RecordError(f"cannot write into {folder}: {error.strerror}; free some space") from error
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in annotations(duel):
            tell(line)


def _write_page(folder: Path, duel: Duel) -> Path:
    from harness.report.duel.page import write_duel_page  # draws: heavy, and wanted at the end alone

    return write_duel_page(folder, duel)
