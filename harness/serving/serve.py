"""Serve the lab on its own, to bring any client to: an issuer, and a target with animals of the zoo in it."""

import json
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import clock
from harness.conductor.environment import Environment
from harness.errors import UsageError
from harness.files import new_folder
from harness.lab.plan import IssuerSettings
from harness.lab.running import Lab
from harness.serving.announcement import announcement, claims_file
from harness.serving.session import Session
from harness.serving.settings import ServeSettings
from harness.serving.snippets import SnippetFacts, snippet

FOLDER = "served"
"""Under the reports: the journals of timelines that were carried out on a served lab."""
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(settings: ServeSettings, reports: Path) -> int:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; print the addresses, commands that use them, and what is asked.

    A timeline's faults are journaled in a folder under ``reports`` and taken back at the end; return 3 where one could
    not be. Raises `LabError` where a part does not start or ends by itself, `UsageError` for a file that cannot be
    written.
    """
    for number in _ENDINGS:
        signal.signal(number, signal.default_int_handler)  # as Ctrl-C does: faults are undone, the lab's folder goes
    with _folder(settings, reports) as folder:
        steps = settings.timeline.steps if settings.timeline else ()
        environment, over = Environment(settings.plan, steps, folder), threading.Event()
        session = Session(settings, environment, over)
        try:
            environment.set_up(over)
            hand_over(environment.lab, settings)
            if settings.timeline:
                _log_to_stdout()
                sys.stdout.write(f"journal  {folder} (after a kill -9: jwtstorm recover {folder})\n")
            session.watch()
        except KeyboardInterrupt:
            pass
        finally:
            for number in _ENDINGS:
                signal.signal(number, signal.SIG_IGN)  # once is enough: an undo must not be cut short
            problems = session.end()
    for problem in problems:
        sys.stderr.write(f"{problem.text}\n")
    return 3 if problems else 0


@contextmanager
def _folder(settings: ServeSettings, reports: Path) -> Iterator[Path]:
    """Yield the session's folder: one that stays where there is a timeline, for its journal."""
    if settings.timeline is None:
        with tempfile.TemporaryDirectory(prefix="jwtstorm-") as folder:
            yield Path(folder)
        return
    parent = reports / FOLDER / settings.timeline.name
    try:
        path = new_folder(parent, clock.utc_now().strftime("%Y%m%dT%H%M%SZ"))
    except OSError as error:
        text = f"cannot make {parent}: {error.strerror}"
        raise UsageError(f"{text}; set REPORTS to a folder that can be written") from error
    yield path


def _log_to_stdout() -> None:
    """Let the faults that begin and end be told among the lines of the traffic."""
    logger = logging.getLogger("jwtstorm")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def hand_over(lab: Lab, settings: ServeSettings) -> None:
    """Write the files that were asked for, and say where everything is."""
    if settings.write_key:
        _write_key(settings.write_key, settings.key["pem"], lab)
    if settings.write_ca and lab.ca:
        _write_new("--write-ca", settings.write_ca, lab.ca.read_text(), 0o644)
    sys.stdout.write(announcement(lab, settings))
    if settings.language:
        facts = SnippetFacts(lab.addresses["target"], lab.token_url or "", settings.clients[0].client_id, lab.ca)
        sys.stdout.write(f"\n{snippet(settings.language, facts)}")
    sys.stdout.flush()


def _write_key(key_file: Path, pem: str, lab: Lab) -> None:
    """Write the key, readable by this user alone, and its claims; a file that is there stays as it is."""
    settings = lab.plan.issuer or IssuerSettings()
    client_id = settings.client_ids[0]
    claims = {
        "iss": lab.issuer_url, "aud": settings.audience, "sub": client_id, "client_id": client_id,
        "scope": settings.scope, **settings.claims,
    }  # fmt: skip
    _write_new("--write-key", key_file, pem, 0o600)
    _write_new("--write-key", claims_file(key_file), json.dumps(claims, indent=1) + "\n", 0o644)


def _write_new(option: str, path: Path, text: str, mode: int) -> None:
    """Write a file that is not there yet, with its mode from its first byte on; raises `UsageError`."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror}; name a file that is not there yet") from error
