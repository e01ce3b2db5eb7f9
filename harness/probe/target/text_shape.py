"""The shape of a text: what two texts of one kind have in common, whatever names and numbers stand in them. Pure."""

import re

from harness.results.plain_words import plain

_LONGEST_WORD = 20
_QUOTED = re.compile(r"\"[^\"]{0,500}\"|“[^”]{0,500}”|`[^`]{0,500}`|'[^' ]{0,500}'")
_VARIES = "#"


def text_shape(text: str) -> str:
    """Return a text's words without what differs from call to call: what is quoted, numbers, ids, long blobs."""
    words = plain(_QUOTED.sub(" 0 ", text)).split()
    return " ".join(_VARIES if _varies(word) else word for word in words)


def _varies(word: str) -> bool:
    return len(word) >= _LONGEST_WORD or any(character.isdigit() for character in word)
