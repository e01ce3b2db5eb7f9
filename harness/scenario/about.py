"""About a scenario: what its file says of itself, read without importing it."""

import ast
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

LABELS = ("Question:", "Steady state:")
"""How the paragraphs of a scenario's docstring begin."""


@dataclass(frozen=True)
class About:
    """What a scenario file says of itself in its docstring."""

    name: str
    title: str
    question: str
    steady_state: str
    source_hash: str


def about(path: Path) -> About:
    """Read a scenario file's docstring without importing it.

    The first line is the title; paragraphs ``Question:`` and ``Steady state:`` follow. Raises
    `UsageError` where the file cannot be read or is no Python.
    """
    try:
        source = path.read_text(encoding="utf-8")
        doc = ast.get_docstring(ast.parse(source)) or ""
    except OSError as error:
        raise UsageError(f"scenario {path}: {error.strerror}") from error
    except SyntaxError as error:
        raise UsageError(f"scenario {path}: line {error.lineno} is no Python: {error.msg}") from error
    except ValueError as error:  # no UTF-8, or a null byte
        raise UsageError(f"scenario {path} is no Python: {error}") from error
    lines = doc.splitlines()
    return About(
        name=path.stem.replace("_", "-"),
        title=lines[0] if lines else "",
        question=_paragraph(lines, LABELS[0]),
        steady_state=_paragraph(lines, LABELS[1]),
        source_hash=hashlib.sha256(source.encode()).hexdigest()[:16],
    )


def _paragraph(lines: Sequence[str], label: str) -> str:
    words: list[str] = []
    for line in lines:
        if words and (not line.strip() or line.startswith(LABELS)):
            break
        if line.startswith(label):
            words.append(line.removeprefix(label).strip())
        elif words:
            words.append(line.strip())
    return " ".join(words).strip()
