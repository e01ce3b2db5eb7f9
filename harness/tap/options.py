"""The options of ``jwtstorm tap``. Light: all commands declare theirs for ``jwtstorm --help``."""

from argparse import ArgumentParser
from pathlib import Path


def declare(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "addresses", nargs="+", metavar="ADDRESS", help="host:port of your service; replicas take turns"
    )
    parser.add_argument(
        "--listen", default="127.0.0.1:0", metavar="HOST:PORT", help="where clients come (default: free)"
    )
    parser.add_argument(
        "--allow-target", action="append", default=[], metavar="HOST", help="a service beyond loopback; name it"
    )
    upstream = parser.add_argument_group("how the service is reached")
    upstream.add_argument("--tls", action="store_true", help="speak TLS to it; any option below does, too")
    upstream.add_argument("--ca", type=Path, metavar="PEM", help="roots to trust (default: the system's)")
    upstream.add_argument("--cert", type=Path, metavar="PEM", help="a client's certificate, for mutual TLS")
    upstream.add_argument("--key", type=Path, metavar="PEM", help="the certificate's key")
    upstream.add_argument("--server-name", default="", metavar="NAME", help="the name that its certificate bears")
    clients = parser.add_argument_group("how clients are met")
    clients.add_argument("--listen-tls", action="store_true", help="speak TLS to them, by an authority made for this")
    clients.add_argument("--listen-cert", type=Path, metavar="PEM", help="speak TLS to them with this certificate")
    clients.add_argument("--listen-key", type=Path, metavar="PEM", help="that certificate's key")
    clients.add_argument(
        "--client-ca", type=Path, metavar="PEM", help="ask clients for a certificate of this authority"
    )
    tokens = parser.add_argument_group("tokens")
    tokens.add_argument(
        "--issuer-url", default="", metavar="URL",
        help="the issuer whose published keys tokens are held against; no address that a token names is ever asked",
    )  # fmt: skip
    tokens.add_argument("--metadata-key", default="authorization", metavar="KEY", help="(default: %(default)s)")
    parser.add_argument("--rejected", action="store_true", help="show only calls that were turned away")
