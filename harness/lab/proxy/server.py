"""The process of the proxy: data path and API on one uvloop."""

import asyncio
import contextlib
import logging
import resource
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn
import uvloop

from harness.errors import UsageError
from harness.lab.proxy import wire
from harness.lab.proxy.app import VERSION, app_of
from harness.lab.proxy.dice import Dice
from harness.lab.proxy.errors import ApiError
from harness.lab.proxy.proxies import Proxies
from harness.lab.proxy.proxy import Rules
from harness.lab.proxy.settings import ProxySettings

log = logging.getLogger("jwtstorm.proxy")


class ApiServer(uvicorn.Server):
    """uvicorn, but signals are ours: a child of the lab ignores what a person's server obeys."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def serve(settings: ProxySettings) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; raises `UsageError` for a port that is taken."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")

    def on_ready(url: str, seed: int) -> None:
        sys.stdout.write(f"proxy: Toxiproxy {VERSION} API on {url} (seed {seed}); Ctrl-C ends it\n")
        sys.stdout.flush()

    run(settings, on_ready, obey_signals=True)


def run(settings: ProxySettings, on_ready: Callable[[str, int], None], *, obey_signals: bool = False) -> None:
    """Serve until told to stop; ``on_ready`` gets the URL and the seed."""
    allow_many_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, on_ready, obey_signals=obey_signals))


async def _serve(settings: ProxySettings, on_ready: Callable[[str, int], None], *, obey_signals: bool) -> None:
    seed = secrets.randbits(48) if settings.seed is None else settings.seed
    connect_timeout_s = None if settings.strict_compat else settings.connect_timeout_s
    proxies = Proxies(Rules(Dice(seed), connect_timeout_s=connect_timeout_s, strict=settings.strict_compat))
    listener = _bind(settings)
    await _load(settings, proxies)
    server = ApiServer(_config(proxies))
    if obey_signals:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, server.handle_exit, number, None)
    on_ready(f"http://{settings.host}:{listener.getsockname()[1]}", seed)
    await server.serve(sockets=[listener])
    proxies.stop()


def _config(proxies: Proxies) -> uvicorn.Config:
    return uvicorn.Config(
        app_of(proxies),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        headers=[("server", "jwtstorm")],
        timeout_keep_alive=60,
        timeout_graceful_shutdown=2,
    )


def _bind(settings: ProxySettings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), backlog=1024)
    except OSError as error:
        raise UsageError(
            f"proxy: cannot listen on {settings.host}:{settings.port}: {error.strerror or error}; "
            "give another --host or --port, 0 for a free one"
        ) from error


async def _load(settings: ProxySettings, proxies: Proxies) -> None:
    if settings.config is None:
        return
    try:
        wanted = wire.read_proxies(wire.parse(settings.config.read_bytes()), strict=settings.strict_compat)
        _, refusal = await proxies.populate(wanted)
        if refusal is not None:
            raise refusal
    except (OSError, ApiError) as error:
        text = error.text if isinstance(error, ApiError) else error.strerror
        if not settings.strict_compat:
            raise UsageError(f"proxy: config {settings.config}: {text}") from error
        log.warning("config %s: %s", settings.config, text)


def allow_many_files() -> None:
    """Raise the limit of open files as far as the system lets us: a connection takes two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
