"""A registry by definition: what the files of a folder define, by name; nobody keeps a list.

::

    CHECKS: Registry[type[Check]] = Registry("check", "harness.checks")

A file of the folder adds its entry while it is imported, by a base class or a decorator of its kind. The folder is
loaded when somebody first reads the registry, so that importing the kind costs nothing.

`Names` is how a package gives such entries to those who import from it.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, Generic, Literal, TypeVar

from harness.errors import UsageError

Entry = TypeVar("Entry")


class Registry(Mapping[str, Entry], Generic[Entry]):
    """Entries by name; ``kind`` is what one is called in sentences, ``folders`` are the packages that define them."""

    def __init__(self, kind: str, *folders: str) -> None:
        self.kind = kind
        self._folders = folders
        self._entries: dict[str, Entry] = {}
        self._state: Literal["unread", "loading", "whole"] = "unread"

    def add(self, name: str, entry: Entry) -> Entry:
        """Take an entry in; raises `ValueError` where a file of the folders took its name before."""
        if name in self._entries and self._state == "loading":
            raise ValueError(f"two {self.kind}s are called {name}; give one of them another name")
        self._entries[name] = entry
        return entry

    def find(self, name: str) -> Entry:
        """Return an entry; raises `UsageError` that names those nearest to it, or all."""
        if name in self:
            return self[name]
        near = difflib.get_close_matches(name, self, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"known are {', '.join(sorted(self))}"
        raise UsageError(f"no {self.kind} is called {name!r}; {hint}")

    def __getitem__(self, name: str) -> Entry:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Entry]:
        """Return the entries, once every file of the folders is imported; a file may read what was there before it."""
        if self._state == "unread":
            self._state = "loading"
            try:
                self._load()
            except BaseException:
                self._state = "unread"
                raise
            self._state = "whole"
        return self._entries

    def _load(self) -> None:
        for folder in self._folders:
            for module in iter_modules(import_module(folder).__path__):
                import_module(f"{folder}.{module.name}")


class Names:
    """What a package gives to those who import from it, each name loaded when it is first asked for.

    ``homes`` tells the module of each name that is there for good; ``registered`` returns the rest, out of
    registries. The package's stub, which ``make stubs`` writes, tells both to type checkers.
    """

    def __init__(self, package: str, homes: Mapping[str, str], registered: Callable[[], Mapping[str, type]]) -> None:
        self.package, self.homes, self.registered = package, homes, registered

    def get(self, name: str) -> Any:
        """Return what a name stands for, as a package's ``__getattr__`` does; raises `AttributeError`."""
        if home := self.homes.get(name):
            return getattr(import_module(home), name)
        if name == "__all__":
            return self.all()
        # A file of the package is no name of a registry, and must not load one while it is imported itself.
        if name.startswith("_") or find_spec(f"{self.package}.{name}") is not None:
            raise AttributeError(f"{self.package} has no {name!r}")
        registered = self.registered()
        if name in registered:
            return registered[name]
        near = difflib.get_close_matches(name, self.all(), n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "`jwtstorm list` tells what there is"
        raise AttributeError(f"{self.package} has no {name!r}; {hint}")

    def all(self) -> list[str]:
        """Return every name."""
        return sorted({*self.homes, *self.registered()})
