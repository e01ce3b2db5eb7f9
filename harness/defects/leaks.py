"""What a rejection's text must not hold."""

import re

_WINDOW = 12
_TOKEN_LIKE = re.compile(r"[\w-]{20,}")
_TELLING = (
    (
        re.compile(r"Traceback|File \"|\.py\b|line \d+|Error\b|Exception\b|0x[0-9a-f]{6,}"),
        "a piece of the server's code",
    ),
    (re.compile(r"\d{9,}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d"), "a clock"),
    (re.compile(r"-----BEGIN|eyJ[\w-]{5,}"), "a key or a token"),
)


def leak(text: str, value: str) -> str:
    """Return what a text gives away, in words, or nothing; ``value`` is the metadata that was sent."""
    pieces = (text[place : place + _WINDOW] for place in range(len(text) - _WINDOW + 1))
    tokens = " ".join(_TOKEN_LIKE.findall(value))
    if any(piece in tokens for piece in pieces):
        return "a piece of the token"
    return next((what for pattern, what in _TELLING if pattern.search(text)), "")
