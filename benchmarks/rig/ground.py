"""The ground that loads run on: a target, and a token for it in a file that only we can read.

The benchmark makes it and hands its address over in one variable of the environment; the
locustfile it starts reads that. The token itself is in no variable and no argument.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from harness.lab import IssuerSettings, LabPlan, TargetSettings
from harness.lab.processes.child import Child
from harness.lab.running import Lab
from harness.tokens.sources.client_credentials import ClientCredentials

VARIABLE = "JWTSTORM_BENCH"
_TOKEN_LIFE_S = 3600.0
"""Longer than any benchmark: a token file is not renewed here."""


@dataclass(frozen=True)
class Ground:
    """Where the target listens and which file holds a token for it."""

    target: str
    token_file: Path

    @classmethod
    def here(cls) -> Self:
        """Return the ground that this process was started on."""
        data = json.loads(os.environ[VARIABLE])
        return cls(data["target"], Path(data["token_file"]))

    def environ(self) -> Mapping[str, str]:
        """Return what a process started on this ground needs in its environment."""
        return {VARIABLE: json.dumps(asdict(self), default=str)}

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Return the metadata of a call with a static token."""
        return (("authorization", f"Bearer {self.token_file.read_text(encoding='utf-8')}"),)


@contextmanager
def lab_ground(work_s: float) -> Iterator[tuple[Ground, Lab]]:
    """Start the lab's issuer and target; the target verifies each token and works for ``work_s``."""
    plan = LabPlan(IssuerSettings(lifetime_s=_TOKEN_LIFE_S), TargetSettings(work_s=work_s))
    with tempfile.TemporaryDirectory() as folder, Lab.start(plan, Path(folder)) as lab:
        yield _ground(lab, lab.addresses["target"], Path(folder)), lab


@contextmanager
def plain_ground(**settings: float | str) -> Iterator[tuple[Ground, Child]]:
    """Start the lab's issuer and a server that verifies nothing (`benchmarks.rig.server`)."""
    plan = LabPlan(IssuerSettings(lifetime_s=_TOKEN_LIFE_S), None)
    with tempfile.TemporaryDirectory() as folder, Lab.start(plan, Path(folder)) as lab:
        log = Path(folder) / "server.log"
        with Child.start("server", "benchmarks.rig.server", settings, log) as server:
            yield _ground(lab, server.ready["address"], Path(folder)), server


def _ground(lab: Lab, target: str, folder: Path) -> Ground:
    assert lab.token_url
    client = lab.clients[0]
    token = ClientCredentials(lab.token_url, client.client_id).open_with(client.secret).fetch()
    path = folder / "token"
    path.touch(mode=0o600)
    path.write_text(token, encoding="utf-8")
    return Ground(target, path)
