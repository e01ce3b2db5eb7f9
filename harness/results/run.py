"""A run's folder as the report reads it: finding it, ``run.json`` and files of one JSON object a line.

Foreign text enters here and leaves as frozen data; a file that is missing or odd is one clear
`RecordError`, a name that fits no run a `UsageError`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import RecordError, UsageError
from harness.records import Record, record_of
from harness.results.problem import Problem
from harness.results.promise import Promise

SCHEMA = 1
"""Version of ``run.json`` that this build reads."""
CLOCK_LIMIT_S = 0.01
"""Uncertainty of a worker's clock above which its times mean nothing, and the run is invalid."""


def clock_doubt(worker: int, bound_s: float) -> str | None:
    """Return what is wrong with a worker's clock and the way out, or None within `CLOCK_LIMIT_S`."""
    if bound_s <= CLOCK_LIMIT_S:
        return None
    limit_ms = CLOCK_LIMIT_S * 1e3
    return (
        f"worker {worker}'s clock is known to ±{bound_s * 1e3:.0f} ms only, and ±{limit_ms:.0f} ms is the limit; "
        "put the worker nearer to the conductor, or synchronise both hosts' clocks (NTP)"
    )


@dataclass(frozen=True)
class Run:
    """A run's folder and its ``run.json``; properties name what the report needs of it."""

    path: Path
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return the run's id."""
        return str(self.data.get("run") or self.path.name)

    @property
    def zero_ns(self) -> int | None:
        """Return the monotonic time of zero; None when the run ended before its warm-up did."""
        zero = self.data.get("zero_ns")
        return None if zero is None else int(zero)

    @property
    def load(self) -> Mapping[str, Any]:
        """Return the load's settings."""
        load = self.data.get("load")
        return load if isinstance(load, Mapping) else {}

    @property
    def warm_up_s(self) -> float:
        """Return the planned length of the warm-up."""
        return float(self.load.get("warm_up_s") or 0.0)

    @property
    def planned_s(self) -> float:
        """Return the planned length of the load, from zero."""
        return float(self.data.get("planned_s") or self.load.get("duration_s") or 0.0)

    @property
    def ended_s(self) -> float | None:
        """Return when the load ended, seconds from zero; None when nobody wrote it down."""
        ended = self.data.get("ended_s")
        return None if ended is None else float(ended)

    @property
    def state(self) -> str:
        """Return ``running`` (also after a crash), ``complete``, ``interrupted`` or ``aborted``."""
        return str(self.data.get("state") or "running")

    @property
    def token_holders(self) -> int | None:
        """Return how many holders of a token the run had, where its settings tell."""
        users, callers = self.load.get("max_users"), dict(self.data.get("tokens") or {}).get("callers")
        return -(-int(users) // int(callers)) if users and callers else None

    @cached_property
    def steps(self) -> tuple[Mapping[str, Any], ...]:
        """Return the planned steps."""
        return tuple(self.data.get("steps") or ())

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Return what was wrong by the end of the run; the report may find more.

        Raises `RecordError` for an entry that is none.
        """
        return self._record("problems", tuple[Problem, ...])

    @cached_property
    def promises(self) -> tuple[Promise, ...]:
        """Return what the workers promised; after a crash, what is known of their clocks.

        Raises `RecordError` for an entry that is none.
        """
        return self._record("workers", tuple[Promise, ...])

    def _record(self, name: str, kind: type[Record]) -> Record:
        """Return a part of ``run.json`` as what it is."""
        try:
            return record_of(self.data.get(name) or (), kind)
        except ValueError as error:
            raise RecordError(f"{self.path}/run.json: its {name} cannot be read ({error})") from error


def read_run(path: Path) -> Run:
    """Read a run's folder.

    Raises `RecordError` where ``run.json`` is missing, no JSON object, or of another schema.
    """
    file = path / "run.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecordError(f"{path} has no run.json, so it is no run; name a folder under reports/") from error
    except (OSError, ValueError) as error:
        raise RecordError(f"{file} cannot be read ({error}); without it the rows have no meaning") from error
    if not isinstance(data, dict):
        raise RecordError(f"{file} holds no JSON object; without it the rows have no meaning")
    if data.get("schema") != SCHEMA:
        raise RecordError(
            f"{file} has schema {data.get('schema')}, this build reads {SCHEMA}; use the build that wrote it"
        )
    return Run(path, data)


def reports_folder() -> Path:
    """Return where runs are kept: ``REPORTS``, else ``reports/``."""
    return Path(os.environ.get("REPORTS") or "reports")


def find_run(name: str, reports: Path) -> Path:
    """Return the folder of a run that is named by its path, by a build label, or as ``latest``.

    Where several fit, the newest counts. Raises `UsageError` where none does.
    """
    return _newest(_fitting(name, reports))


def find_runs(names: Sequence[str], reports: Path) -> list[Path]:
    """Return the folder of each run; of labels, the newest runs of a scenario that all of them have.

    Raises `UsageError` where a name fits no run.
    """
    fitting = [_fitting(name, reports) for name in names]
    shared = set.intersection(*({_scenario(run) for run in runs} for runs in fitting))
    if shared:
        scenario = _scenario(_newest([run for run in fitting[-1] if _scenario(run) in shared]))
        fitting = [[run for run in runs if _scenario(run) == scenario] for runs in fitting]
    return [_newest(runs) for runs in fitting]


def _fitting(name: str, reports: Path) -> list[Path]:
    for place in (Path(name), reports / name):
        if (place / "run.json").is_file():
            return [place]
    below = [found for place in (Path(name), reports / name) if place.is_dir() for found in _runs(place)]
    made = _made(reports)
    labelled = [run for run in made if name in ("latest", run.parent.name) or name == _build(run)]
    if found := below or labelled:
        return found
    known = ", ".join(sorted({run.parent.name for run in made}))
    none_yet = "no run was made there yet; make one: jwtstorm run NAME"
    raise UsageError(
        f"{name} is no run folder and no build label under {reports}; {f'builds there: {known}' if known else none_yet}"
    )


def _newest(runs: Sequence[Path]) -> Path:
    return max(runs, key=lambda run: run.name)


def _scenario(run: Path) -> str:
    return run.resolve().parent.parent.name


def _made(reports: Path) -> list[Path]:
    """Return the runs that were made here, in scenario, build and start; the example that comes along is none."""
    return [file.parent for file in reports.glob("*/*/*/run.json")]


def _runs(place: Path) -> list[Path]:
    return [file.parent for depth in range(1, 4) for file in place.glob("/".join(["*"] * depth) + "/run.json")]


def _build(run: Path) -> str | None:
    try:
        return str(read_run(run).data.get("build"))
    except RecordError:
        return None
