"""Challenge: what a ``www-authenticate`` field says of a refused token. Pure.

Sources: RFC 9110, section 11.6.1; RFC 6750, section 3.
"""

import re
from dataclasses import dataclass
from typing import Final

KEY: Final = "www-authenticate"
LONGEST: Final = 4_096

_PARAMETER: Final = re.compile(
    r'([!#$%&\'*+.^_`|~0-9A-Za-z-]{1,64})[ \t]{0,8}=[ \t]{0,8}(?:"((?:[^"\\]|\\.){0,2000})"|([^\s,"]{1,500}))'
)
_ESCAPED: Final = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Challenge:
    """What a server asks for, and what it says was wrong.

    ``error`` is one of RFC 6750's codes. It is empty where the server names none: by the standard the call carried
    no token, but many servers never name one.
    """

    error: str = ""
    description: str = ""


def parse(text: str) -> Challenge | None:
    """Return the challenge of the Bearer scheme, or None where there is none."""
    text = text[:LONGEST]
    at = re.search(r"(?:^|[\s,])bearer(?=[\s,]|$)", text, re.IGNORECASE)
    if at is None:
        return None
    values = {
        name.lower(): _ESCAPED.sub(r"\1", quoted) or bare for name, quoted, bare in _PARAMETER.findall(text[at.end() :])
    }
    return Challenge(values.get("error", ""), values.get("error_description", ""))
