"""JSON as people write it, read once and for all: what cannot be meant is refused by name, and nothing raises else."""

import json
from typing import Any

from harness.errors import UsageError


def json_of(what: str, text: str, way_out: str) -> Any:
    """Return the value of a JSON text; raises `UsageError` with where it is none, or names a member twice.

    The text itself is not quoted: it may hold a secret.
    """
    try:
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_members)
    except _TwiceError as error:
        raise UsageError(f"{what} has the member {str(error)!r} twice; keep one of them") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise UsageError(f"{what} is no JSON: {error.msg} ({where}); {way_out}") from error
    except RecursionError as error:
        raise UsageError(f"{what} is nested too deep; give fewer levels") from error
    except ValueError as error:  # a number of more digits than Python takes
        raise UsageError(f"{what} holds a number that is too long; {way_out}") from error


class _TwiceError(Exception):
    """A member that stands twice: which of the two is meant, nobody can tell."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return members
