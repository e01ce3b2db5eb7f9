"""Who may import whom: one ordered list of folders, read off the source of every module."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path

from harness.faults import FAULTS

ROOT = Path(__file__).parent.parent

FLOORS = (
    (
        "errors",
        "registry",
        "clock",
        "validation",
        "formatting",
        "redaction",
        "placeholders",
        "files",
        "records",
        "foreign_files",
        "subprocesses",
        "junit",
    ),
    ("results", "endpoint"),
    ("tokens", "checks", "comparison", "transport", "preflight"),
    ("defects", "analysis"),
    ("faults", "lab", "report"),
    ("calls", "scenario"),
    ("protocol", "experiments", "probe", "tap"),
    ("conductor", "serving", "worker", "proof"),
    ("locust_adapter", "cli"),
    ("users",),
)
"""The house from the ground up, as ``docs/architecture.md`` draws it: a room imports only from those before it."""

MAY_IMPORT = {
    "locust": ("harness.users", "harness.locust_adapter"),
    "grpc": (
        "harness.users",
        "harness.calls.channel",
        "harness.defects.caller",
        "harness.defects.raw_caller",
        "harness.endpoint",
        "harness.lab",
        "harness.preflight",
        "harness.probe",
        "harness.proof",
        "harness.tokens.sources.login_call",
        "harness.transport",
    ),
}
"""Modules that may import a library, each with all that lies in it."""

WALL_CLOCK = {
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime", "clock_gettime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
"""What reads the machine's wall clock, by the name it is asked of."""


@dataclass(frozen=True)
class Module:
    """One source file."""

    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        """Return its syntax tree."""
        return _parse(self.path)

    def imports(self) -> frozenset[str]:
        """Return the names it imports anywhere, late or for types alone; ``from a import b`` is also ``a.b``."""
        return frozenset(_imports(self.tree))


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules() -> Iterator[Module]:
    for path in sorted((ROOT / "harness").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path)


MODULES = {module.name: module for module in _modules()}


def arrows(names: Iterable[str], imports: Callable[[str], Iterable[str]]) -> Mapping[str, set[str]]:
    """Return which modules import which, of those named; an import of a name in a module counts for the module."""
    known = set(names)

    def module_of(target: str) -> str | None:
        while target and target not in known:
            target = target.rpartition(".")[0]
        return target or None

    return {name: {found for target in imports(name) if (found := module_of(target))} - {name} for name in known}


@cache
def house() -> Mapping[str, set[str]]:
    """Return the arrows of all modules; what a package's own module imports from within only puts it together."""
    found = arrows(MODULES, lambda name: _most_exact(MODULES[name].imports()))
    return {name: {to for to in targets if not to.startswith(f"{name}.")} for name, targets in found.items()}


def _most_exact(imports: frozenset[str]) -> set[str]:
    """Leave out a package of which only modules are imported: ``from harness import clock`` needs the clock."""
    named = {name for name in imports if name in MODULES}
    packages = {name for name in named if any(other.startswith(f"{name}.") for other in named)}
    used = {name.rpartition(".")[0] for name in imports - named}
    return named - (packages - used) | {name for name in imports if name not in MODULES}


def room(module: str) -> str:
    """Return the file or folder directly under ``harness/`` in which a module lies."""
    return module.split(".")[1] if "." in module else ""


def upward(found: Mapping[str, set[str]], floors: Iterable[Iterable[str]] = FLOORS) -> list[str]:
    """Return the imports that do not lead to a room before one's own, and those of rooms that no floor names."""
    order = [name for floor in floors for name in floor]
    wrong = []
    for module, targets in sorted(found.items()):
        here = room(module)
        for target in sorted(targets):
            there = room(target)
            if not here or not there or here == there:
                continue
            if here not in order or there not in order or order.index(there) > order.index(here):
                wrong.append(f"{module} imports {target}")
    return wrong


def circles(found: Mapping[str, set[str]]) -> list[str]:
    """Return a circle among the files and folders of each folder; a ``__main__`` puts things together."""
    levels: dict[str, dict[str, set[str]]] = {}
    for module, targets in found.items():
        for target in targets:
            if module.endswith(".__main__") or target.startswith(f"{module}.") or module.startswith(f"{target}."):
                continue
            here, there = module.split("."), target.split(".")
            depth = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(here, there, strict=False)))
            level = levels.setdefault(".".join(here[:depth]), {})
            level.setdefault(here[depth], set()).add(there[depth])
    return [f"{folder}: {circle}" for folder, level in sorted(levels.items()) if (circle := _circle(level))]


def _circle(level: Mapping[str, set[str]]) -> str:
    try:
        TopologicalSorter(level).prepare()
    except CycleError as error:
        return " -> ".join(error.args[1])
    return ""


