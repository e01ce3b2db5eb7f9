"""What a served lab says of itself when it is there: where it is, and lines that get a token, call it and probe it."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from harness.lab import zoo as animals
from harness.lab.running import Lab
from harness.serving.clients import ServedClient
from harness.serving.settings import ServeSettings


def claims_file(key_file: Path) -> Path:
    """Return where the claims lie that go with a written key."""
    return key_file.with_name(f"{key_file.name}.claims.json")


def announcement(lab: Lab, settings: ServeSettings) -> str:
    """Return what is served and how to get a token.

    A secret of the lab's own making dies with it; curl reads secrets from its stdin, not from its arguments.
    """
    return "".join(f"{line}\n" for line in _lines(lab, settings))


def _lines(lab: Lab, settings: ServeSettings) -> Iterator[str]:
    tls = lab.ca is not None
    yield f"target   {lab.addresses['target']} (gRPC, {'TLS' if tls else 'insecure'}; jwtstorm.lab.v1.Ledger)"
    yield f"issuer   {lab.issuer_url} (keys at /jwks.json, discovery at /.well-known/openid-configuration)"
    if tls:
        yield f"ca       {lab.ca} (made for this session; its key was never written)"
    yield f"wrong    {'on purpose:' if settings.zoo else 'nothing: the target is right'}"
    yield from (f"  {name}: {animals.find(name).text}" for name in settings.zoo)
    for client in settings.clients:
        if client.credential.keys:
            yield f"client   {client.client_id} signs assertions (private_key_jwt) for {lab.issuer_url}"
        if client.shown:
            yield f"token    {_curl(lab, client)}"
    yield f"call     {_grpcurl(lab)}"
    if probe := _probe(lab, settings):
        yield f"probe    {probe}"
    yield "Ctrl-C ends it."


def _curl(lab: Lab, client: ServedClient) -> str:
    trusted = f" --cacert {shlex.quote(str(lab.ca))}" if lab.ca else ""
    ask = f"curl -s -K -{trusted} -d grant_type=client_credentials {lab.token_url}"
    if client.shown == client.credential.secret:
        return f"echo 'user = \"{client.client_id}:{client.shown}\"' | {ask}"
    return f'echo "user = \\"{client.client_id}:{client.shown}\\"" | {ask}'


def _grpcurl(lab: Lab) -> str:
    how = f"-cacert {shlex.quote(str(lab.ca))}" if lab.ca else "-plaintext"
    return (
        f"grpcurl {how} -expand-headers -H 'authorization: Bearer ${{TOKEN}}' -d '{{\"account\": \"1\"}}' "
        f"{lab.addresses['target']} jwtstorm.lab.v1.Ledger/GetBalance"
    )


def _probe(lab: Lab, settings: ServeSettings) -> str:
    """Return a command that probes the target: with the issuer's key all of it, else what a good token lets ask."""
    trusted = f" --ca {shlex.quote(str(lab.ca))}" if lab.ca else ""
    public = "--public grpc.health.v1.Health"
    address = f"jwtstorm probe {lab.addresses['target']}{trusted}"
    if settings.write_key is not None:
        key, claims = shlex.quote(str(settings.write_key)), shlex.quote(str(claims_file(settings.write_key)))
        return f"{address} --signing-key {key} --kid {settings.key['kid']} --claims {claims} {public}"
    client = next((one for one in settings.clients if one.shown), None)
    if client is None:
        return ""
    roots = f"SSL_CERT_FILE={shlex.quote(str(lab.ca))} " if lab.ca else ""
    secret = client.shown if client.shown == client.credential.secret else f'"{client.shown}"'
    return (
        f"{roots}CLIENT_SECRET={secret} {address} --token-url {lab.token_url} --client-id {client.client_id} {public}"
    )
