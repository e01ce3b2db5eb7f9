"""Build names: what titles and legends call the two builds of a duel, short and never alike. Pure."""

import shlex
from pathlib import PurePath

NAME_LETTERS = 36
"""A name is cut to so many letters."""


def build_names(base: str, new: str) -> tuple[str, str]:
    """Return short names of two builds as they were asked for.

    A command is named by its program, and by the words in which the two differ where the programs
    are alike. Two builds that are asked for alike have one name.
    """
    short = _short(base), _short(new)
    if base != new and short[0] == short[1]:
        short = _with_difference(base, new), _with_difference(new, base)
    if base != new and _cut(short[0]) == _cut(short[1]):
        return _cut(f"base {short[0]}"), _cut(f"new {short[1]}")
    return _cut(short[0]), _cut(short[1])


def _short(asked: str) -> str:
    """Return a command's program; any other build as it is written."""
    return PurePath(_words(asked)[0]).name if asked.startswith("cmd:") else asked


def _with_difference(asked: str, other: str) -> str:
    """Return the program with the words that the other build has not; with its path where that is all."""
    (program, *words), others = _words(asked), _words(other)
    own = [word for word in words if word not in others[1:]]
    if own:
        return " ".join([PurePath(program).name, *own])
    return program if program != others[0] else PurePath(program).name


def _words(asked: str) -> list[str]:
    try:
        return shlex.split(asked.removeprefix("cmd:")) or [asked]
    except ValueError:  # an old ledger's text, which is shown as it is
        return [asked]


def _cut(name: str) -> str:
    return name if len(name) <= NAME_LETTERS else name[: NAME_LETTERS - 1] + "…"
