"""Marked places: what a command measured, between two marks of a page."""

from pathlib import Path

from harness.errors import RunError


def write_between(page: Path, begin: str, end: str, text: str) -> None:
    """Replace what stands between two marks of a page; raises `RunError` where it has them not."""
    before, found_begin, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise RunError(
            f"{page} has no place for the table; add the lines {begin} and {end}: put them where the tables go"
        )
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
