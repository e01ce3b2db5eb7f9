"""An embedded Toxiproxy: its HTTP API and its toxics, in Python, without its known hangs and crashes.

``python -m harness.lab.proxy`` is a child of the lab; `serve` is what ``jwtstorm proxy`` calls.
Importing this package loads no server. From the socket inwards: `connection` (two peers), `flow`
(one direction), `pipe` and `stage` (logic without I/O), `toxics` (one file each); from the API
inwards: `app`, `wire`, `proxies`, `proxy`, `dose`. docs/proxy.md lists what differs on purpose.
"""

from harness.lab.proxy.settings import ProxySettings

__all__ = ["ProxySettings", "serve"]


def serve(settings: ProxySettings) -> None:
    """Serve in the foreground until SIGINT or SIGTERM.

    Raises `harness.errors.UsageError` for a port that is taken or a configuration that is wrong.
    """
    from harness.lab.proxy.server import serve as serve_now

    serve_now(settings)
