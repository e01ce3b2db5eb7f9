"""Run the issuer as a child of the lab."""

import asyncio
from collections.abc import Mapping
from typing import Any

import uvloop

from harness.errors import HarnessError
from harness.lab.clocks.chaos_clock import ChaosClock
from harness.lab.control.server import control_app
from harness.lab.issuer.chaos import IssuerChaos
from harness.lab.issuer.clients import ClientBook, RegisteredClient
from harness.lab.issuer.key_ring import KeyRing
from harness.lab.issuer.keys import IssuerKey
from harness.lab.issuer.mint import Mint
from harness.lab.issuer.refresh_tokens import RefreshTokens
from harness.lab.issuer.service import IssuerService
from harness.lab.listener import Listener, https
from harness.lab.processes.child import report_error, report_ready, settle_in
from harness.lab.processes.launch import PORT


def signing_key(settings: Mapping[str, Any]) -> IssuerKey:
    """Return the first key that the settings ask for."""
    if settings["algorithm"] == "HS256":
        return IssuerKey.shared(**settings["shared_key"])
    if settings.get("given_key"):
        return IssuerKey.given(settings["algorithm"], **settings["given_key"])
    return IssuerKey.generate(settings["algorithm"], serial=1)


async def serve(settings: Mapping[str, Any]) -> None:
    """Serve until the process ends."""
    clock = ChaosClock()
    mint = Mint("", settings["audience"], settings["lifetime_s"], clock, KeyRing(signing_key(settings)))
    mint.extra = settings["claims"]
    clients = [RegisteredClient.from_json(client) for client in settings["clients"]]
    book = ClientBook(clients, clock, lambda: (mint.issuer, f"{mint.issuer}/token"))
    refresh_tokens = RefreshTokens() if settings["refresh_tokens"] else None
    service = IssuerService(mint, book, settings["scope"], settings["fetch_failure_ratio"], refresh_tokens)
    tls = settings["tls"]
    context = https(tls["certificate"], tls["key"]) if tls else None
    public = Listener(service.app(), settings["port"], settings["host"], context)
    mint.issuer = settings["public_url"].replace(PORT, str(public.port))
    chaos = IssuerChaos(service, public, clock)
    control = Listener(control_app(settings["control_secret"], chaos.commands()))
    await public.open()
    await control.open()
    report_ready(url=mint.issuer, port=public.port, control_url=control.url)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        uvloop.run(serve(settle_in()))
    except HarnessError as error:
        report_error(str(error))
