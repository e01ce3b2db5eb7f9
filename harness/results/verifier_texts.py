"""Verifiers' texts: what the words of a rejection say of the token, and by how much it was late or early.

The phrases are written for the kind and not for the line: a text is laid out as plain words, and the first phrase
of `verifier_phrases.txt` that fits decides. What they are judged on is `verifier_texts.ndjson`, which holds what
real libraries say, made by the libraries themselves or quoted from their source.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from harness.results.amounts import amount_s
from harness.results.plain_words import LONGEST, phrase, plain
from harness.results.row import Cause

_VARYING: Final = re.compile(r"\d+[.:]\d[\d.:]*|\d{4,}")
"""Numbers that no phrase asks for: the short ones may be an HTTP status."""
_DATED: Final = {Cause.EXPIRED, Cause.NOT_YET_VALID}


@dataclass(frozen=True)
class Rejection:
    """What a text says: the cause, and by how many seconds the token came too late or too early, where it tells."""

    cause: Cause
    amount_s: float | None = None


@dataclass(frozen=True)
class Rule:
    """One line of the phrases: its words as they are written, the pattern that they mean, and who needs it.

    ``source`` is empty where texts of the table do.
    """

    cause: Cause
    words: str
    pattern: re.Pattern[str]
    source: str = ""


@lru_cache(maxsize=4096)
def read_text(text: str) -> Rejection | None:
    """Return what a verifier's text says, or None where it says nothing of the token or its keys."""
    rule = deciding(text)
    if rule is None:
        return None
    return Rejection(rule.cause, amount_s(text[:LONGEST]) if rule.cause in _DATED else None)


def deciding(text: str) -> Rule | None:
    """Return the rule that decides a text, if there is one.

    Texts that differ in their times, durations and addresses alone are decided once: in a storm of failures each has
    its own.
    """
    return _deciding(unvarying(text))


def unvarying(text: str) -> str:
    """Return what is read of a text, with one number for all that differ from failure to failure."""
    return _VARYING.sub("0", text[:LONGEST])


@lru_cache(maxsize=4096)
def _deciding(text: str) -> Rule | None:
    words = plain(text)
    return next((rule for rule in rules() if rule.pattern.search(words)), None)


@cache
def rules() -> tuple[Rule, ...]:
    """Return the phrases in their order, from the specific to the general."""
    vocabulary: dict[str, str] = {}
    found = []
    for line in (files("harness.results") / "verifier_phrases.txt").read_text("utf-8").splitlines():
        written, _, source = line.partition("  # ")
        first, _, rest = written.partition(" ")
        if first.startswith("<"):
            vocabulary[first.strip("<>")] = rest.strip()
        elif rest and not first.startswith("#"):
            found.append(Rule(Cause[first], rest.strip(), phrase(rest, vocabulary), source))
    return tuple(found)
