"""Contenders: the two builds of a duel, as they are written on the command line. Pure."""

import shlex
from dataclasses import dataclass
from typing import Literal

from harness.endpoint import address as addresses
from harness.errors import UsageError

Kind = Literal["lab", "tokens", "cmd", "venv", "git", "address"]
PORT = "{port}"

GRAMMAR = """\
BASE and NEW are each one of:
  lab                         the lab's own target, as the scenario has it
  lab:work_s=0.0055,zoo=A+B   the same with other settings, or with defects of the zoo (target or clients)
  tokens:refresh=reactive     clients with another refresh policy
  cmd:./server --port {port}  a server of yours: started before each run on a free port, ended after it, no shell;
                              instead of the program of a scenario with target=Launch(…), with all its words
  127.0.0.1:50051             a server that runs already, also unix:/path; it is never restarted
  venv:PATH                   a virtual environment with jwtstorm and your client in it: runs there
  git:REF                     a commit: checked out, built by --build-command, served by --target-command"""

WAY_OUT = "write lab:…, tokens:…, cmd:…, venv:PATH, git:REF or host:port; jwtstorm duel --help shows each"


@dataclass(frozen=True)
class Build:
    """One build: what kind it is, and its text without the kind's name."""

    asked: str
    kind: Kind
    text: str

    @property
    def restarted(self) -> bool:
        """Tell whether its target starts anew before each run."""
        return self.kind != "address"

    @property
    def slug(self) -> str:
        """Return a short name for a label: ``lab-work_s-0.0055``."""
        kept = "".join(char if char.isalnum() or char in "._" else "-" for char in self.asked.removeprefix("cmd:"))
        return "-".join(filter(None, kept.split("-")))[:40].strip("-.") or self.kind


def contender(asked: str) -> Build:
    """Return the build that a text names; raises `UsageError` that says what may be written."""
    kind, colon, text = asked.partition(":")
    if kind == "lab":
        return Build(asked, "lab", text)
    if kind in ("tokens", "venv", "git") and colon:
        if not text.strip():
            raise UsageError(f"build {asked!r} is empty after the colon; {WAY_OUT}")
        return Build(asked, kind, text.strip())  # type: ignore[arg-type]  # one of the three
    if kind == "cmd" and colon:
        return Build(asked, "cmd", _command(asked, text))
    if addresses.mistakes(asked):
        raise UsageError(f"{asked!r} is no build; {WAY_OUT}")
    return Build(asked, "address", asked)


def _command(what: str, text: str) -> str:
    """Return a command that can be started; raises `UsageError`."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{what!r}: {error}; quote the command whole") from error
    if not words:
        raise UsageError(f"{what!r} names no command; write cmd:./server --port {PORT}")
    if not any(PORT in word for word in words):
        raise UsageError(f"{what!r} has no {PORT}: say where the command takes its port, as in --port {PORT}")
    return text.strip()


def served_by(what: str, command: str, port: int) -> list[str]:
    """Return the words of a command with its port in place; ``what`` names it in errors."""
    return [word.replace(PORT, str(port)) for word in shlex.split(_command(what, command))]
