"""Redaction: texts of others without the tokens that they may repeat."""

import re

_TOKEN_LIKE = re.compile(
    r"(?<![\w-])[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)+"  # three parts or more; begins at a word, so that it is linear
    r"|eyJ[\w-]{5,}(?:\.[\w-]*)*"  # what begins as a JWT's header does, however little of it is there
    r"|(?i:bearer)\s+\S+"
)


def redact(text: str) -> str:
    """Return a server's text without anything that looks like a token, in one line of at most 200 characters."""
    return _TOKEN_LIKE.sub("[token]", " ".join(text.split()))[:200]
