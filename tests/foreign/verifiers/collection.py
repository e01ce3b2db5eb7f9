"""The collection: one line per thing that a library says, sorted, and free of what changes from run to run."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.results.row import Cause
from tests.foreign.verifiers.exam import ORDER, SITUATIONS
from tests.foreign.verifiers.judgement import SAYS, SAYS_OF

TABLE = Path(__file__).parents[3] / "harness" / "results" / "verifier_texts.ndjson"
QUOTED = Path(__file__).parent / "quoted.ndjson"
"""Texts of libraries that cannot be run here, each with the place in its public source."""
CAUSES = {situation.name: situation.cause for situation in SITUATIONS}

PLACEHOLDERS = (
    (re.compile(r"[\w-]{20,}\.[\w-]{20,}\.?[\w.-]*"), "{token}"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d| ?UTC)?"), "{time}"),
    (re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d\s[AP]M(?: [A-Z]{3})?"), "{time}"),
    (re.compile(r"(?<=127\.0\.0\.1[:/])\d{4,5}|(?<=port=)\d{4,5}"), "{port}"),
    (re.compile(r"(?<![\d.])1[789]\d{8}(?!\d)"), "{epoch}"),
    (re.compile(r"\b(?:\d+h)?(?:\d+m)?\d+\.\d+s\b|\b\d+h\d+m\d+s\b"), "{duration}"),
    (re.compile(r"\b3[56]\d{5}\b|\b3[56]\d{2}(?:\.\d+)?(?= ?(?:s|sec)\b)"), "{number}"),
    (re.compile(r"[\w-]{60,}"), "{blob}"),
    (re.compile(r"0x[0-9a-f]{6,}|(?<=@)[0-9a-f]{6,8}\b"), "{address}"),
    (re.compile(r"(?<= m=\+)\d\.\d+"), "{uptime}"),
)
"""What differs from run to run, and what stands for it."""


@dataclass(frozen=True)
class Line:
    """One line of the table; ``also`` holds other causes that a reader could take the text for.

    ``source`` is ``ran`` for what the library itself said, else where its source says so.
    """

    language: str
    library: str
    version: str
    situation: str
    cause: str
    text: str
    also: tuple[str, ...] = ()
    source: str = "ran"

    def encoded(self) -> str:
        """Return the line as the file has it."""
        fields = {name: value for name, value in asdict(self).items() if value != ()}
        return json.dumps(fields, ensure_ascii=False)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Return every cause that is right."""
        return tuple(Cause[name] for name in (self.cause, *self.also))


def line(language: str, said: dict[str, Any]) -> Line:
    """Return what a program printed as a line of the table."""
    text = steady(str(said["text"]))
    library, situation = str(said["library"]), str(said["situation"])
    causes, _ = SAYS.get(text) or SAYS_OF.get((library, situation)) or ((CAUSES[situation],), "")
    names = [cause.name for cause in causes]
    return Line(language, library, str(said["version"]), situation, names[0], text, tuple(names[1:]))


def steady(text: str) -> str:
    """Return a text with placeholders for all that changes from run to run."""
    for pattern, placeholder in PLACEHOLDERS:
        text = pattern.sub(placeholder, text)
    return text


def read(path: Path = TABLE) -> list[Line]:
    """Return the lines of a table; none where there is no file."""
    if not path.exists():
        return []
    made = [json.loads(text) for text in path.read_text("utf-8").splitlines()]
    return [Line(**{**fields, "also": tuple(fields.get("also", ()))}) for fields in made]


def write(lines: Iterable[Line], path: Path = TABLE) -> None:
    """Write a table, each thing said once per library and situation, in an order of its own."""
    once = dict.fromkeys(sorted(lines, key=_place))
    path.write_text("".join(line.encoded() + "\n" for line in once), "utf-8")


def _place(line: Line) -> tuple[str, str, int, str]:
    return line.language, line.library.lower(), ORDER.get(line.situation, len(ORDER)), line.text


def texts(lines: Iterable[Line]) -> Iterator[Line]:
    """Return one line for each different text of each library."""
    seen: set[tuple[str, str]] = set()
    for one in lines:
        if (one.library, one.text) not in seen:
            seen.add((one.library, one.text))
            yield one
