"""``jwtstorm tap``: the gateway before a service of the user's own."""

from argparse import ArgumentParser, Namespace

from harness.cli.commands import Group, command
from harness.tap.options import declare

HELP = """\
Stand between a client and a gRPC service and tell of each call that goes by: method, status, time, and which token it
bore, by a number and the life it had left. For each call that was turned away: what the token says, its dates and the
clocks, whether its issuer publishes its key, how it differs from a token that was let in, the likely cause, and what to
change. A token that is sent again after it was refused is called out.

Nothing is changed on the way, and no token is printed or written. Point the client at the address that it prints. Where
the client wants TLS, --listen-tls makes an authority for the session.

examples:
  jwtstorm tap 127.0.0.1:50051
  jwtstorm tap 127.0.0.1:50051 --listen 127.0.0.1:6000 --listen-tls --issuer-url https://127.0.0.1:8443
  jwtstorm tap shop.test:443 --tls --allow-target shop.test --rejected"""


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.description = HELP
    declare(parser)


@command("tap", Group.TARGET, add_options)
def run(options: Namespace) -> int:
    """Show each call between a client and a service, and why a token is turned away."""
    from harness.tap.tap import TapSettings, tap

    return tap(TapSettings.of(options))
