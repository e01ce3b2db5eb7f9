"""Claims in a file: written for the purpose, or pasted from a real token, in whichever form a decoder shows them.

What belongs to one token alone, its dates and its id, is left out: it is set anew for each token.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from harness.errors import TokenError, UsageError
from harness.foreign_files import NotTextError, read_bytes, text_of
from harness.tokens.forms import find_token
from harness.tokens.token import Token

OF_ONE_TOKEN = ("iat", "exp", "nbf", "jti")
_WAY_OUT = 'give an object of claims: {"iss": "…", "aud": "…", "sub": "…"}'
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Claims:
    """What tokens shall say; ``left_out`` names what was pasted and is set anew, ``life_s`` is its life, if told."""

    members: Mapping[str, Any] = field(default_factory=dict, repr=False)
    left_out: tuple[str, ...] = ()
    life_s: float | None = None

    @property
    def note(self) -> str:
        """Return what the user should know, once; empty where nothing was left out."""
        if not self.left_out:
            return ""
        verb = "is" if len(self.left_out) == 1 else "are"
        return f"{', '.join(self.left_out)} of the claims file {verb} set anew for each token"


def read_claims(path: Path) -> Claims:
    """Read a file of claims: an object, ``{"header": …, "payload": …}``, or a whole token; raises `UsageError`."""
    try:
        text = text_of(read_bytes(path, _MOST_BYTES))
    except OSError as error:
        _refuse(path, f"cannot be read: {error.strerror}")
    except NotTextError as error:
        _refuse(path, f"hold no text ({error})")
    return claims_of(_members(path, text))


def claims_of(members: Mapping[str, Any]) -> Claims:
    """Return the claims of any token, without what belongs to one."""
    kept = {name: value for name, value in members.items() if name not in OF_ONE_TOKEN}
    return Claims(kept, tuple(name for name in OF_ONE_TOKEN if name in members), _life_s(members))


def _members(path: Path, text: str) -> Mapping[str, Any]:
    if text.lstrip()[:1] not in ("{", "["):
        return _of_token(path, text)
    try:
        value = json.loads(text, parse_constant=lambda name: _refuse(path, f"hold {name}, which JSON does not have"))
    except RecursionError:
        _refuse(path, "are nested too deeply")
    except ValueError as error:
        _refuse(path, f"are no JSON ({error})")
    if isinstance(value, dict) and isinstance(value.get("payload"), dict):
        return dict(value["payload"])  # as jwt.io and its kin show a token
    if isinstance(value, dict) and "access_token" in value:
        return _of_token(path, text)
    if not isinstance(value, dict):
        _refuse(path, "are no object")
    return {name: inner for name, inner in value.items() if (name, inner) != ("active", True)}  # of introspection


def _of_token(path: Path, text: str) -> Mapping[str, Any]:
    try:
        return dict(Token.parse(find_token(text).token, 0.0).claims)
    except TokenError:
        _refuse(path, "are neither JSON nor a token")


def _life_s(members: Mapping[str, Any]) -> float | None:
    begin, end = (members.get(name) for name in ("iat", "exp"))
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in (begin, end)):
        return None
    try:
        life_s = float(end - begin)  # type: ignore[operator] # both are numbers
    except OverflowError:
        return None
    return life_s if 0 < life_s < float("inf") else None


def _refuse(path: Path, why: str) -> NoReturn:
    raise UsageError(f"claims {path} {why}; {_WAY_OUT}")
