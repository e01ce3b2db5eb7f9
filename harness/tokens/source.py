"""What a token source is: somewhere that compact JWTs come from.

A scenario writes down *settings*, which are plain and hold no secret; the worker opens them, after
its fork, and that is when secrets are read from the environment or a file. `harness.tokens.sources`
has one file per source. A scenario may bring its own: any object with ``open()``.
"""

from collections.abc import Sequence
from typing import Protocol

from harness.errors import UsageError


class TokenSource(Protocol):
    """Something that gives tokens.

    A source whose tokens differ by user may also have ``for_user(name) -> TokenSource``, asked once
    per token that clients hold.
    """

    def fetch(self) -> str:
        """Return a compact JWT; raises `harness.errors.TokenError`."""


class SourceSettings(Protocol):
    """What a scenario writes down: opened in the worker, after its fork.

    It may also have ``mistakes() -> list[str]``: what is wrong with it, asked before the first call; and
    ``hosts() -> list[str]``: the machines that it calls, which `guard_source` holds to those allowed;
    ``alone() -> str``: why only one process may use it, where that is so; and ``dates_on_purpose() -> bool``:
    whether its tokens may be dead because their maker wants them so.
    """

    def open(self) -> TokenSource:
        """Return the source, ready to fetch; raises `UsageError` where a secret is missing."""


def guard_alone(settings: SourceSettings, workers: int) -> None:
    """Refuse several workers a source that only one may use; raises `UsageError`."""
    ask = getattr(settings, "alone", None)
    if workers > 1 and callable(ask) and (why := ask()):
        raise UsageError(f"{workers} workers share one source of tokens: {why}")


def refuse(mistakes: Sequence[str]) -> None:
    """Raise `UsageError` with the first mistake, where there is one."""
    if mistakes:
        raise UsageError(mistakes[0])
