import ast
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "harness/lab/gateway"
BELOW = (
    "harness.clock",
    "harness.errors",
    "harness.lab.clocks",
    "harness.lab.control",
    "harness.lab.gateway",
    "harness.lab.listener",
    "harness.lab.processes",
    "harness.lab.proxy",
    "harness.records",
    "harness.results",
)
WITHOUT_IO = (
    "agreement", "call", "frames", "greeting", "header_codec", "identity", "lane", "leaving", "messages", "relay",
    "side", "stream", "table", "treatment",
)  # fmt: skip
SOCKETS = {"asyncio", "socket", "ssl", "os", "time", "uvloop", "threading"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_gateway_needs_only_what_lies_below_it() -> None:
    ours = {name for path in FOLDER.rglob("*.py") for name in imported(path) if name.startswith("harness")}
    assert {name for name in ours if not name.startswith(BELOW)} == set()


def test_the_middle_knows_no_socket_and_no_clock() -> None:
    faults = sorted(FOLDER.glob("faults/*.py"))
    for path in [*(FOLDER / f"{name}.py" for name in WITHOUT_IO), *faults]:
        assert SOCKETS.isdisjoint(imported(path)), path.name
        assert "harness.clock" not in imported(path), path.name
