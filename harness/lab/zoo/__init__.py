"""The zoo: servers and clients that are wrong on purpose, one file each, switched on by name.

A file of ``servers`` changes a target's `harness.lab.target.assembly.Assembly`, one of ``clients``
`harness.tokens.client_parts.ClientParts`. It holds ``FINDS``, the rows of the catalogue that must
find it and no others, a function ``change``, and, where needed, ``ALGORITHM``, or ``UNSEEN``: why nobody
can find it from outside. The file's name, with dashes, is the animal's.

Importing this loads no animal, and no grpc.
"""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.errors import UsageError

_FOLDERS = ("servers", "clients")


@dataclass(frozen=True)
class Animal:
    """A defect that can be switched on."""

    name: str
    kind: str
    """``servers`` or ``clients``."""
    text: str
    finds: frozenset[str]
    change: Callable[[Any], Any]
    algorithm: str = "ES256"
    unseen: str = ""

    def release(self, parts: Any) -> Any:
        """Put the animal into a target's assembly, or return a client's parts with it in them."""
        return self.change(parts)


def names(kind: str = "") -> list[str]:
    """Return the names of all animals, or those of a kind."""
    return sorted(_files(_FOLDERS if not kind else (kind,)))


def find(name: str) -> Animal:
    """Return an animal; raises `UsageError` that names the nearest ones."""
    files = _files(_FOLDERS)
    if name not in files:
        raise UsageError(_unknown(name, files))
    return _load(name, files[name])


def release(animals: Iterable[str], parts: Any) -> None:
    """Put animals into a target's assembly; raises `UsageError` for a name that is none."""
    for name in animals:
        find(name).release(parts)


def mistakes(zoo: Iterable[str], kind: str = "servers") -> list[str]:
    """Return a sentence for each name that is no animal of that kind."""
    files = _files((kind,))
    return [_unknown(name, files) for name in zoo if name not in files]


def _unknown(name: str, files: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(files), n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else "python -m harness.proof.mutation lists them"
    return f"no animal of the zoo is called {name!r}; {hint}"


def _files(folders: Iterable[str]) -> dict[str, str]:
    here = Path(__file__).parent
    return {
        path.stem.replace("_", "-"): folder
        for folder in folders
        for path in (here / folder).glob("*.py")
        if path.stem != "__init__"
    }


def _load(name: str, kind: str) -> Animal:
    module = import_module(f"{__name__}.{kind}.{name.replace('-', '_')}")
    return Animal(
        name,
        kind,
        " ".join((module.__doc__ or "").split()),
        frozenset(module.FINDS),
        module.change,
        getattr(module, "ALGORITHM", "ES256"),
        getattr(module, "UNSEEN", ""),
    )
