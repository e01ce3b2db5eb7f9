"""Placeholders: the one language in which a user's texts are filled in, ``{{name words}}``.

Each place has names of its own: a call's data, a login's request, a probe's message, a server's command line. What
they share is here: how a placeholder is written; ``{{'…'}}`` for a text that is meant as it stands, braces included;
``{{env NAME}}`` and ``{{file PATH}}`` for what must stand in no command, scenario or report. These two are read once,
when a text is compiled, and `harness.redaction.redact` hides them from then on.
"""

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.redaction import conceal

Filler = Callable[[Any], Any]
"""Makes a value from what a place knows at that moment."""

_PLACEHOLDER = re.compile(r"""\{\{\s*(?:"([^"]*)"|'([^']*)'|([^{}]*?))\s*\}\}""")
_LITERAL = "{{'{{'}}"
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Constant:
    """A value that is known when a text is compiled."""

    value: Any = field(repr=False)


@dataclass(frozen=True)
class PlaceholderKind:
    """A placeholder by its name: ``make`` gets its words, and raises TypeError or ValueError where they do not fit.

    ``whole`` says that what follows the name is one word, blanks included.
    """

    make: Callable[..., Filler | Constant]
    example: str
    whole: bool = False


@dataclass(frozen=True)
class Template:
    """A value with placeholders, compiled; ``words`` has the text of each, ``fixed`` whether it is always the same."""

    fill: Filler
    fixed: bool
    words: frozenset[str]
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """What came from the environment or from files."""

    def hiding(self, text: str) -> str:
        """Return a text, such as a library's complaint about a value, without the secrets that it may quote."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            text = text.replace(secret, "[secret]")
        return text

    def starting(self, prefix: str) -> frozenset[str]:
        """Return what follows a prefix in the placeholders that begin with it: the columns of ``row.``."""
        return frozenset(word.removeprefix(prefix) for word in self.words if word.startswith(prefix))


class Language:
    """The names that one place has; one that ends with a dot begins a name, as ``row.`` does ``row.account``."""

    def __init__(self, kinds: Mapping[str, PlaceholderKind]) -> None:
        self._kinds = {**kinds, **_EVERYWHERE}

    def compile(self, data: Any, what: str) -> Template:
        """Return the template of a JSON value, which messages call ``what``.

        Raises `UsageError` that names the place of a placeholder that cannot be.
        """
        words: set[str] = set()
        try:
            made = self._value(data, _Place(what), words)
        except RecursionError as error:
            raise UsageError(f"{what}: it is nested too deep; give fewer levels") from error
        secrets = {_secret(word) for word in words if word.split(" ")[0] in _EVERYWHERE}
        fill = partial(_filled, made)
        return Template(fill, isinstance(made, Constant), frozenset(words), frozenset(secrets))

    def _value(self, data: Any, place: "_Place", words: set[str]) -> Filler | Constant:
        if isinstance(data, str):
            return self._text(data, place, words)
        if isinstance(data, Mapping):
            keys = [self._text(str(key), place.below(str(key)), words) for key in data]
            values = [self._value(value, place.below(str(key)), words) for key, value in data.items()]
            return _mapping(keys, values)
        if isinstance(data, list | tuple):
            return _sequence([self._value(value, place.at(n), words) for n, value in enumerate(data)])
        return Constant(data)

    def _text(self, text: str, place: "_Place", words: set[str]) -> Filler | Constant:
        parts: list[Filler | Constant] = []
        end = 0
        for found in _PLACEHOLDER.finditer(text):
            parts += _plain(text[end : found.start()], place)
            double, single, named = found.groups()
            literal = double if double is not None else single
            parts.append(Constant(literal) if named is None else self._placeholder(named, place))
            words.update([] if named is None else [named])
            end = found.end()
        parts += _plain(text[end:], place)
        if len(parts) == 1:
            return parts[0]
        return _joined(parts)

    def _placeholder(self, named: str, place: "_Place") -> Filler | Constant:
        name, _, rest = named.partition(" ")
        kind, words = self._kinds.get(name), rest.split()
        if kind is None and (prefix := self._prefix(named)):
            kind, words = self._kinds[prefix], [named.removeprefix(prefix)]
        if kind is None:
            raise UsageError(f"{place}: {{{{{named}}}}} is unknown; {self._hint(name)}")
        try:
            return kind.make(rest.strip()) if kind.whole else kind.make(*words)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{place}: {{{{{named}}}}} does not fit; write {kind.example}") from error
        except UsageError as error:
            raise UsageError(f"{place}: {error}") from error

    def _prefix(self, named: str) -> str:
        return next((name for name in self._kinds if name.endswith(".") and named.startswith(name)), "")

    def _hint(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._kinds, n=1)
        if near:
            return f"did you mean {{{{{near[0]}}}}}?"
        names = ", ".join(f"{known}COLUMN" if known.endswith(".") else known for known in self._kinds)
        return f"give one of {names}; for braces that are meant as they stand, write {_LITERAL}"


@dataclass(frozen=True)
class _Place:
    """Where in a value a text stands, as messages say it."""

    what: str
    where: str = ""

    def below(self, key: str) -> "_Place":
        return _Place(self.what, f"{self.where}.{key}" if self.where else key)

    def at(self, number: int) -> "_Place":
        return _Place(self.what, f"{self.where}[{number}]")

    def __str__(self) -> str:
        return f"{self.what} at {self.where}" if self.where else self.what


def _plain(text: str, place: _Place) -> list[Filler | Constant]:
    """Return a text between placeholders; one that begins a placeholder and does not end it is a mistake."""
    if "{{" in text:
        rest = text[text.index("{{") :][:20]
        raise UsageError(f"{place}: {rest!r} begins a placeholder that does not end; for braces, write {_LITERAL}")
    return [Constant(text)] if text else []


def _joined(parts: list[Filler | Constant]) -> Filler | Constant:
    if all(isinstance(part, Constant) for part in parts):
        return Constant("".join(str(_filled(part, None)) for part in parts))
    return lambda moment: "".join(str(_filled(part, moment)) for part in parts)


def _sequence(parts: list[Filler | Constant]) -> Filler | Constant:
    if all(isinstance(part, Constant) for part in parts):
        return Constant([_filled(part, None) for part in parts])
    return lambda moment: [_filled(part, moment) for part in parts]


def _mapping(keys: list[Filler | Constant], values: list[Filler | Constant]) -> Filler | Constant:
    make = partial(_fill_mapping, list(zip(keys, values, strict=True)))
    return Constant(make(None)) if all(isinstance(part, Constant) for part in (*keys, *values)) else make


def _fill_mapping(items: list[tuple[Filler | Constant, Filler | Constant]], moment: Any) -> dict[str, Any]:
    return {str(_filled(key, moment)): _filled(value, moment) for key, value in items}


def _filled(part: Filler | Constant, moment: Any) -> Any:
    return part.value if isinstance(part, Constant) else part(moment)


def _secret(word: str) -> str:
    """Return what a placeholder took from the environment or a file."""
    name, _, rest = word.partition(" ")
    kind = _EVERYWHERE[name]
    return str(_filled(kind.make(rest.strip()), None))


def _env(name: str) -> Constant:
    if name not in os.environ:
        raise UsageError(f"the environment variable {name} is not set; set it before you start")
    conceal(os.environ[name])
    return Constant(os.environ[name])


def _file(path: str) -> Constant:
    if not path:
        raise ValueError
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"file {path} is no UTF-8 text; convert it, or name another") from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise UsageError(f"file {path}: {said}; name a file that this user may read") from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"file {path} has more than {_MOST_BYTES} bytes; name the file of one value")
    value = text.removesuffix("\n").removesuffix("\r")
    conceal(value)
    return Constant(value)


_EVERYWHERE: Mapping[str, PlaceholderKind] = {
    "env": PlaceholderKind(_env, "{{env NAME}}"),
    "file": PlaceholderKind(_file, "{{file PATH}}", whole=True),
}

SECRETS = Language({})
"""What may stand where nothing else is filled in: ``{{env NAME}}`` and ``{{file PATH}}``."""
