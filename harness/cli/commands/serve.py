"""``jwtstorm serve``: the lab on its own."""

from argparse import ArgumentParser, Namespace

from harness.cli.commands import Group, command
from harness.serving.options import declare

HELP = """\
Serve the lab's issuer (OAuth 2.0, JWKS, discovery) and a gRPC service that checks its tokens, to bring any client
to. It prints where they are, lines that get a token and call the service, and once a second what was asked and
answered. Clients that refuse to send credentials in plaintext (grpc-go, grpc-js, gRPC's Python) need --tls.

examples:
  jwtstorm serve --tls --snippet go
  jwtstorm serve --target-port 50051 --issuer-port 8080 --token-life 30
  jwtstorm serve --client 'shop={{env SHOP_SECRET}}' --client-key batch=public.pem --refresh-tokens
  jwtstorm serve --tls --timeline idp-brownout
  jwtstorm serve --zoo skips-exp --write-key lab-key.pem"""


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.description = HELP
    declare(parser)


@command("serve", Group.TARGET, add_options)
def run(options: Namespace) -> int:
    """Serve the lab's issuer and target, to bring any client to; Ctrl-C ends them."""
    from harness.results.run import reports_folder
    from harness.serving.serve import serve
    from harness.serving.settings import settings

    return serve(settings(options), reports_folder())
