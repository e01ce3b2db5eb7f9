from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.lab.processes.child import Child
from tests.e2e.storms import Trial


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


@pytest.fixture
def foreign_proxy(tmp_path: Path) -> Iterator[str]:
    """A Toxiproxy of somebody else's: it outlives every run."""
    child = Child.start("foreign", "harness.lab.proxy", {"port": 0}, tmp_path / "foreign.log")
    yield child.ready["url"]
    child.stop()
