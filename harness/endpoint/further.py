"""Further metadata: what a user's calls carry beside their token, such as ``x-tenant-id``.

Values take the placeholders of data. A key that ends in ``-bin`` carries bytes, and its value is written as base64
(standard or URL-safe, padded or not, as grpcurl takes it). Values may be secrets: no file, log or message holds one.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from harness.endpoint.metadata import BINARY, Metadata, foreign, key_mistakes
from harness.endpoint.rows import Row
from harness.endpoint.template import ROW, Moment, compile_template
from harness.errors import UsageError
from harness.placeholders import Template

Given = Mapping[str, str] | Sequence[tuple[str, str]]
"""Keys and values as a scenario writes them; pairs where a key comes more than once."""

_URL_SAFE = str.maketrans("-_", "+/")


def pairs_of(given: Given) -> list[tuple[str, str]]:
    """Return pairs, with keys in lower case, as HTTP/2 sends them."""
    pairs = given.items() if isinstance(given, Mapping) else given
    return [(key.lower() if isinstance(key, str) else key, value) for key, value in pairs]


def mistakes(what: str, given: Any, *, rows: bool = False) -> list[str]:
    """Return what is wrong with further metadata, one sentence each; ``rows`` says that there may be rows to read."""
    try:
        pairs = pairs_of(given)
    except (TypeError, ValueError, AttributeError):
        return [f'{what}: metadata is no mapping of keys to texts; write {{"x-tenant-id": "acme"}}']
    found = []
    for key, value in pairs:
        if wrong := key_mistakes(f"{what}: metadata key", key):
            found += wrong
        elif not isinstance(value, str):
            found.append(f"{what}: metadata {key} is a {type(value).__name__}; write a text")
    return found or _unreadable(what, pairs, rows=rows)


def written(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a command line's ``--metadata KEY=VALUE``; raises `UsageError`."""
    pairs = []
    for text in texts:
        key, mark, value = text.partition("=")
        if not mark:
            raise UsageError(f"--metadata {key[:40]!r} has no value; write KEY=VALUE, as in x-tenant-id=acme")
        pairs.append((key.strip(), value))
    return tuple(pairs)


def clashes(what: str, given: Given, token_key: str) -> list[str]:
    """Return what is wrong with further metadata beside a token that travels under ``token_key``."""
    if mistakes(what, given) or token_key not in dict(pairs_of(given)):
        return []
    return [f"{what}: metadata key {token_key!r} is where the token travels; drop it, or give the token another key"]


def _unreadable(what: str, pairs: Sequence[tuple[str, str]], *, rows: bool) -> list[str]:
    found = []
    for key, value in pairs:
        try:
            if not (rows and compile_template(value, f"metadata {key}").starting(ROW)):
                Further([(key, value)])
        except UsageError as error:
            found.append(f"{what}: {error}")
    return found


def of_rows(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return those pairs of a command line that read rows, which calls have and the target itself has not."""
    return tuple((key, value) for key, value in pairs if compile_template(value, f"metadata {key}").starting(ROW))


def shown(given: Given) -> dict[str, str]:
    """Return what ``run.json`` says: keys, and a hash of what they were written as."""
    written: dict[str, str] = {}
    for key, value in pairs_of(given):
        written[key] = hashlib.sha256(f"{written.get(key, '')}{value}".encode()).hexdigest()[:16]
    return written


def merged(base: Metadata, own: Metadata) -> Metadata:
    """Return both, a call's own in the place of the target's of the same key."""
    if not own or not base:
        return own or base
    keys = {key for key, _ in own}
    return (*(pair for pair in base if pair[0] not in keys), *own)


class Further:
    """Further metadata, compiled: `at` makes that of one call.

    Raises `UsageError` for a value that cannot be made, or sent, with any of ``rows``.
    """

    def __init__(self, given: Given = (), seed: int = 1, rows: Sequence[Row] = ()) -> None:
        self._seed = seed
        self._rows = rows
        self._entries = [(key, compile_template(value, f"metadata {key}")) for key, value in pairs_of(given)]
        columns = {column for _, template in self._entries for column in template.starting(ROW)}
        self._check(columns)

    @cached_property
    def fixed(self) -> bool:
        """Whether all calls carry the same."""
        return all(template.fixed for _, template in self._entries)

    def at(self, call_id: int) -> Metadata:
        """Return the metadata of a call by its number; one outside the plan is number 0."""
        return self._ready if self.fixed else self._made(max(call_id, 0))

    @cached_property
    def _ready(self) -> Metadata:
        return self._made(0)

    def _made(self, call_id: int) -> Metadata:
        row = self._rows[call_id % len(self._rows)] if self._rows else None
        moment = Moment(call_id, self._seed, row, "metadata")
        return tuple(_entry(key, _text(template, moment)) for key, template in self._entries)

    def _check(self, columns: set[str]) -> None:
        if columns and not self._rows:
            column = min(columns)
            raise UsageError(f"metadata reads {{{{{ROW}{column}}}}}, and there are no rows; give --rows FILE (rows=)")
        for number, row in enumerate(self._rows if columns else (), start=1):
            if missing := sorted(columns - row.keys()):
                raise UsageError(f"row {number} has no column {missing[0]!r}; it has {', '.join(map(str, row))}")
        for call_id in range(max(len(self._rows), 1) if columns else 1):
            self._made(call_id)


def _text(template: Template, moment: Moment) -> str:
    return str(template.fill(moment))


def _entry(key: str, text: str) -> tuple[str, str | bytes]:
    """Return a pair as it is sent; a value that cannot be is named by its key, and not quoted."""
    if not key.endswith(BINARY):
        if where := foreign(text):
            raise UsageError(f"metadata {key} holds {where}; gRPC sends printable ASCII, other bytes under a -bin key")
        return key, text
    try:
        plain = text.translate(_URL_SAFE).rstrip("=")
        return key, base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"metadata {key} is no base64, which a {BINARY} key takes; encode its bytes") from error
