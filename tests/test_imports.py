"""Who may import whom: the rule of the design, read off the source of every module."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from harness.faults import FAULTS

ROOT = Path(__file__).parent.parent
HEAVY = ("gevent", "grpc", "locust")

MAY_IMPORT = {
    "locust": ("harness.users", "harness.locust_adapter.plugin", "harness.locust_adapter.storm_tab"),
    "grpc": (
        "harness.users",
        "harness.calls.channel",
        "harness.tokens.sources.login_call",
        "harness.transport.grpcio_completions",
        "harness.endpoint",
        "harness.transport",
        "harness.transport.grpcio_channel",
        "harness.lab",
        "harness.probe",
    ),
}
"""Modules that may import a library, each with all that begins with its name."""

WALL_CLOCK = {
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime", "clock_gettime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
"""What reads the machine's wall clock, by the name it is asked of."""

READERS = (
    "amplified", "compare", "gauges", "measures", "metrics", "merge", "phases", "explain", "series", "summary", "rows",
    "runs", "tenths", "checks", "report",
)  # fmt: skip
"""Modules that work on the files of a run, after it."""
RUN_SIDE = (
    "auth", "catalogue", "completions", "conductor", "faults", "health", "injection", "lab", "load", "options",
    "pacer", "parts", "plugin", "recording", "recover", "reporting", "roster", "runfolder", "scenario", "shipping",
    "stage", "station", "timeline", "transport", "unpooled", "users", "web", "worker",
)  # fmt: skip
"""Modules of a run that lives: no reader may need one, at any distance."""

PURE = {
    "harness.scenario.about": {"harness.errors"},
    "harness.results.row": set(),
    "harness.results.call_journal": {"harness.results.row", "harness.errors"},
    "harness.scenario.load": {"harness.validation"},
    "harness.validation": set(),
    "harness.errors": set(),
    "harness.clock": set(),
    "harness.protocol.clock_offset": set(),
    "harness.protocol.file_shipping": {"harness.results.call_journal", "harness.errors"},
    "harness.faults.timeline": {"harness.results.grpc_status", "harness.faults", "harness.validation"},
    "harness.results.grpc_status": set(),
    "harness.results.proportion": set(),
    "harness.results.auth_summary": {"harness.results.proportion"},
    "harness.results.classify": {"harness.results.row"},
    "harness.tokens.token": {"harness.errors"},
}
"""Modules in the middle, and all of ours that they may import."""

ALONE = {"harness.locust_adapter.plugin": {"harness.users"}, "harness.users": set()}
"""Modules that only these may import: the ends of the arrows."""


@dataclass(frozen=True)
class Module:
    """One source file."""

    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        """Return its syntax tree."""
        return _parse(self.path)

    def imports(self) -> set[str]:
        """Return the names it imports anywhere, late imports included; ``from a import b`` is also ``a.b``."""
        return set(_imported(self.path))


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _imported(path: Path) -> frozenset[str]:
    return frozenset(_imports(_parse(path)))


def _imports(tree: ast.AST) -> Iterator[str]:
    types_only = {id(inner) for node in ast.walk(tree) if _is_types_only(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in types_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _modules() -> list[Module]:
    found = []
    for path in sorted((ROOT / "harness").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append(Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


MODULES = {module.name: module for module in _modules()}
every_module = pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)


def within(name: str, packages: tuple[str, ...]) -> bool:
    """Tell whether a module is one of these, or inside one, or begins like one: ``web_live`` like ``web``."""
    return any(name == package or name.startswith((f"{package}.", f"{package}_")) for package in packages)


def ours(module: Module) -> set[str]:
    """Return the modules of ours that a module imports; not the packages it lives in."""
    return {name for name in module.imports() if name in MODULES and not module.name.startswith(f"{name}.")} - {
        module.name,
        "harness",
    }


@cache
def reached(name: str) -> Mapping[str, str]:
    """Return every module of ours that importing one needs, with the one that asked for it."""
    asked: dict[str, str] = {}
    waiting = [name]
    while waiting:
        module = waiting.pop()
        for found in sorted(ours(MODULES[module]) - asked.keys()):
            asked[found] = module
            waiting.append(found)
    return asked


def test_the_package_loads_no_heavy_library() -> None:
    code = f"import sys, json, harness, harness.faults; print(json.dumps([n for n in {HEAVY} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout) == []


@every_module
@pytest.mark.parametrize("library", MAY_IMPORT)
def test_a_heavy_library_is_imported_only_where_it_belongs(module: Module, library: str) -> None:
    roots = {name.partition(".")[0].partition("_")[0] for name in module.imports()}
    assert library not in roots or within(module.name, MAY_IMPORT[library])


@every_module
def test_only_clock_reads_the_wall_clock(module: Module) -> None:
    if module.name != "harness.clock":
        assert sorted(_wall_clock_uses(module.tree)) == []


def _wall_clock_uses(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if node.attr in WALL_CLOCK.get(owner, ()):
                yield f"line {node.lineno}: {owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"line {node.lineno}: {a.name}" for a in node.names if a.name in WALL_CLOCK["time"])


@every_module
def test_no_module_outside_faults_imports_a_concrete_fault(module: Module) -> None:
    if within(module.name, ("harness.faults",)):
        return
    classes = {f"harness.faults.{kind.__name__}" for kind in FAULTS.values()}
    files = {name for name in MODULES if name.startswith("harness.faults.")}
    named = module.imports() & classes
    inside = {name for name in module.imports() if within(name, tuple(files))}
    assert named | inside == set()


@every_module
def test_no_module_outside_faults_and_the_lab_knows_a_fault_by_its_name(module: Module) -> None:
    if within(module.name, ("harness.faults", "harness.lab")):
        return
    texts = {node.value for node in ast.walk(module.tree) if isinstance(node, ast.Constant)}
    assert texts & (FAULTS.keys() | {kind.__name__ for kind in FAULTS.values()}) == set()


@pytest.mark.parametrize("name", [name for name in MODULES if within(name, tuple(f"harness.{r}" for r in READERS))])
def test_what_reads_a_runs_files_needs_nothing_of_a_living_run(name: str) -> None:
    run_side = tuple(f"harness.{part}" for part in RUN_SIDE)
    wrong = {found: asker for found, asker in reached(name).items() if within(found, run_side)}
    assert wrong == {}


@pytest.mark.parametrize("name", PURE)
def test_a_module_in_the_middle_imports_only_what_lies_left_of_it(name: str) -> None:
    assert ours(MODULES[name]) <= PURE[name]


@pytest.mark.parametrize("name", ALONE)
def test_the_ends_of_the_arrows_are_imported_by_nobody_else(name: str) -> None:
    assert {module.name for module in MODULES.values() if name in ours(module)} <= ALONE[name]


@every_module
def test_no_arrow_runs_back(module: Module) -> None:
    own_package = (module.name,) if module.path.name == "__init__.py" else ()
    back = {
        found
        for found in ours(module)
        if not within(found, own_package) and module.name in {name for name in reached(found) if name != found}
    }
    assert back == set()


def test_this_rule_sees_every_kind_of_import_and_clock() -> None:
    lines = ("import grpc.aio", "from time import time", "from harness import clock", "dt.datetime.now()")
    tree = ast.parse("def late():\n" + "".join(f"    {line}\n" for line in lines))
    assert {"grpc.aio", "time.time", "harness.clock"} <= set(_imports(tree))
    assert len(list(_wall_clock_uses(tree))) == 2
