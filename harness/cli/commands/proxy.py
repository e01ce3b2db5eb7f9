"""``jwtstorm proxy``: the embedded Toxiproxy."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from harness.cli.commands import Group, command


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--host", default="127.0.0.1", help="address of the HTTP API (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8474, help="port of the HTTP API (default: %(default)s)")
    parser.add_argument("--config", type=Path, default=None, help="JSON file with proxies, as for /populate")
    parser.add_argument("--seed", type=int, default=None, help="seed of the toxicity dice")
    parser.add_argument("--strict-compat", action="store_true", help="behave as Toxiproxy 2.12 does, faults included")


@command("proxy", Group.TARGET, add_options)
def run(options: Namespace) -> int:
    """Serve the embedded Toxiproxy, for any client of its HTTP API."""
    from harness.lab.proxy import ProxySettings, serve

    serve(ProxySettings(options.host, options.port, options.config, options.seed, options.strict_compat))
    return 0
