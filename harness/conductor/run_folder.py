"""The run's folder and its ``run.json``: what was asked for, what happened, what is comparable."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import clock
from harness.errors import UsageError
from harness.files import new_folder, write_whole
from harness.results.run import SCHEMA
from harness.scenario.about import About
from harness.scenario.ceilings import Ceilings
from harness.scenario.scenario import Scenario

COMPARABLE = (
    *("scenario", "seed", "load", "tokens", "deadline_s", "max_lag_s", "connections", "lab", "matters"),
    *("clients", "scale", "fingerprint", "transport"),
)
"""Fields of ``run.json`` that two runs must share; the fingerprint covers the checks too."""
PACKAGES = ("jwtstorm", "locust", "grpcio", "gevent", "pyjwt")


@dataclass(frozen=True)
class RunSettings:
    """What the command line adds to a scenario; ``run_time_s`` is Locust's ``-t``, or None.

    ``declared`` is the scenario as its file says it, where another build is under test
    (`harness.scenario.build_override`).
    """

    reports: Path
    build: str
    users: int
    run_time_s: float | None = None
    allowed_targets: frozenset[str] = frozenset()
    ceilings: Ceilings = field(default_factory=Ceilings)
    environ: Mapping[str, str] = field(default_factory=dict)
    declared: Scenario | None = None
    under_test: str = ""
    pictures: bool = True


class RunFolder:
    """A run's folder; `update` keeps ``run.json`` whole on disk at every moment."""

    def __init__(self, path: Path, data: dict[str, Any]) -> None:
        self.path = path
        self.data = data

    @classmethod
    def create(cls, reports: Path, scenario: Scenario, about: About, build: str) -> "RunFolder":
        """Make ``reports/<scenario>/<build>/<UTC start>/`` and its first ``run.json``.

        Raises `UsageError` where the folder cannot be made.
        """
        started = clock.utc_now()
        parent = reports / about.name / _safe(build)
        stamp = started.strftime("%Y%m%dT%H%M%SZ")
        try:
            path = new_folder(parent, stamp)
        except OSError as error:
            raise UsageError(
                f"cannot make {parent}: {error.strerror}; set REPORTS to a folder that can be written"
            ) from error
        folder = cls(path, _first(scenario, about, build, started.isoformat(timespec="milliseconds"), path.name))
        folder.update()
        return folder

    def update(self, **fields: Any) -> None:
        """Set fields and write ``run.json`` anew.

        Raises `RecordError` when the disk refuses; the old file is whole then.
        """
        self.data.update(fields)
        write_whole(self.path / "run.json", json.dumps(self.data, indent=1))

    def seal(self) -> None:
        """Write down what must match for two runs to be comparable, field by field."""
        data = self.data
        timeline = {
            step["id"]: {**step["settings"], "until_s": step["until_s"], "toxicity": step["toxicity"]}
            for step in data["steps"]
        }
        comparable = {
            **{name: data[name] for name in COMPARABLE if name in data},
            "transport": _wherever(data["transport"]),
            "timeline": timeline,
            "host": {key: data["host"][key] for key in ("cpu", "cores", "kernel")},
            "workers": len(data["workers"]),
        }
        self.update(comparable=comparable, comparable_hash=_hash(comparable))


def build_label(asked: str | None) -> str:
    """Return the build's label: ``--build``, else ``BUILD``, else what git says, else ``unknown``."""
    if label := asked or os.environ.get("BUILD"):
        return label
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty"],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            check=False,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return said.stdout.strip() or "unknown"


def _first(scenario: Scenario, about: About, build: str, started: str, name: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "run": name,
        "scenario": about.name,
        "title": about.title,
        "question": about.question,
        "steady_state": about.steady_state,
        "source_hash": about.source_hash,
        "fingerprint": scenario.fingerprint(),
        "build": build,
        "started_utc": started,
        "ended_utc": None,
        "state": "running",
        "interrupted": None,
        **scenario.to_json(),
        "zero_ns": None,
        "planned_s": scenario.load.duration_s,
        "ended_s": None,
        "host": host(),
        "versions": _versions(),
        "links": {},
        "clocks": [],
        "transport": {},
        "workers": [],
        "problems": [],
        "comparable": {},
        "comparable_hash": "",
    }


def host() -> dict[str, Any]:
    """Return what tells one machine from another, without its name."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_1min": os.getloadavg()[0],
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions() -> Mapping[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "source"
    return found


def _wherever(transport: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a target was reached, without where: builds have addresses of their own, and the lab a port a run.

    Nor why this transport was taken, or which version of it: as with the other packages, that is told and not required.
    """
    endpoint = {name: value for name, value in transport.get("endpoint", {}).items() if name != "addresses"}
    kept = {name: value for name, value in transport.items() if name not in {"why", "version", "connected_to"}}
    return {**kept, "endpoint": endpoint}


def _safe(label: str) -> str:
    return "".join(char if char.isalnum() or char in "._-+" else "-" for char in label).lstrip(".") or "unknown"


def _hash(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]
