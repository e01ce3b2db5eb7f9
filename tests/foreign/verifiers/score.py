"""The score: how many texts of each library the phrases read right, and how many they would without its own.

Without its own: a phrase that decides texts of one library alone is taken away when that library is judged. So
what is left was written for others, and the library's texts are new to it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from harness.results.plain_words import plain
from harness.results.row import Cause
from harness.results.verifier_texts import Rule, rules
from tests.foreign.verifiers.collection import Line, texts


@dataclass(frozen=True)
class Score:
    """One library's texts, how many are read right, and how many without the phrases that only it needs."""

    language: str
    library: str
    texts: int
    right: int
    held_out: int


def scores(lines: Iterable[Line]) -> list[Score]:
    """Return the score of each library, in the order of the table."""
    distinct = list(texts(lines))
    needed = _needed_by(distinct)
    of_library: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in distinct:
        of_library[line.language, line.library].append(line)
    return [
        Score(
            *(language, library, len(said)),
            right=sum(reads(line, rules()) for line in said),
            held_out=sum(reads(line, _others(needed, library)) for line in said),
        )
        for (language, library), said in of_library.items()
    ]


def reads(line: Line, among: Iterable[Rule]) -> bool:
    """Tell whether the first of these rules that fits says what a reader would."""
    return _cause(line.text, among) in line.causes


def _cause(text: str, among: Iterable[Rule]) -> Cause:
    words = plain(text)
    return next((rule.cause for rule in among if rule.pattern.search(words)), Cause.UNAUTHENTICATED)


def _needed_by(lines: Iterable[Line]) -> dict[str, Counter[str]]:
    """Return how many texts of each library each phrase decides."""
    needed: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        words = plain(line.text)
        decides = next((rule for rule in rules() if rule.pattern.search(words)), None)
        if decides is not None:
            needed[decides.words][line.library] += 1
    return needed


def _others(needed: dict[str, Counter[str]], library: str) -> Collection[Rule]:
    return [rule for rule in rules() if set(needed.get(rule.words, ())) - {library}]


def table(found: Iterable[Score]) -> Iterator[str]:
    """Return the scores as a table in Markdown."""
    yield "| language | library | texts | read right | without its own phrases |"
    yield "|---|---|---|---|---|"
    total = [0, 0, 0]
    for score in found:
        numbers = (score.texts, score.right, score.held_out)
        total = [sum(pair) for pair in zip(total, numbers, strict=True)]
        yield f"| {score.language} | {score.library} | {score.texts} | {score.right} | {score.held_out} |"
    said, right, held_out = total
    yield f"| all | | {said} | {right} ({right / said:.1%}) | {held_out} ({held_out / said:.1%}) |"
