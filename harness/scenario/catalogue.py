"""The catalogue: which scenarios there are, and what is wrong with one, without loading it here.

Importing a scenario patches the process, so that it is read in a process of its own:
``python -m harness.scenario.catalogue FILE`` prints one JSON object.
"""

import difflib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from harness.errors import HarnessError, UsageError
from harness.scenario import shipped
from harness.scenario.about import About, about
from harness.scenario.scenario import Scenario

OWN = Path("scenarios")
"""Where the scenarios of a user lie: they come before the shipped ones of the same name."""
NO_USER = (
    "no GrpcUser class in {file}, so nobody would call; write `class Customer(GrpcUser):` with a @task "
    "(from harness.users import GrpcUser)"
)


@dataclass(frozen=True)
class ScenarioEntry:
    """One scenario file."""

    path: Path
    about: About


def entries(own: Path = OWN) -> list[ScenarioEntry]:
    """Return the scenarios of a folder and the shipped ones, sorted by name."""
    files = [path for path in (*shipped.scenarios(), *own.glob("*.py")) if not path.name.startswith("_")]
    by_name = {path.stem.replace("_", "-"): path for path in files}
    return [ScenarioEntry(path, _about_or_why_not(path)) for _, path in sorted(by_name.items())]


def _about_or_why_not(path: Path) -> About:
    """Return what a file says of itself; one that cannot be read must not hide the others."""
    try:
        return about(path)
    except UsageError as error:
        return About(path.stem.replace("_", "-"), "", f"(broken: {error})", "", "")


def find(name: str, own: Path = OWN) -> Path:
    """Return the file of a scenario, by name or by path.

    Raises `UsageError` that lists what there is, nearest first.
    """
    if name.endswith(".py") and Path(name).is_file():
        return Path(name)
    known = {entry.about.name: entry for entry in entries(own)}
    if (entry := known.get(name.replace("_", "-"))) is not None:
        return entry.path
    near = difflib.get_close_matches(name, known, n=1)
    said = f"no scenario is called {name!r}" if name else "say which scenario"
    hint = f"; did you mean {near[0]}?" if near else ""
    listing = "\n".join(f"  {entry.about.name:<16} {entry.about.question}" for entry in known.values())
    where = f"  yours are looked for in {own.absolute()}; or give the path of a scenario's file"
    raise UsageError(f"{said}{hint}\n{listing}\n{where}")


def inspect(path: Path, options: Sequence[str] = ()) -> dict[str, Any]:
    """Return a scenario's settings, read in another process; ``options`` are those that it may read itself.

    Raises `UsageError` with all its mistakes, or with the line that failed.
    """
    command = [sys.executable, "-m", "harness.scenario.catalogue", str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return _settings(path, done.stdout, done.stderr)


def inspect_in_fork(path: Path) -> dict[str, Any]:
    """Return a scenario's settings as `inspect` does, read in a fork: for a process that has imported Locust.

    The scenario sees this process's options.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile("w+") as told, tempfile.TemporaryFile("w+") as complained:
        child = os.fork()
        if child == 0:
            _print_loaded(path, told.fileno(), complained.fileno())
        os.waitpid(child, 0)
        told.seek(0)
        complained.seek(0)
        return _settings(path, told.read(), complained.read())


def _print_loaded(path: Path, told: int, complained: int) -> NoReturn:
    """Print what a scenario's settings are into a file, what goes wrong into another, and end this process."""
    try:
        os.dup2(told, 1)
        os.dup2(complained, 2)
        _tell(path)
    except BaseException:  # noqa: BLE001 - even SystemExit: the process ends here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _settings(path: Path, told: str, complained: str) -> dict[str, Any]:
    """Return what a process that loaded a scenario printed; raises `UsageError` where it could not."""
    try:
        answer: dict[str, Any] = json.loads(told.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise UsageError(f"{path} could not be loaded:\n{complained.strip()[-2000:]}") from error
    if "error" in answer:
        raise UsageError(f"{path}: {answer['error']}")
    return answer


def _tell(path: Path) -> None:
    sys.stdout.write(json.dumps(_load(path)) + "\n")


def _load(path: Path) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        return {"error": "not a Python file"}
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except HarnessError as error:
        return {"error": str(error).removeprefix("scenario: ")}
    except Exception as error:  # noqa: BLE001 - a scenario is the user's own code
        return {"error": f"{_line(path, error)}{type(error).__name__}: {error}"}
    scenario = getattr(module, "scenario", None)
    if not isinstance(scenario, Scenario):
        return {"error": "it has no module-level `scenario`; see README, how to write a scenario"}
    if wrong := _of_users(path, module):
        return {"error": "\n".join(wrong)}
    return {**scenario.to_json(), "links": sorted(scenario.links()), "hunts": dict(scenario.hunts)}


def _line(path: Path, error: Exception) -> str:
    """Return the innermost line of the file that an error passed through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    return f"line {frames[-1].lineno}: " if frames else ""


def _of_users(path: Path, module: ModuleType) -> list[str]:
    """Return what is wrong with a file's users; only the file itself may load the module that knows them."""
    users = sys.modules.get("harness.users")
    if users is None:
        return [NO_USER.format(file=path.name)]
    mistakes: list[str] = users.mistakes(module, path.name)
    return mistakes


if __name__ == "__main__":
    _tell(Path(sys.argv[1]))
