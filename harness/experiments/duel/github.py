"""GitHub: the step summary, and annotations for the log, within GitHub's limits.

A step summary over 1,024 KiB is dropped whole; ten annotations of a kind count per step, the rest
are not shown. Source: GitHub, "Workflow commands", and actions/toolkit on their escapes.
"""

from collections.abc import Mapping
from pathlib import Path

from harness.comparison.result import Duel
from harness.comparison.words import WORST_FIRST, headline
from harness.experiments.duel.markdown import markdown

SUMMARY_LIMIT = 900 * 1024
"""Bytes of one step's summary, with what other commands of the step wrote."""
MOST_ANNOTATIONS = 10
KINDS = {"worse": "error", "not comparable": "error", "too noisy to tell": "warning"}


def write_summary(duel: Duel, environ: Mapping[str, str]) -> bool:
    """Append the verdict to the step summary where GitHub wants one; tell whether there was room."""
    asked = environ.get("GITHUB_STEP_SUMMARY")
    if not asked:
        return True
    path, text = Path(asked), markdown(duel).encode()
    held = path.stat().st_size if path.exists() else 0
    if held + len(text) > SUMMARY_LIMIT:
        return False
    with path.open("ab") as file:
        file.write(text)
    return True


def annotations(duel: Duel) -> list[str]:
    """Return workflow commands, the worst first and at most ten of a kind; none where all is well."""
    if duel.word == "not comparable":
        return [_command("error", headline(duel), reason) for reason in duel.reasons[:MOST_ANNOTATIONS]]
    ordered = sorted(duel.findings, key=lambda one: WORST_FIRST.index(one.word))
    found = [(KINDS[one.word], one.sentence) for one in ordered if one.word in KINDS]
    found += [("warning", cause.sentence) for cause in duel.new_causes]
    shown: list[str] = []
    for kind in ("error", "warning"):
        shown += [_command(kind, headline(duel), text) for name, text in found if name == kind][:MOST_ANNOTATIONS]
    return shown


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
