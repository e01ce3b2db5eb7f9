"""Clients of a served lab, one file per language: shell commands to paste, which make the client and run it.

Lines that begin with ``%tls `` are for a lab that speaks TLS, those with ``%plain `` for one that does not. No snippet
holds the secret: each reads it from the variable ``CLIENT_SECRET``. `tests/e2e/test_snippets.py` runs them as they are.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.lab import proto

BEGIN = "# --- a client in {language}: paste it into a shell that has CLIENT_SECRET"
END = "# --- its end"
_FOLDER = Path(__file__).parent
_TLS, _PLAIN = "%tls ", "%plain "


@dataclass(frozen=True)
class SnippetFacts:
    """What a client must know of the lab; ``ca`` is None in plaintext."""

    target: str
    token_url: str
    client_id: str
    ca: Path | None = None


def snippet(language: str, facts: SnippetFacts) -> str:
    """Return a client in one of `harness.serving.options.LANGUAGES`."""
    text = (_FOLDER / f"{language}.sh").read_text(encoding="utf-8")
    chosen = "".join(_chosen(text, tls=facts.ca is not None))
    values = {
        "target": facts.target,
        "token_url": facts.token_url,
        "client_id": facts.client_id,
        "ca": str(facts.ca or ""),
        "protos": str(Path(proto.__file__).parent),
        "python": sys.executable,
    }
    for name, value in values.items():
        chosen = chosen.replace(f"@{name}@", value)
    return f"{BEGIN.format(language=language)}\n{chosen}{END}\n"


def _chosen(text: str, *, tls: bool) -> Iterator[str]:
    kept, dropped = (_TLS, _PLAIN) if tls else (_PLAIN, _TLS)
    for line in text.splitlines(keepends=True):
        if not line.startswith(dropped):
            yield line.removeprefix(kept)
