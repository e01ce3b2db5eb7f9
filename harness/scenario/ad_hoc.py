"""Any target: a scenario from the command line alone, ``jwtstorm run any --target …``.

The file ``scenarios/any.py`` reads the options with `from_arguments`, in every process of a run, and
declares them to Locust with `add_options`, which would refuse them else.
"""

import argparse
import logging
import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from harness.checks.failure_ratio import FailureRatio
from harness.endpoint import COMPRESSIONS, FIRST, Endpoint, Retry, Tls, further
from harness.endpoint.call import Call, DescriptorSet, MethodSource, Protos, Reflection, Stubs
from harness.endpoint.json_text import json_of
from harness.endpoint.metadata import carrying
from harness.endpoint.safety import guard_endpoint, guard_source
from harness.errors import UsageError
from harness.preflight.course import Plan
from harness.scenario.load import closed_users, constant_rate
from harness.scenario.scenario import Scenario
from harness.tokens import issuer_options
from harness.tokens.refresh import Tokens
from harness.tokens.source import SourceSettings
from harness.tokens.sources.claims_file import Claims, read_claims
from harness.tokens.sources.signing_key import SigningKey
from harness.tokens.sources.token_command import TokenCommand
from harness.tokens.sources.token_file import TokenFile

logger = logging.getLogger("jwtstorm")

_LIFE_S = 300.0
OWN_CALL = Call("jwtstorm.lab.v1.Ledger/GetBalance", {"account": "{{seq}}"})
"""What the lab is asked where nothing else is said."""

EXAMPLES = """\
examples of `any`:
  jwtstorm run any --target 127.0.0.1:50051 --call shop.v1.Cart/Get --data '{"id": "{{seq}}"}' \\
      --token-file token.jwt --rate 100 --duration 30
  jwtstorm run any --target a:443 --target b:443 --allow-target a --allow-target b --ca ca.pem \\
      --proto cart.proto --call shop.v1.Cart/Get --data-file get.json --rows carts.csv \\
      --issuer-url https://login.example --client-id storm --allow-target login.example   (secret: CLIENT_SECRET)
in data: {{seq}} {{random 1 6}} {{choice a b}} {{uuid}} {{now}} {{row.COLUMN}}; `jwtstorm docs targets` tells all"""


METADATA_HELP = "beside the token, with {{placeholders}}; {{env NAME}} or {{file PATH}} for a secret; -bin: base64"


