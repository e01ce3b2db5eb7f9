"""What was found: a token, or which of several."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn, Self

from harness.errors import TokenError

_OTHER, _ID, _REFRESH = 3, 4, 5
_RANKS = {
    "idtoken": _ID, "refreshtoken": _REFRESH,
    "accesstoken": 0, "authorization": 1, "bearertoken": 1, "authtoken": 1, "token": 2, "jwt": 2, "bearer": 2,
}  # fmt: skip
"""How a name ends, the longer before what it ends with itself, and how likely its token is the one that is meant."""
_MOST_NAMES = 5
_NAME = re.compile(r"[\w.\[\]-]{1,60}", re.ASCII)


@dataclass(frozen=True)
class Found:
    """A token, and how it lay there: one note for each thing that a plainer reader would stumble on.

    ``name`` is the member or variable that held it; empty where it stood alone.
    """

    token: str = field(repr=False)
    notes: tuple[str, ...] = ()
    name: str = ""

    def noted(self, *notes: str) -> Self:
        """Return it with further notes before its own; empty ones are left out."""
        return replace(self, notes=(*filter(None, notes), *self.notes))


def refuse(text: str, cause: str = "MALFORMED") -> NoReturn:
    """Raise `TokenError`: there is no token, for this reason."""
    raise TokenError(text, cause)


def the_one(candidates: Sequence[Found]) -> Found:
    """Return the token that is meant: an access token before others; raises `TokenError` where two are as likely."""
    best = min(_rank(one.name) for one in candidates)
    likely = [one for one in candidates if _rank(one.name) == best]
    if (count := len({one.token for one in likely})) > 1:
        refuse(f"it holds {count} tokens{_at(likely)}; keep the one that is meant")
    if best == _REFRESH:
        refuse("it holds a refresh token and no access token; give it to RefreshToken, or ask for an access token")
    note = "it is an ID token, which is for the client that logged in: an API wants the access token"
    return likely[0].noted(note if best == _ID else "")


def _rank(name: str) -> int:
    last = re.sub(r"[^a-z]", "", re.split(r"[.\]]", name.lower())[-1])
    return next((rank for known, rank in _RANKS.items() if last.endswith(known)), _OTHER)


def _at(likely: Sequence[Found]) -> str:
    names = list(dict.fromkeys(one.name for one in likely if _NAME.fullmatch(one.name)))
    return f" ({', '.join(names[:_MOST_NAMES])})" if names else ""
