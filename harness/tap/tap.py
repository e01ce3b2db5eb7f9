"""The tap's process: a gateway before a service, and a line for each call that goes through it."""

import asyncio
import contextlib
import logging
import secrets
import signal
import sys
import tempfile
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from harness.clock import wall
from harness.endpoint import Endpoint
from harness.endpoint.address import host_of
from harness.endpoint.safety import guard_endpoint
from harness.errors import UsageError
from harness.formatting import number
from harness.lab.gateway.board import FaultBoard
from harness.lab.gateway.call import RelayedCall
from harness.lab.gateway.gateway import Gateway
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.settings import ClientTls, GatewaySettings, ServerTls, Upstream
from harness.lab.gateway.tunnel import Tunnel
from harness.lab.place import LabCertificates, LabPlace
from harness.lab.proxy.server import allow_many_files
from harness.tap.account import TokenAccount
from harness.tap.keys import IssuerKeys
from harness.tap.seen import SeenCall

_MOST_WAITING = 1000
"""Calls that wait for their line; those above are counted and not told."""
_DRAIN_S = 1.0


@dataclass(frozen=True)
class TapSettings:
    """What a tap stands before, and where; ``listen_tls`` asks for an authority made for this session."""

    upstream: Upstream
    listen: str = "127.0.0.1:0"
    tls: ServerTls | None = None
    listen_tls: bool = False
    client_ca: Path | None = None
    issuer_url: str = ""
    metadata_key: str = "authorization"
    only_rejected: bool = False

    @classmethod
    def of(cls, options: Namespace) -> "TapSettings":
        """Return what the options say; raises `UsageError`."""
        endpoint = Endpoint(tuple(options.addresses))
        if wrong := endpoint.mistakes():
            raise UsageError(wrong[0])
        guard_endpoint(endpoint, frozenset(options.allow_target))
        return cls(
            Upstream(endpoint.addresses, _upstream_tls(options)),
            options.listen,
            _clients_tls(options),
            options.listen_tls,
            options.client_ca,
            options.issuer_url.rstrip("/"),
            options.metadata_key.lower(),
            options.rejected,
        )


def _upstream_tls(options: Namespace) -> ClientTls | None:
    if (options.cert is None) != (options.key is None):
        raise UsageError("--cert and --key belong together: give both, for mutual TLS, or neither")
    if not (options.tls or options.ca or options.cert or options.server_name):
        return None
    return ClientTls(options.ca, options.cert, options.key, options.server_name)


def _clients_tls(options: Namespace) -> ServerTls | None:
    if (options.listen_cert is None) != (options.listen_key is None):
        raise UsageError("--listen-cert and --listen-key belong together: give both, or --listen-tls")
    if options.client_ca and not (options.listen_tls or options.listen_cert):
        raise UsageError("--client-ca asks clients for a certificate, which TLS alone can: add --listen-tls")
    return ServerTls(options.listen_cert, options.listen_key, options.client_ca) if options.listen_cert else None


@dataclass
class TapWatch:
    """Keep account of one connection's calls: each that is over is handed on."""

    tunnel: Tunnel
    token_key: bytes
    hand_on: Callable[[SeenCall], None]

    def begin(self, stream_id: int, now_ns: int, request: Fields) -> RelayedCall:
        """Return the record of a call that begins."""
        return RelayedCall(stream_id, now_ns, request)

    def end(self, call: RelayedCall) -> None:
        """Hand on what was seen of a call that is over."""
        self.hand_on(SeenCall.of(call, self.token_key))


@dataclass
class Teller:
    """Print the lines of calls, in a thread: looking keys up may wait for the issuer, and no call waits for that."""

    account: TokenAccount
    untold: int = 0
    _at_a_time: threading.Lock = field(default_factory=threading.Lock)
    _waiting: asyncio.Queue[SeenCall] = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING))

    def take(self, call: SeenCall) -> None:
        """Take a call to tell of; one too many is counted."""
        try:
            self._waiting.put_nowait(call)
        except asyncio.QueueFull:
            self.untold += 1

    async def run(self) -> None:
        """Tell of calls until cancelled."""
        while True:
            calls = [await self._waiting.get()]
            while not self._waiting.empty():
                calls.append(self._waiting.get_nowait())
            await asyncio.to_thread(self._tell, calls)

    def finish(self) -> None:
        """Tell of what still waits."""
        calls = []
        while not self._waiting.empty():
            calls.append(self._waiting.get_nowait())
        self._tell(calls)

    def _tell(self, calls: list[SeenCall]) -> None:
        with self._at_a_time:  # at the end, a batch may still be under way in its thread
            sys.stdout.writelines(f"{line}\n" for call in calls for line in self.account.tell(call))
            if self.untold:
                missed, self.untold = self.untold, 0
                sys.stdout.write(f"({number(missed)} more calls came faster than they could be told)\n")
            sys.stdout.flush()


def tap(settings: TapSettings) -> int:
    """Stand before a service until Ctrl-C or SIGTERM; raises `HarnessError` where that cannot be."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    with _certificates(settings) as (tls, ca):
        uvloop.run(_serve(settings, tls, ca))
    return 0


@contextmanager
def _certificates(settings: TapSettings) -> Iterator[tuple[ServerTls | None, Path | None]]:
    """Yield what clients are met with, and the authority that was made for it, if one was."""
    if not settings.listen_tls or settings.tls:
        yield settings.tls, None
        return
    names = LabPlace(host_of(settings.listen)).names
    with tempfile.TemporaryDirectory(prefix="jwtstorm-tls-") as folder:
        made = LabCertificates.make(Path(folder), names)
        yield ServerTls(made.certificate, made.key, settings.client_ca), made.ca


async def _serve(settings: TapSettings, tls: ServerTls | None, ca: Path | None) -> None:
    allow_many_files()
    account = TokenAccount(
        wall, IssuerKeys(settings.issuer_url) if settings.issuer_url else None, settings.only_rejected
    )
    teller = Teller(account)
    key = settings.metadata_key.encode()
    gateway = Gateway(
        GatewaySettings(settings.upstream, secrets.token_hex(16)),
        FaultBoard(0),
        lambda tunnel: TapWatch(tunnel, key, teller.take),
    )
    address = await gateway.open(0, settings.listen, tls)
    sys.stdout.write(_announcement(settings, address, tls, ca))
    sys.stdout.flush()
    ending = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(one, ending.set)
    telling = asyncio.create_task(teller.run())
    await ending.wait()
    await gateway.drain(_DRAIN_S)
    telling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await telling
    teller.finish()


def _announcement(settings: TapSettings, address: str, tls: ServerTls | None, ca: Path | None) -> str:
    how = "TLS" if tls else "plaintext"
    there = "TLS" if settings.upstream.tls else "plaintext"
    lines = [
        f"tap      {address} ({how}): point your client here",
        f"service  {', '.join(settings.upstream.addresses)} ({there})",
    ]
    if ca:
        lines.append(f"ca       {ca} (made for this session; its key was never written)")
    if settings.issuer_url:
        lines.append(f"keys     as {settings.issuer_url} publishes them")
    else:
        lines.append(
            "keys     not looked up: give --issuer-url, and each rejected token is held against its issuer's keys"
        )
    return "\n".join([*lines, "Ctrl-C ends it.", ""])
