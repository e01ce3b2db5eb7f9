"""Serve the lab on its own, to bring any client to: an issuer, and a target with animals of the zoo in it."""

import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness import clock
from harness.errors import LabError, UsageError
from harness.lab.plan import IssuerSettings
from harness.lab.running import Lab
from harness.serving.announcement import announcement, claims_file
from harness.serving.settings import ServeSettings
from harness.serving.snippets import snippet
from harness.serving.traffic import LabTraffic

_LOOK_EVERY_S = 1.0


def serve(settings: ServeSettings) -> int:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; print the addresses, commands that use them, and what is asked.

    Raises `LabError` where a part does not start or ends by itself, `UsageError` for a file that cannot be written.
    """
    end_like_ctrl_c()
    with tempfile.TemporaryDirectory(prefix="jwtstorm-") as folder, Lab.start(settings.plan, Path(folder)) as lab:
        try:
            hand_over(lab, settings)
            _watch(lab, settings)
        except KeyboardInterrupt:
            return 0
    return 0


def end_like_ctrl_c() -> None:
    """Let SIGTERM and SIGHUP end us as Ctrl-C does: the lab's folder goes, too."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def hand_over(lab: Lab, settings: ServeSettings) -> None:
    """Write the files that were asked for, and say where everything is."""
    if settings.write_key:
        _write_key(settings.write_key, settings.key["pem"], lab)
    if settings.write_ca and lab.ca:
        _write_new("--write-ca", settings.write_ca, lab.ca.read_text(), 0o644)
    sys.stdout.write(announcement(lab, settings))
    if settings.language:
        client_id = settings.clients[0].client_id
        sys.stdout.write("\n" + snippet(settings.language, lab.addresses["target"], lab.token_url or "", client_id))
    sys.stdout.flush()


class TrafficLines:
    """Say once a second what the lab was asked and answered; ``began_s`` is on the monotonic clock."""

    def __init__(self, lab: Lab, began_s: float) -> None:
        self._lab = lab
        self._began_s = began_s
        self._issuer: Mapping[str, Any] = {}
        self._target: Mapping[str, Any] = {}
        self._told = self.look()

    def look(self) -> LabTraffic:
        """Return the counts so far; of a part that does not answer now, those that it told last."""
        self._issuer = _state(self._lab.issuer.state, self._issuer) if self._lab.issuer else {}
        self._target = _state(self._lab.target.state, self._target) if self._lab.target else {}
        return LabTraffic.of(self._issuer, self._target)

    def tell(self) -> None:
        """Print a line, if anything was asked since the last one."""
        now = self.look()
        since, self._told = now.since(self._told), now
        if line := since.line():
            sys.stdout.write(f"{clock.monotonic() - self._began_s:6.0f} s  {line}\n")
            sys.stdout.flush()


def _state(ask: Callable[[], Mapping[str, Any]], last: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return ask()
    except LabError:
        return last


def _watch(lab: Lab, settings: ServeSettings) -> None:
    lines = TrafficLines(lab, clock.monotonic())
    ending = threading.Event()
    while not ending.wait(_LOOK_EVERY_S):
        if gone := [child.name for child in lab.children if not child.alive()]:
            raise LabError(f"the {gone[0]} ended by itself; start the lab again")
        if not settings.quiet:
            lines.tell()


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
