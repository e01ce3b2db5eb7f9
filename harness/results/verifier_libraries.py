"""Whose words: the libraries and servers that are known to say a text, from `verifier_texts.ndjson`.

It tells which layer turned a call away: a service and the proxy before it seldom use one library.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

_PLACEHOLDER: Final = re.compile(r"\\\{[a-z]+\\\}")
_LONGEST: Final = 1_000
_MANY: Final = "servers in the wild"


class _Book(NamedTuple):
    exact: dict[str, frozenset[str]]
    patterns: tuple[tuple[re.Pattern[str], str], ...]


def spoken_by(text: str) -> tuple[str, ...]:
    """Return the libraries whose words a text is, or ends with behind what its server wrote before them."""
    rest = text[:_LONGEST].strip()
    while rest:
        found = _exactly(rest)
        if found:
            return tuple(sorted(found))
        rest = rest.partition(": ")[2]
    return ()


def _exactly(text: str) -> frozenset[str]:
    book = _book()
    by_pattern = frozenset(library for pattern, library in book.patterns if pattern.fullmatch(text))
    return book.exact.get(text, frozenset()) | by_pattern


@cache
def _book() -> _Book:
    exact: dict[str, set[str]] = {}
    patterns = {}
    for line in (files("harness.results") / "verifier_texts.ndjson").read_text("utf-8").splitlines():
        said = json.loads(line)
        text, library = said["text"], said["library"]
        if library == _MANY:
            continue
        escaped = re.escape(text)
        if _PLACEHOLDER.search(escaped):
            patterns[_PLACEHOLDER.sub(r"[^,;()]{1,80}?", escaped), library] = library
        else:
            exact.setdefault(text, set()).add(library)
    return _Book(
        {text: frozenset(libraries) for text, libraries in exact.items()},
        tuple((re.compile(pattern), library) for (pattern, library) in patterns),
    )
