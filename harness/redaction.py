"""Redaction: texts of others without the tokens that they may repeat."""

import re

_WORDS = (
    r"(?:tokens?|jwts?|type|schema|scheme|format|headers?|auth\w*|credentials?|realm|error|scope|keys?|missing|required|"
    r"invalid|expired|is|was|not|or|and|in|from|must|should|prefix|value|metadata)\b(?![._~+/-])"
)
"""What follows "bearer" where people write of tokens and show none."""
_TOKEN_LIKE = re.compile(
    r"(?<![\w-])[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)+"  # three parts or more; begins at a word, so that it is linear
    r"|eyJ[\w-]{5,}(?:\.[\w-]*)*"  # what begins as a JWT's header does, however little of it is there
    rf"|(?i:bearer\s+(?!{_WORDS})\S+)"
)


_SHORTEST = 4
_secrets: set[str] = set()


def conceal(secret: str) -> None:
    """Keep a secret of the user's out of every text that `redact` returns from now on; very short ones are none."""
    if len(secret) >= _SHORTEST:
        _secrets.add(secret)


def redact(text: str) -> str:
    """Return a server's text without a known secret or what looks like a token, in one line of 200 characters."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return _TOKEN_LIKE.sub("[token]", " ".join(text.split()))[:200]
