"""What `harness` and its stubs give to a scenario file."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import assert_type

import pytest

from harness import TokenFile, failure_ratio
from harness.checks import CHECKS
from harness.checks.failure_ratio import FailureRatio
from harness.cli.stubs import PACKAGES, stubs
from harness.registry import Names
from harness.tokens.sources import SOURCES

every_package = pytest.mark.parametrize("names", PACKAGES, ids=lambda names: names.package)


@pytest.mark.parametrize("path", stubs(), ids=lambda path: path.parent.name)
def test_the_stub_tells_what_the_registries_give(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == stubs()[path], f"{path} is behind the registries; run: make stubs"


@every_package
def test_every_name_is_given_and_listed(names: Names) -> None:
    package = importlib.import_module(names.package)
    for name in names.all():
        assert getattr(package, name) is not None
    assert list(dir(package)) == list(package.__all__) == names.all()


@every_package
def test_no_name_of_a_registry_is_hidden_by_another_name(names: Names) -> None:
    hidden = names.homes.keys() & names.registered().keys()
    assert hidden == set(), f"{names.package} has another {hidden}; call it something else"


def test_no_check_is_called_as_a_token_source() -> None:
    assert CHECKS.keys() & SOURCES.keys() == set()


def test_a_type_checker_sees_the_settings_of_a_check_and_of_a_source() -> None:
    assert_type(failure_ratio(below=0.01), FailureRatio)
    assert_type(TokenFile(Path("token")), TokenFile)
    with pytest.raises(TypeError):
        failure_ratio(above=0.01)  # type: ignore[call-arg]


@every_package
def test_an_unknown_name_is_refused(names: Names) -> None:
    package = importlib.import_module(names.package)
    with pytest.raises(AttributeError, match=f"{names.package} has no 'earthquake'; `jwtstorm list` tells"):
        package.earthquake  # noqa: B018
    with pytest.raises(AttributeError, match=f"did you mean {names.all()[0]}"):
        getattr(package, f"{names.all()[0]}s")


def test_importing_the_package_loads_no_room_of_it() -> None:
    code = "import sys, harness; print(*sorted(name for name in sys.modules if name.startswith('harness.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "harness.errors harness.registry\n"


@pytest.mark.parametrize("line", ["from harness import clock", "from harness.faults import timeline"])
def test_importing_a_file_of_the_package_loads_no_registry(line: str) -> None:
    code = f"import sys; {line}; print('harness.checks' in sys.modules, 'harness.faults.latency' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
