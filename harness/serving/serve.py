"""Serve the lab on its own, to try a client against: an issuer, and a target with animals of the zoo in it."""

import json
import os
import shlex
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from harness.errors import LabError, UsageError
from harness.lab import zoo as animals
from harness.lab.issuer.keys import IssuerKey
from harness.lab.plan import IssuerSettings, LabPlan, TargetSettings
from harness.lab.running import Lab
from harness.serving.snippets import snippet

_LOOK_EVERY_S = 1.0


def serve(
    zoo: Sequence[str] = (),
    algorithm: str = "ES256",
    lifetime_s: float = 300.0,
    write_key: Path | None = None,
    language: str = "",
) -> int:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; print the addresses, and commands that fetch a token and probe the target.

    ``write_key`` is a file to write the issuer's private key to, for this user alone, with the claims of its
    tokens beside it; ``language`` is one of `harness.serving.snippets`, to print a client in.

    Raises `UsageError` for a name that is no server of the zoo, `LabError` where a part
    does not start or ends by itself.
    """
    if strange := animals.mistakes(zoo):
        raise UsageError(strange[0])
    if write_key and write_key.exists():
        raise UsageError(f"--write-key {write_key}: there is such a file; name one that is not there yet")
    key = _key(algorithm) if write_key else None
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)  # as Ctrl-C does: the lab's folder goes, too
    plan = LabPlan(
        issuer=IssuerSettings(algorithm=algorithm, lifetime_s=lifetime_s),
        target=TargetSettings(zoo=tuple(zoo)),
        issuer_key=key,
    )
    with tempfile.TemporaryDirectory(prefix="jwtstorm-") as folder, Lab.start(plan, Path(folder)) as lab:
        if write_key and key:
            _write(write_key, key["pem"], lab)
        try:
            sys.stdout.write(announcement(lab, zoo, write_key, key["kid"] if key else ""))
            if language:
                client = snippet(language, lab.addresses["target"], lab.token_url or "", lab.clients[0].client_id)
                sys.stdout.write(f"\n{client}")
            sys.stdout.flush()
            _watch(lab)
        except KeyboardInterrupt:
            return 0
    return 0


def claims_file(key_file: Path) -> Path:
    """Return where the claims lie that go with a written key."""
    return key_file.with_name(f"{key_file.name}.claims.json")


def announcement(lab: Lab, zoo: Sequence[str], key_file: Path | None = None, kid: str = "") -> str:
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
        f"call     grpcurl -plaintext -expand-headers -H 'authorization: Bearer ${{TOKEN}}' "
        f'-d \'{{"account": "1"}}\' '
        f"{lab.addresses['target']} jwtstorm.lab.v1.Ledger/GetBalance\n"
        f"probe    {_probe_line(lab, key_file, kid)}\n"
        "Ctrl-C ends it.\n"
    )


def _probe_line(lab: Lab, key_file: Path | None, kid: str) -> str:
    """Return a command that probes the target: with the issuer's key all of it, else what a good token lets ask."""
    public = "--public grpc.health.v1.Health"
    if key_file is None:
        client = lab.clients[0]
        token = f"--token-url {lab.token_url} --client-id {client.client_id}"
        return f"CLIENT_SECRET={client.secret} jwtstorm probe {lab.addresses['target']} {token} {public}"
    key, claims = shlex.quote(str(key_file)), shlex.quote(str(claims_file(key_file)))
    return f"jwtstorm probe {lab.addresses['target']} --signing-key {key} --kid {kid} --claims {claims} {public}"


def _key(algorithm: str) -> dict[str, str]:
    if algorithm == "HS256":
        raise UsageError("--write-key writes the private key of a pair; HS256 has none, so give another --algorithm")
    key = IssuerKey.generate(algorithm, serial=1)
    return {"kid": key.kid, "pem": key.pem()}


def _write(key_file: Path, pem: str, lab: Lab) -> None:
    """Write the key, readable by this user alone from its first byte on; a file that is there stays as it is."""
    settings = lab.plan.issuer or IssuerSettings()
    claims = {
        "iss": lab.issuer_url, "aud": settings.audience, "sub": settings.client_ids[0],
        "client_id": settings.client_ids[0], "scope": settings.scope,
    }  # fmt: skip
    try:
        with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(pem)
        claims_file(key_file).write_text(json.dumps(claims, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--write-key {key_file}: {error.strerror}; name a file that is not there yet") from error


def _watch(lab: Lab) -> None:
    ending = threading.Event()
    while not ending.wait(_LOOK_EVERY_S):
        gone = [child.name for child in lab.children if not child.alive()]
        if gone:
            raise LabError(f"the {gone[0]} ended by itself; start the lab again")
