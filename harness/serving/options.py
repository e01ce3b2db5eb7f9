"""The options of ``jwtstorm serve``. Light: all commands declare theirs for ``jwtstorm --help``."""

from argparse import ArgumentParser
from pathlib import Path

LANGUAGES = ("python", "go", "node", "java", "curl")
"""What a client can be printed in."""


def declare(parser: ArgumentParser) -> None:
    """Declare the options."""
    place = parser.add_argument_group("where it listens")
    place.add_argument("--tls", action="store_true", help="speak TLS, by an authority made for this session")
    place.add_argument("--write-ca", type=Path, metavar="FILE", help="write that authority's certificate here, too")
    place.add_argument(
        "--host", default="127.0.0.1", help="name or address of this machine to listen at (default: %(default)s)"
    )
    place.add_argument(
        "--target-port", type=int, default=0, metavar="N", help="the target's port (default: a free one)"
    )
    place.add_argument(
        "--issuer-port", type=int, default=0, metavar="N", help="the issuer's port (default: a free one)"
    )
    tokens = parser.add_argument_group("tokens and who may have one")
    tokens.add_argument("--token-life", type=float, metavar="S", help="(default: 300, or the timeline's)")
    tokens.add_argument("--audience", default="ledger", metavar="NAME", help="what aud says (default: %(default)s)")
    tokens.add_argument("--scope", default="ledger.read ledger.write", help="what is granted (default: %(default)s)")
    tokens.add_argument("--claims", type=Path, metavar="FILE", help="a JSON object of more claims, or of others")
    tokens.add_argument("--algorithm", default="", help="what the issuer signs with (default: ES256)")
    tokens.add_argument(
        "--client", action="append", default=[], metavar="ID[={{env NAME}}]",
        help="an OAuth client; its secret comes from the environment, from {{file PATH}}, or is made up; repeatable",
    )  # fmt: skip
    tokens.add_argument(
        "--client-key", action="append", default=[], metavar="ID=FILE",
        help="the public key of a client that signs assertions (private_key_jwt); repeatable",
    )  # fmt: skip
    tokens.add_argument("--refresh-tokens", action="store_true", help="give refresh tokens, too, and rotate them")
    faults = parser.add_argument_group("what goes wrong")
    faults.add_argument(
        "--timeline", default="", metavar="SCENARIO",
        help="apply and undo the faults of a scenario (its name or file), from the first call that is let in",
    )  # fmt: skip
    faults.add_argument("--at-once", action="store_true", help="let the timeline begin at once instead")
    faults.add_argument(
        "--zoo", action="append", default=[], metavar="NAME", help="a defect to let loose in the target"
    )
    parser.add_argument("--write-key", type=Path, metavar="FILE", help="write the issuer's key, for jwtstorm probe")
    parser.add_argument("--snippet", choices=LANGUAGES, default="", help="print a client, too, to paste into a shell")
    parser.add_argument("--quiet", action="store_true", help="no line per second of what was asked and answered")
