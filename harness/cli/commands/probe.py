"""``jwtstorm probe``: what a verifier does."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from harness.cli.commands import Group, command
from harness.results.run import reports_folder
from harness.tokens import issuer_options

HELP = """\
Ask a gRPC service what its verifier really does: why does it say UNAUTHENTICATED, and what would it let in?

A probe makes REAL CALLS. A call without valid credentials does nothing on a server that checks them, but a
method that nobody guards carries it out, with an empty message or with what --data gives: try it on a test
system first, and keep methods that must never run out of it with --skip.

Without a token only coverage can be asked; a token (--token-file, --token-url) adds what can be made of good
ones; a signing key (--signing-key, with --claims) adds everything else. Secrets come from files or from the
environment (CLIENT_SECRET), never from arguments.

examples:
  jwtstorm probe 127.0.0.1:50051 --token-file token.jwt --method shop.v1.Cart/Get
  jwtstorm probe 127.0.0.1:50051 --signing-key key.pem --kid k1 --claims claims.json --public grpc.health.v1.Health
  jwtstorm probe 127.0.0.1:2379 --proto rpc.proto --metadata-key token --scheme '' --token-file token.jwt
  jwtstorm probe 127.0.0.1:50051 --explain-token - < token.jwt"""

EXIT_CODES = """\
exit codes: 0 nothing wrong was let in; 1 a false accept, a crash code (UNKNOWN, INTERNAL) or a naked method;
2 usage; 3 the probe proves nothing or is not whole (good calls fail, the target died, time was over), with
what was found written; 130 interrupted, with what was found written"""

_REFUSAL = "how it turns callers away, a status by name or number (default: learned from no token and from spoilt ones)"
_BESIDE = "beside the token; {{env NAME}} or {{file PATH}} for a secret, base64 for a -bin key"


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.description = HELP
    parser.add_argument("addresses", nargs="*", metavar="ADDRESS", help="host:port, [::1]:port or unix:/path; replicas")
    parser.add_argument(
        "--allow-target", action="append", default=[], metavar="HOST", help="a target or issuer beyond loopback"
    )
    _endpoint(parser.add_argument_group("how to reach it"))
    _methods(parser.add_argument_group("what it serves (else its reflection is asked)"))
    _tokens(parser.add_argument_group("good tokens"))
    _questions(parser.add_argument_group("what to ask"))
    output = parser.add_argument_group("output")
    output.add_argument("--out", type=Path, help="folder of the files (default: reports/probe/ADDRESS/TIME)")
    output.add_argument("--all", action="store_true", help="list what was right, too")


def _endpoint(group: Any) -> None:
    group.add_argument("--tls", action="store_true", help="speak TLS; any option below does, too")
    group.add_argument("--ca", type=Path, metavar="PEM", help="roots to trust (default: the system's)")
    group.add_argument("--cert", type=Path, metavar="PEM", help="the client's certificate, for mutual TLS")
    group.add_argument("--key", type=Path, metavar="PEM", help="the certificate's key")
    group.add_argument("--server-name", default="", metavar="NAME", help="the name that its certificate bears")
    group.add_argument("--authority", default="", metavar="NAME", help="the :authority to send")
    group.add_argument("--metadata", action="append", default=[], metavar="KEY=VALUE", help=_BESIDE)
    group.add_argument("--proxy", default="", metavar="URL", help="an HTTP proxy to it and to --token-url")


def _methods(group: Any) -> None:
    group.add_argument("--proto", type=Path, action="append", default=[], metavar="FILE", help="compile it; repeatable")
    group.add_argument("--include", type=Path, action="append", default=[], metavar="FOLDER", help="where imports lie")
    group.add_argument("--descriptor-set", type=Path, metavar="FILE", help="what protoc --descriptor_set_out wrote")
    group.add_argument("--stubs", default="", metavar="MODULE", help="generated Python stubs, by module name")


def _tokens(group: Any) -> None:
    group.add_argument("--token-file", type=Path, metavar="FILE", help="a file with a good token, read anew")
    issuer_options.declare(group.add_argument)
    group.add_argument("--signing-key", type=Path, metavar="FILE", help="PEM, JWK or shared secret that it trusts")
    group.add_argument("--kid", default="", help="the key's id")
    group.add_argument("--algorithm", default="", help="what to sign with (default: what fits the key)")
    group.add_argument("--claims", type=Path, metavar="FILE", help="JSON object of a good token's claims")
    group.add_argument("--metadata-key", default="authorization", metavar="KEY", help="(default: %(default)s)")
    group.add_argument("--scheme", default="Bearer", help="word before the token; '' for none (default: %(default)s)")


def _questions(group: Any) -> None:
    group.add_argument("--only", default="", metavar="PARTS", help="some of the parts, comma-separated")
    group.add_argument(
        "--method",
        "--call",
        default="",
        metavar="METHOD",
        help="method that succeeds with a good token (default: the first that reads, and does)",
    )
    group.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="METHOD=JSON",
        help="message to send; $NONCE is new each time. A bidi method with one is opened with a good token, too",
    )
    group.add_argument(
        "--proof", default="", metavar="METHOD=JSON", help="call that ends OK where the side effect of $NONCE happened"
    )
    group.add_argument("--public", action="append", default=[], metavar="NAME", help="service or method that is open")
    group.add_argument("--skip", action="append", default=[], metavar="NAME", help="service or method to leave alone")
    group.add_argument(
        "--row", action="append", default=[], metavar="ID", help="ask this row of the catalogue, even if dangerous"
    )
    group.add_argument("--leeway", type=float, metavar="S", help="the leeway that the verifier says it forgives")
    group.add_argument("--declare", action="append", default=[], metavar="POLICY", help="what it does on purpose")
    group.add_argument("--refusal", action="append", default=[], metavar="CODE[=TEXT]", help=_REFUSAL)
    group.add_argument("--since", type=Path, metavar="FOLDER", help="an earlier probe: tells the clock's drift since")
    group.add_argument("--per-s", type=float, default=100.0, help="most calls a second of coverage (default: 100)")
    group.add_argument("--within", type=float, default=300.0, metavar="S", help="end after so long (default: 300)")
    group.add_argument("--explain-token", default="", metavar="FILE", help="say why this token fails; - reads stdin")


def ending() -> str:
    """Return the parts of a probe, and what its exit codes mean."""
    from harness.probe.parts import in_order

    parts = "".join(f"  {' and '.join(part.headings):<19}{part.text}\n" for part in in_order())
    return f"parts, in the order in which they are asked; --only names some of them:\n{parts}\n{EXIT_CODES}"


@command("probe", Group.TARGET, add_options, ending=ending)
def run(options: Namespace) -> int:
    """Ask a target what its verifier really does, and what it would let in."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what bad calls make grpc's core say is no news
    from harness.probe.command import run_probe

    return run_probe(options, reports_folder())
