"""The command of a comparison: print the table, and write it with its page and pictures."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.comparison.single_runs import Comparison, compare
from harness.errors import RecordError
from harness.report.comparison import write_comparison


def run_compare(names: list[str], reports: Path, out: Path | None = None) -> int:
    """Print and write the comparison of runs that are named by folder, build label or ``latest``.

    Raises `harness.errors.UsageError` for names that fit no two runs, `RecordError` for a run
    without its summary.
    """
    found = compare(names, reports)
    folder = out or reports / "comparisons" / _folder_name(found)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "comparison.json").write_text(json.dumps(found.to_json(), indent=1) + "\n", encoding="utf-8")
        write_comparison(found, folder)
    except OSError as error:
        raise RecordError(f"cannot write {folder}: {error.strerror or error}; give --out another folder") from error
    _print(found, folder)
    return found.exit_code


def _folder_name(found: Comparison) -> str:
    name = "-vs-".join([found.summaries[0].scenario, *found.names]).replace("-vs-", "--", 1)
    return "".join(char if char.isalnum() or char in "._-+" else "-" for char in name).lstrip(".")[:120]


def _print(found: Comparison, folder: Path) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table(title=f"{found.summaries[0].scenario}: {found.verdict}", title_justify="left", title_style="bold")
    table.add_column("phase", no_wrap=True, min_width=max((len(row.phase) for row in found.rows), default=0))
    table.add_column("metric")
    for name in found.names:
        table.add_column(name, justify="right")
    for name in found.names[1:]:
        table.add_column("delta" if len(found.names) == 2 else f"delta {name}", justify="right")
    phase = ""
    for row in found.rows:
        if phase and row.phase != phase:
            table.add_section()
        table.add_row(row.phase if row.phase != phase else "", row.metric, *row.shown())
        phase = row.phase
    console.print(table, markup=False)
    for outcome in found.outcomes:
        console.print(outcome, markup=False)
    for cause in found.causes:
        console.print(cause, markup=False)
    for field in found.differing[1:]:
        console.print(f"also not alike: {field}", markup=False)
    for verdict in found.verdicts:
        console.print(f"another verdict: {verdict}", markup=False)
    for hint in found.hints:
        console.print(f"hint, and no verdict: {hint}", markup=False)
    console.print(f"next: {found.next}", markup=False)
    console.print(f"page: {folder / 'compare.html'}", markup=False)
