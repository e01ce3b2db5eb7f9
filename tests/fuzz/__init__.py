"""Fuzzing: every reader of foreign bytes, fed with what nobody would write on purpose.

A reader joins by a file in `tests.fuzz.readers` that decorates a function with `reader`. It may answer, or refuse with
one of its ``refusals`` in a sentence that has a way out; it may not raise anything else, nor think for long, nor quote
what it read where that may be a secret. ``python -m tests.fuzz`` (``make fuzz``) feeds 100,000 inputs; the suite a
small share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from hypothesis.strategies import SearchStrategy

from harness.errors import HarnessError

__all__ = ["READERS", "Reader", "load", "reader"]


@dataclass(frozen=True)
class Reader:
    """One reader: what it is fed, and what it may answer.

    ``secret`` says that no message may repeat what was read; ``unworded`` that its refusals are not for people.
    """

    name: str
    inputs: SearchStrategy[Any]
    read: Callable[[Any], object]
    refusals: tuple[type[Exception], ...] = (HarnessError,)
    secret: bool = False
    unworded: bool = False


READERS: dict[str, Reader] = {}


def reader(name: str, inputs: SearchStrategy[Any], **settings: Any) -> Callable[[Callable[[Any], object]], None]:
    """Register a function that reads one input."""

    def register(read: Callable[[Any], object]) -> None:
        assert name not in READERS, f"two readers are called {name}"
        READERS[name] = Reader(name, inputs, read, **settings)

    return register


def load() -> dict[str, Reader]:
    """Return all readers by name."""
    for module in iter_modules([f"{folder}/readers" for folder in __path__]):
        import_module(f"{__name__}.readers.{module.name}")
    return READERS
