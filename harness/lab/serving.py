"""Serve the lab on its own, to try a client against: an issuer, and a target with animals of the zoo in it."""

import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from harness.errors import LabError, UsageError
from harness.lab import zoo as animals
from harness.lab.plan import IssuerSettings, LabPlan, TargetSettings
from harness.lab.running import Lab

_LOOK_EVERY_S = 1.0


def serve(zoo: Sequence[str] = (), algorithm: str = "ES256", lifetime_s: float = 300.0) -> int:
    """Serve until Ctrl-C; print the addresses, and a command that fetches a token.

    Raises `UsageError` for a name that is no server of the zoo, `LabError` where a part does not start
    or ends by itself.
    """
    if strange := animals.mistakes(zoo):
        raise UsageError(strange[0])
    plan = LabPlan(
        issuer=IssuerSettings(algorithm=algorithm, lifetime_s=lifetime_s), target=TargetSettings(zoo=tuple(zoo))
    )
    with tempfile.TemporaryDirectory(prefix="jwtstorm-") as folder, Lab.start(plan, Path(folder)) as lab:
        sys.stdout.write(announcement(lab, zoo))
        sys.stdout.flush()
        try:
            _watch(lab)
        except KeyboardInterrupt:
            return 0
    return 0


def announcement(lab: Lab, zoo: Sequence[str]) -> str:
    """Return what is served and how to get a token.

    The secret is random and dies with the lab; curl reads it from its stdin, not from its arguments.
    """
    client = lab.clients[0]
    credentials = f'user = "{client.client_id}:{client.secret}"'
    wrong = "".join(f"\n  {name}: {animals.find(name).text}" for name in zoo)
    return (
        f"target   {lab.addresses['target']} (gRPC, insecure; jwtstorm.lab.v1.Ledger)\n"
        f"issuer   {lab.issuer_url} (keys at /jwks.json)\n"
        f"wrong    {'nothing: the target is right' if not zoo else 'on purpose:'}{wrong}\n"
        f"token    echo '{credentials}' | curl -s -K - -d grant_type=client_credentials {lab.token_url}\n"
        "Ctrl-C ends it.\n"
    )


def _watch(lab: Lab) -> None:
    ending = threading.Event()
    while not ending.wait(_LOOK_EVERY_S):
        gone = [child.name for child in lab.children if not child.alive()]
        if gone:
            raise LabError(f"the {gone[0]} ended by itself; start the lab again")
