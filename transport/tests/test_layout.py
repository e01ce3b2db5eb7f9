"""Who may use whom in the Rust sources: the list in `src/lib.rs`, held against every `crate::` path."""

import re
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

SRC: Final = Path(__file__).parent.parent / "src"
SOURCES: Final = {path.relative_to(SRC).as_posix(): path.read_text() for path in sorted(SRC.rglob("*.rs"))}
"""Texts by path below `src`."""

LISTED: Final = re.compile(r"^//! \d+\. \[`(\w+)`\]", re.MULTILINE)
COMMENT: Final = re.compile(r"(?:^|(?<=\s))//.*?$|/\*.*?\*/", re.MULTILINE | re.DOTALL)
INLINE_MODULE: Final = re.compile(r"^( *)mod \w+ \{$.*?^\1\}$", re.MULTILINE | re.DOTALL)
INDEX_LINE: Final = re.compile(r"(?://!.*|#\[cfg\(.+\)\]|(?:pub )?mod \w+;|)")

UsedPath = tuple[str, ...]


def module(file: str) -> UsedPath:
    """Return the path of a file's module, below `crate`."""
    parts = file.removesuffix(".rs").split("/")
    return tuple(part for part in parts if part not in {"mod", "lib"})


def is_index(file: str) -> bool:
    """Tell whether a file only names the modules beside it."""
    return Path(file).name in {"mod.rs", "lib.rs"}


def used_paths(text: str) -> Iterator[UsedPath]:
    """Yield every path below `crate` that a text names, those of a group one by one."""
    code = COMMENT.sub("", text)
    for start in re.finditer(r"\bcrate::", code):
        tokens = re.findall(r"\w+|::|\S", code[start.end() : code.find(";", start.end())])
        yield from expanded(tokens, 0, ())[0]


def expanded(tokens: Sequence[str], at: int, prefix: UsedPath) -> tuple[list[UsedPath], int]:
    """Return the paths of the use tree that begins at a token, and where it ends."""
    if tokens[at] != "{":
        path = (*prefix, tokens[at])
        goes_on = tokens[at + 1 : at + 2] == ["::"] and re.fullmatch(r"[\w{*]+", tokens[at + 2])
        return expanded(tokens, at + 2, path) if goes_on else ([path], at + 1)
    paths: list[UsedPath] = []
    at += 1
    while tokens[at] != "}":
        if tokens[at] == ",":
            at += 1
        elif tokens[at] == "as":
            at += 2
        else:
            branch, at = expanded(tokens, at, prefix)
            paths += branch
    return paths, at + 1


def used_files(file: str, sources: Mapping[str, str]) -> Iterator[tuple[UsedPath, str | None]]:
    """Yield each path that a file names, with the file that holds it: None where that is an index, or nothing."""
    files = {module(other): other for other in sources if not is_index(other)}
    for path in used_paths(sources[file]):
        prefixes = (path[:length] for length in range(len(path), 0, -1))
        yield path, next((files[prefix] for prefix in prefixes if prefix in files), None)


def faults(sources: Mapping[str, str]) -> list[str]:
    """Return what breaks the rules of the layout."""
    order = LISTED.findall(sources["lib.rs"])
    unlisted = sorted({module(file)[0] for file in sources if file != "lib.rs"} ^ set(order))
    if unlisted:
        return [f"{name}: in the list of lib.rs or in src, and not in both" for name in unlisted]
    found = [fault for file in sources for fault in faults_of(file, sources, order)]
    graph = {file: {used for _, used in used_files(file, sources) if used not in {None, file}} for file in sources}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append("a circle: " + " <- ".join(error.args[1]))
    return found


def faults_of(file: str, sources: Mapping[str, str], order: Sequence[str]) -> Iterator[str]:
    """Yield what breaks the rules in one file."""
    text = sources[file]
    if not text.startswith("//! "):
        yield f"{file}: does not say what it holds"
    if is_index(file):
        yield from (f"{file}: is an index, and holds {line!r}" for line in text.splitlines() if not is_of_index(line))
        return
    for path, used in used_files(file, sources):
        if used is None:
            yield f"{file}: uses crate::{'::'.join(path)}, which is in no file"
        elif order.index(module(used)[0]) > order.index(module(file)[0]):
            yield f"{file}: uses {used}, which lies above it"
    if "super::super::" in text or "super::" in INLINE_MODULE.sub("", COMMENT.sub("", text)):
        yield f"{file}: names another file by super::, where crate:: says which"


def is_of_index(line: str) -> bool:
    """Tell whether a line belongs into an index."""
    return INDEX_LINE.fullmatch(line) is not None


def test_each_file_uses_only_files_below_it_and_none_in_a_circle() -> None:
    assert faults(SOURCES) == []


def test_the_sources_are_read_as_they_are_written() -> None:
    used = {used for _, used in used_files("call/exchange.rs", SOURCES)}
    assert {"call/control.rs", "connection/channel.rs", "wire/status.rs"} <= used
    written = "use crate::{a::b, c::{self, d as e, f::*}};\nlet x = crate::g::h::<u8>(1); // crate::i"
    named = ["::".join(path) for path in used_paths(written)]
    assert named == ["a::b", "c::self", "c::d", "c::f::*", "g::h"]


@pytest.mark.parametrize(
    ("file", "planted", "fault"),
    [
        ("clock.rs", "use crate::wire::status::Status;", "clock.rs: uses wire/status.rs, which lies above it"),
        ("wire/status.rs", "use crate::{call::{control::Control}};", "uses call/control.rs, which lies above it"),
        ("wire/status.rs", "fn f() { crate::fleet::rows::g(); }", "uses fleet/rows.rs, which lies above it"),
        ("fleet/users.rs", "mod tests {\n    use crate::python::hub::Hub;\n}", "uses python/hub.rs, which lies above"),
        ("wire/status.rs", "use crate::wire::framing::frame;", "a circle: "),
        ("connection/address.rs", "use crate::connection::channel::State;", "a circle: "),
        ("call/outcome.rs", "use crate::call::Body;", "call/outcome.rs: uses crate::call::Body, which is in no file"),
        ("call/outcome.rs", "use super::exchange::make_call;", "call/outcome.rs: names another file by super::"),
        ("call/outcome.rs", "mod tests {\n    use super::super::exchange;\n}", "names another file by super::"),
        ("call/mod.rs", "pub use exchange::make_call;", "call/mod.rs: is an index"),
        ("tools/mod.rs", "//! Tools.", "tools: in the list of lib.rs or in src, and not in both"),
        ("lib.rs", "//! 7. [`tools`]: tools.", "tools: in the list of lib.rs or in src, and not in both"),
        ("wire/trailers.rs", "pub fn f() {}", "wire/trailers.rs: does not say what it holds"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(file: str, planted: str, fault: str) -> None:
    text = f"{SOURCES[file]}{planted}\n" if file in SOURCES else planted
    assert any(fault in found for found in faults({**SOURCES, file: text}))


@pytest.mark.parametrize(
    "planted",
    [
        "// crate::python::hub is not used here",
        "mod tests {\n    use super::*;\n}",
        "use crate::wire::status::Status as Another;",
    ],
)
def test_what_is_allowed_is_no_fault(planted: str) -> None:
    assert faults({**SOURCES, "call/outcome.rs": f"{SOURCES['call/outcome.rs']}{planted}\n"}) == []
