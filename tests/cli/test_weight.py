"""Nothing heavy is loaded before it is needed: which libraries a command has loaded when it is done."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.run import FakeRun

HEAVY = ("gevent", "grpc", "locust", "matplotlib", "pandas", "scipy")
CODE = """
import json, sys
from harness.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two runs that have their reports, ``one`` and ``two``."""
    folder = tmp_path_factory.mktemp("reports")
    for name in ("one", "two"):
        FakeRun(folder / name, per_s=20, build=name).write()
        _loaded(folder, "report", name, "--no-pictures")
    return folder


def _loaded(folder: Path, *arguments: str) -> set[str]:
    """Run a command in a process of its own and return the heavy libraries that it loaded."""
    command = [
        sys.executable,
        "-c",
        CODE,
        *(str(folder / word) if word in {"one", "two"} else word for word in arguments),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(HEAVY) & set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (("--help",), set()),
        (("list",), set()),
        (("report", "--help"), set()),
        (("report", "one", "--no-pictures"), set()),
        (("report", "one"), {"matplotlib", "pandas"}),
        (("explain", "one"), set()),
        (("recover", "one"), set()),
        (("compare", "one", "two", "--out", "one"), {"matplotlib", "pandas"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_loads_only_the_heavy_libraries_that_it_needs(
    runs: Path, arguments: tuple[str, ...], needed: set[str]
) -> None:
    assert _loaded(runs, *arguments) == needed