def within(name: str, packages: Iterable[str]) -> bool:
    """Tell whether a module is one of these, or inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_every_room_has_its_floor_and_imports_only_from_those_below() -> None:
    rooms = {room(name) for name in MODULES} - {""}
    assert sorted(rooms - {name for floor in FLOORS for name in floor}) == []
    assert upward(house()) == []


def test_no_files_or_folders_import_each_other_in_a_circle() -> None:
    assert circles(house()) == []


def test_a_planted_upward_import_is_found() -> None:
    planted = arrows(("harness.results.row", "harness.report"), lambda _: ["harness.report"])
    assert upward(planted) == ["harness.results.row imports harness.report"]


def test_a_planted_room_without_a_floor_is_found() -> None:
    planted = {"harness.attic.box": {"harness.errors"}}
    assert upward(planted) == ["harness.attic.box imports harness.errors"]


def test_a_planted_circle_is_found_at_any_depth() -> None:
    planted = {
        "harness.lab.proxy.dose": {"harness.lab.target.gate"},
        "harness.lab.target.pace": {"harness.lab.proxy.flow"},
        "harness.lab.target.gate": set[str](),
    }
    (circle,) = circles(planted)
    assert circle.startswith("harness.lab: ")
    assert circle.count("proxy") + circle.count("target") == 3


def test_few_files_lie_at_the_top() -> None:
    assert len(list((ROOT / "harness").glob("*.py"))) <= 14


def test_importing_the_package_loads_no_heavy_library() -> None:
    heavy = ("gevent", "grpc", "locust", "matplotlib", "pandas", "scipy")
    code = f"import sys, json, harness, harness.faults; print(json.dumps([n for n in {heavy} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout) == []


def test_a_heavy_library_is_imported_only_where_it_belongs() -> None:
    wrong = [
        f"{name} imports {library}"
        for library, places in MAY_IMPORT.items()
        for name, module in MODULES.items()
        if library in {target.partition(".")[0].partition("_")[0] for target in module.imports()}
        and not within(name, places)
    ]
    assert wrong == []


def test_only_the_clock_reads_the_wall_clock() -> None:
    wrong = [
        f"{name}: {use}"
        for name, module in MODULES.items()
        if name != "harness.clock"
        for use in _wall_clock_uses(module.tree)
    ]
    assert wrong == []


def _wall_clock_uses(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if node.attr in WALL_CLOCK.get(owner, ()):
                yield f"line {node.lineno}: {owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"line {node.lineno}: {a.name}" for a in node.names if a.name in WALL_CLOCK["time"])


def test_no_module_outside_faults_imports_a_concrete_fault() -> None:
    classes = {f"harness.faults.{kind.__name__}" for kind in FAULTS.values()}
    files = {kind.__module__ for kind in FAULTS.values()}
    wrong = [
        f"{name} imports {target}"
        for name, module in MODULES.items()
        if not within(name, ("harness.faults",))
        for target in module.imports()
        if target in classes or within(target, files)
    ]
    assert wrong == []


def test_no_module_outside_faults_lab_and_proof_knows_a_fault_by_its_name() -> None:
    names = FAULTS.keys() | {kind.__name__ for kind in FAULTS.values()}
    wrong = [
        f"{name}: {node.value}"
        for name, module in MODULES.items()
        if not within(name, ("harness.faults", "harness.lab", "harness.proof"))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert wrong == []


def test_the_public_face_is_imported_by_nobody_in_the_house() -> None:
    assert [name for name, targets in house().items() if "harness.users" in targets] == []
    plugin = {name for name, targets in house().items() if "harness.locust_adapter.plugin" in targets}
    assert plugin == {"harness.users"}


def test_every_kind_of_import_and_clock_is_seen() -> None:
    lines = ("import grpc.aio", "from time import time", "from harness import clock", "dt.datetime.now()")
    tree = ast.parse("def late():\n" + "".join(f"    {line}\n" for line in lines))
    assert {"grpc.aio", "time.time", "harness.clock"} <= set(_imports(tree))
    assert len(list(_wall_clock_uses(tree))) == 2


SHARED_NAMES = dict.fromkeys(
    ("Bandwidth", "Latency", "LimitData", "ResetPeer", "Slicer", "SlowClose"),
    "a fault and the toxic that it puts on a link share the field's word",
)
"""Class names that stand twice, each with its reason."""


def test_public_class_names_exist_once() -> None:
    places: dict[str, list[str]] = {}
    for name, module in MODULES.items():
        if within(name, ("harness.lab.proto", "harness.lab.zoo.servers", "harness.lab.zoo.clients")):
            continue  # generated; or mutants, each a small file of its own
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(name)
    twice = {name: where for name, where in places.items() if len(where) > 1 and name not in SHARED_NAMES}
    assert twice == {}
