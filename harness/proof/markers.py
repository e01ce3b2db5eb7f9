"""Marked places: what a command measured, between two marks of a page."""

from pathlib import Path

from harness.errors import RunError


def read_between(page: Path, begin: str, end: str) -> str:
    """Return what stands between two marks of a page; raises `RunError` where it has them not."""
    return _split(page, begin, end)[1]


def write_between(page: Path, begin: str, end: str, text: str) -> None:
    """Replace what stands between two marks of a page; raises `RunError` where it has them not."""
    before, _, after = _split(page, begin, end)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def _split(page: Path, begin: str, end: str) -> tuple[str, str, str]:
    """Return what stands before, between and after two marks."""
    before, found_begin, rest = page.read_text(encoding="utf-8").partition(begin)
    between, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise RunError(
            f"{page} has no place for the table; add the lines {begin} and {end}: put them where the tables go"
        )
    return before, between, after