class _Parser(argparse.ArgumentParser):
    """A parser whose mistakes are `UsageError`."""

    def error(self, message: str) -> NoReturn:
        """Raise it."""
        raise UsageError(message)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options, in groups."""
    for title, declare in _GROUPS.items():
        declare(parser.add_argument_group(title).add_argument)


def described_target() -> str:
    """Return the options without those of a load, for the help of ``jwtstorm doctor``."""
    return _target_parser().format_help().strip()


def _target_parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False, usage=argparse.SUPPRESS)
    for title, declare in _GROUPS.items():
        if declare is not _load:
            declare(parser.add_argument_group(title.replace(" of `any`", "")).add_argument)
    parser.add_argument("--allow-target", action="append", default=[], metavar="HOST", help="a host beyond loopback")
    parser.add_argument("--deadline", type=float, default=5.0, metavar="S", help="of each call (default: %(default)s)")
    return parser


def preflight(arguments: Sequence[str]) -> Plan:
    """Return what ``jwtstorm doctor`` tries on a target; raises `UsageError`."""
    options = _target_parser().parse_args(list(arguments))
    endpoint = _endpoint(options)
    if endpoint is None:
        raise UsageError("name the target to be looked at: jwtstorm doctor --target HOST:PORT")
    source = _source(options, endpoint) if _sources_given(options) else None
    calls, tokens = _calls(options, endpoint) if options.call else [], _tokens(options)
    wrong = [*endpoint.mistakes(), *tokens.mistakes(), *further.clashes("target", endpoint.metadata, tokens.key)]
    wrong += [text for call in calls for text in call.mistakes()]
    if wrong:
        raise UsageError(wrong[0])
    allowed = frozenset(options.allow_target)
    guard_endpoint(endpoint, allowed)
    guard_source(source, allowed)
    return Plan(
        endpoint,
        partial(carrying, tokens.key, tokens.scheme),
        None if source is None else source.open(),
        _methods(options),
        calls,
        options.deadline,
    )


def described() -> str:
    """Return the options and examples, for the help of ``jwtstorm run``."""
    parser = argparse.ArgumentParser(add_help=False, usage=argparse.SUPPRESS)
    add_options(parser)
    return f"{parser.format_help().strip()}\n\n{EXAMPLES}"


def add_to_locust(parser: Any) -> None:
    """Declare the options to Locust's parser, off its web page: a run there keeps those it was started with.

    Locust's master sends every option to its workers by msgpack, which takes texts and numbers, and no path.
    """

    def option(*names: str, **settings: Any) -> None:
        if settings.get("type") is Path:
            del settings["type"]
        if isinstance(settings.get("default"), list):
            settings["default"] = None  # else one list is appended to by whoever parses
        parser.add_argument(*names, include_in_web_ui=False, **settings)

    for declare in _GROUPS.values():
        declare(option)


def _reach(option: Any) -> None:
    option("--target", action="append", metavar="HOST:PORT", help="also unix:/path; again for each further replica")
    option("--tls", action="store_true", help="speak TLS; any option of the next four does, too")
    option("--ca", type=Path, metavar="PEM", help="roots to trust (default: the system's)")
    option("--cert", type=Path, metavar="PEM", help="the client's certificate, for mutual TLS")
    option("--key", type=Path, metavar="PEM", help="the certificate's key")
    option("--server-name", default="", metavar="NAME", help="the name that the server's certificate bears")
    option("--authority", default="", metavar="NAME", help="the :authority to send")
    option(
        "--proxy", default="", metavar="URL", help="an HTTP proxy to target and issuer; the environment's is not used"
    )
    option("--connections", type=int, default=1, help="TCP connections per address and process (default: 1)")
    option("--balance", default=FIRST, metavar="KIND", help="over the addresses of one name: first, or round-robin")
    option("--keepalive", type=float, metavar="S", help="ping an idle connection so often")
    option("--keepalive-timeout", type=float, default=20.0, metavar="S", help="give it up without an answer (20)")
    option("--max-message-bytes", type=int, metavar="N", help="largest message, both ways (default: 4 MiB to read)")
    option("--compression", default="none", metavar="KIND", help=f"one of {', '.join(COMPRESSIONS)}")
    option("--wait-for-ready", action="store_true", help="let calls wait for a connection instead of failing at once")
    option("--retry-attempts", type=int, metavar="N", help="grpc's own attempts per attempt of ours, 2 to 5")


def _ask(option: Any) -> None:
    option("--call", action="append", metavar="PKG.SERVICE/METHOD", help="again for each further call")
    option("--data", action="append", metavar="JSON", help="its message with {{placeholders}}; a list for a stream")
    option("--metadata", action="append", metavar="KEY=VALUE", help=METADATA_HELP)
    option("--data-file", action="append", type=Path, metavar="FILE", help="the same, from a file")
    option("--end-after", type=float, metavar="S", help="end a stream of replies so many seconds after its start")
    option("--end-after-messages", type=int, metavar="N", help="end a stream of replies after so many messages")
    option("--rows", type=Path, metavar="FILE", help="CSV or NDJSON (.ndjson) for {{row.COLUMN}}, a row per call")
    option("--proto", action="append", type=Path, metavar="FILE", help="the service's definition (else reflection)")
    option("--include", action="append", type=Path, default=[], metavar="FOLDER", help="where its imports are")
    option("--descriptor-set", type=Path, metavar="FILE", help="made with protoc --include_imports")
    option("--stubs", metavar="MODULE", help="generated code, my_service_pb2")


def _authenticate(option: Any) -> None:
    issuer_options.declare(option)
    option("--token-file", type=Path, metavar="FILE", help="holds a token, read anew at each refresh")
    option("--token-command", metavar="COMMAND", help="prints a token; run at each refresh, without a shell")
    option("--signing-key", type=Path, metavar="FILE", help="mint tokens with this key (PEM or JWK)")
    option("--algorithm", default="", help="for --signing-key (default: what the key is for)")
    option("--kid", default="", help="for --signing-key")
    option("--claims", type=Path, metavar="FILE", help="for --signing-key: claims as JSON, or a token that has them")
    option("--lifetime", type=float, metavar="S", help="of tokens (default: that of --claims, else 300)")
    option("--metadata-key", default="authorization", help="(default: %(default)s)")
    option("--allow-expired", action="store_true", help="begin although the first token is expired")
    option("--scheme", default="Bearer", help="before the token; '' sends it bare (default: %(default)s)")


def _load(option: Any) -> None:
    option("--rate", type=float, default=50.0, metavar="PER_S", help="calls a second; 0: as fast as users get answers")
    option("--duration", type=float, default=30.0, metavar="S", help="after the warm-up (default: %(default)s)")
    option("--warm-up", type=float, default=5.0, metavar="S", help="(default: %(default)s)")
    option("--deadline", type=float, default=1.0, metavar="S", help="of each call (default: %(default)s)")
    option("--seed", type=int, default=1, help="of placeholders (default: %(default)s)")


_GROUPS: dict[str, Callable[[Any], None]] = {
    "the target of `any` (without one the lab serves)": _reach,
    "what `any` calls": _ask,
    "tokens of `any`, without which no target but the lab's is called": _authenticate,
    "load of `any`": _load,
}


def from_arguments(arguments: Sequence[str]) -> Scenario:
    """Return the scenario that the options tell; what is not ours (Locust's) is left alone.

    Raises `UsageError`.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    add_options(parser)
    parser.add_argument("-u", "--users", type=int, default=50)
    options, _ = parser.parse_known_args(list(arguments))
    endpoint = _endpoint(options)
    load = (
        constant_rate(options.rate, options.duration, options.users, options.warm_up)
        if options.rate
        else closed_users(options.users, options.duration, warm_up_s=options.warm_up)
    )
    return Scenario(
        load=load,
        checks=[FailureRatio(below=0.01)],
        tokens=_tokens(options),
        target=endpoint,
        issuer=_source(options, endpoint),
        calls=_calls(options, endpoint),
        methods=_methods(options),
        seed=options.seed,
        deadline_s=options.deadline,
        connections=options.connections,
    )


def _endpoint(options: argparse.Namespace) -> Endpoint | None:
    if not options.target:
        return None
    beside = further.written(options.metadata or ())
    secure = options.tls or options.ca or options.cert or options.key or options.server_name
    return Endpoint(
        addresses=tuple(options.target),
        tls=Tls(options.ca, options.cert, options.key, options.server_name) if secure else None,
        connections=options.connections,
        balance=options.balance,
        keepalive_s=options.keepalive,
        keepalive_timeout_s=options.keepalive_timeout,
        max_message_bytes=options.max_message_bytes,
        compression=options.compression,
        wait_for_ready=options.wait_for_ready,
        retry=None if options.retry_attempts is None else Retry(options.retry_attempts),
        authority=options.authority,
        proxy=options.proxy,
        metadata=tuple(pair for pair in beside if pair not in further.of_rows(beside)),
    )


def _tokens(options: argparse.Namespace) -> Tokens:
    sent = {"key": options.metadata_key, "scheme": options.scheme, "allow_expired": options.allow_expired}
    return Tokens(lifetime_s=_life_s(options), **sent)


_SOURCES = (*issuer_options.ISSUERS, "token_file", "token_command", "signing_key")


def _sources_given(options: argparse.Namespace) -> list[str]:
    return [name for name in _SOURCES if getattr(options, name)]


def _source(options: argparse.Namespace, endpoint: Endpoint | None) -> SourceSettings | None:
    given = _sources_given(options)
    flags = ", ".join(f"--{name.replace('_', '-')}" for name in _SOURCES)
    if len(given) > 1:
        raise UsageError(f"tokens come from one place; keep one of {flags}")
    if endpoint is None:
        if given:
            raise UsageError(f"--{given[0].replace('_', '-')} without --target: the lab mints its own; give --target")
        return None
    if not given:
        raise UsageError(f"--target is your own, so say where its tokens come from; give one of {flags}")
    if given[0] in issuer_options.ISSUERS:
        return issuer_options.client_credentials(options)
    if options.token_file:
        return TokenFile(options.token_file)
    if options.token_command:
        return TokenCommand(_words("--token-command", options.token_command))
    claims = _claims(options)
    if claims.note:
        logger.info("%s", claims.note)
    members = {**claims.members, **({"jti": "{uuid}"} if "jti" in claims.left_out else {})}
    return SigningKey(options.signing_key, options.algorithm, options.kid, _life_s(options), members)


def _claims(options: argparse.Namespace) -> Claims:
    return read_claims(options.claims) if options.claims else Claims()


def _life_s(options: argparse.Namespace) -> float:
    """Return how long tokens live: as asked, else as the token did whose claims were pasted."""
    if options.lifetime is not None:
        return float(options.lifetime)
    return _claims(options).life_s or _LIFE_S


def _words(option: str, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:  # it may hold a secret, and is not repeated
        raise UsageError(f"{option} is no command ({error}); close its quotes, or double the backslash") from None


def _methods(options: argparse.Namespace) -> MethodSource:
    if options.proto:
        return Protos(tuple(options.proto), tuple(options.include))
    if options.descriptor_set:
        return DescriptorSet(options.descriptor_set)
    return Stubs(options.stubs) if options.stubs else Reflection()


def _calls(options: argparse.Namespace, endpoint: Endpoint | None) -> list[Call]:
    names, data = options.call or [], _data(options)
    if not names:
        if endpoint is not None or data:
            raise UsageError("say what to call: --call pkg.Service/Method")
        return [OWN_CALL]
    if len(data) not in {0, len(names)}:
        raise UsageError(f"{len(names)} --call and {len(data)} --data; give one --data for each --call, or none")
    beside = further.of_rows(further.written(options.metadata or ()))
    pairs = zip(names, data or [{}] * len(names), strict=True)
    end = {"end_after_messages": options.end_after_messages, "end_after_s": options.end_after}
    return [Call(name, value, options.rows, metadata=beside, **end) for name, value in pairs]


def _data(options: argparse.Namespace) -> list[Any]:
    if options.data and options.data_file:
        raise UsageError("--data and --data-file both say what to send; keep one of them")
    if options.data_file:
        return [_json(str(path), _read(path)) for path in options.data_file]
    return [_json("--data", text) for text in options.data or []]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no UTF-8 text; convert it, or name another file") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}; check the path") from error


def _json(what: str, text: str) -> Any:
    return json_of(what, text, "quote it whole, as in '{\"id\": 1}'")
