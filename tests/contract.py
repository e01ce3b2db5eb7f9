"""What the contract tests of the registries ask of every entry, and say in a sentence where it is wanting."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

_FILLERS = frozenset("a an and are as at be by for from in is it its of on or that the this to what with".split())  # noqa: SIM905
LEAST_WORDS = 4


def repeated_name(name: str, documentation: str | None) -> str:
    """Return what is wrong with a docstring that does not say what its thing does, or nothing.

    Its first sentence must have `LEAST_WORDS` words that the name has not.
    """
    text = (documentation or "").strip()
    first = text.partition("\n\n")[0]
    known = {word.lower().rstrip("s") for word in re.findall(r"[A-Z]?[a-z]+", name)} | _FILLERS
    said = {word.lower() for word in re.findall(r"[A-Za-z][A-Za-z0-9]+", first)}
    if not text:
        return f"{name} has no docstring; say in a sentence what it does"
    if len({word for word in said if word.rstrip("s") not in known}) < LEAST_WORDS:
        return (
            f"{name}: its docstring repeats the name ({first!r}); say what is computed or done, of what, in which unit"
        )
    if not first.rstrip().endswith((".", ";", ",")) and "." not in first:
        return f"{name}: end the first sentence of its docstring with a full stop"
    return ""


def declared(folder: str, variable: str) -> Iterator[Any]:
    """Yield what the test files of a folder declare in a variable, each beside the tests of its own thing."""
    here = Path(__file__).parent
    for path in sorted((here / folder).rglob("test_*.py")):
        if f"\n{variable}" in path.read_text(encoding="utf-8"):
            module = import_module(".".join(("tests", *path.relative_to(here).with_suffix("").parts)))
            yield from getattr(module, variable, ())
