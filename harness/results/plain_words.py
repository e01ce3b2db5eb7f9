"""Plain words: a foreign text laid out for matching, and phrases that are matched on it. Pure.

`plain` takes away what only gets in the way of reading: case, quotes, camel case, contractions, addresses and
blobs. A phrase is a row of words: ``<name>`` stands for a word of the vocabulary, ``.`` for at most one word,
``..`` for at most three, ``...`` for at most eight. So that no phrase can be slow, all gaps are bounded.
"""

import re
from collections.abc import Mapping
from typing import Final

LONGEST: Final = 2_000
"""Characters of a text that are read: a verifier comes to the point, and a handler may append all it has."""

_REWRITTEN: Final = (
    (re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^\s\"'<>|]{1,500}", re.IGNORECASE), " url "),
    (re.compile(r"\{[^{}]{0,1000}\}"), " blob "),
    (re.compile(r"\{[^{}]{0,1000}\}|[\w-]{40,}(?:\.[\w-]*){0,4}"), " blob "),
    (re.compile(r"['\"(]<['\")]|<!?(?:doctype|html)[^>]{0,200}>?", re.IGNORECASE), " html "),
    (re.compile(r"\b(JW[KST])s\b"), r"\1S"),
    (re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"), " "),
    (re.compile(r"can(?:['\u2019]t|not)\b", re.IGNORECASE), "can not"),
    (re.compile(r"n['\u2019]t\b", re.IGNORECASE), " not"),
)
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
_SHORT: Final = (
    (" json web key set", " jwks"),
    (" jwk set", " jwks"),
    (" json web key", " jwk"),
    (" json web token", " jwt"),
    (" json web signature", " jws"),
)


def plain(text: str) -> str:
    """Return a text's words in lower case, with one space before, between and after them."""
    text = text[:LONGEST]
    for pattern, other in _REWRITTEN:
        text = pattern.sub(other, text)
    words = _NO_WORD.sub(" ", f" {text.lower()} ")
    for long, short in _SHORT:
        words = words.replace(long, short)
    return words


_GAPS: Final = {".": 1, "..": 3, "...": 8}
_NAME: Final = re.compile(r"<([a-z-]+)>")


def phrase(words: str, vocabulary: Mapping[str, str]) -> re.Pattern[str]:
    """Return the pattern of a phrase, to be searched in `plain` words.

    A value of the vocabulary is alternatives with ``|`` between, each of one or more words.
    """
    return re.compile("".join(_part(word, vocabulary) for word in words.split()) + "(?= )")


def _part(word: str, vocabulary: Mapping[str, str]) -> str:
    if word in _GAPS:
        return rf"(?: \S+){{0,{_GAPS[word]}}}?"
    meaning = _NAME.sub(lambda name: f"(?:{vocabulary[name.group(1)]})", word)
    return f" (?:{meaning})"
