"""The setup of a probe: everything read and checked before the first question."""

import argparse
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.clock import wall
from harness.endpoint import Endpoint
from harness.endpoint.further import Further
from harness.endpoint.methods import Methods, from_descriptor_set, from_protos, from_reflection, from_stubs
from harness.endpoint.opening import open_channel
from harness.endpoint.safety import guard_endpoint, guard_source
from harness.errors import UsageError
from harness.preflight import require
from harness.preflight.network import steps
from harness.probe.options import endpoint_of, messages_of, policies_of, rows_of
from harness.probe.result import ClockEstimate, ProbeResult
from harness.probe.target.carrier import Carrier
from harness.probe.target.line import ProbePace
from harness.probe.target.messages import Messages
from harness.probe.target.minter import Minter, read_key
from harness.probe.target.openness import Openness
from harness.probe.target.proof import SideEffectProof, proof_of
from harness.probe.target.refusals import WayOfRefusing, refusal
from harness.tokens import issuer_options
from harness.tokens.sources.claims_file import Claims, read_claims
from harness.tokens.sources.token_file import TokenFile


@dataclass(frozen=True)
class Setup:
    """What a probe works with: all of it read and checked before the first question."""

    endpoint: Endpoint
    methods: Methods
    messages: Messages
    openness: Openness
    carrier: Carrier
    minter: Minter | None
    listed: bool
    options: argparse.Namespace
    proof: SideEffectProof | None = None
    before: tuple[ClockEstimate, ...] = ()
    """Clocks of an earlier probe, for their drift since."""
    refusals: tuple[WayOfRefusing, ...] = ()
    """How the target turns callers away, as its owner says."""

    @property
    def several(self) -> bool:
        """Return whether there are replicas to tell apart."""
        return len(self.endpoint.addresses) > 1


def prepare(options: argparse.Namespace) -> Setup:
    """Read everything that a probe needs; raises `UsageError`, or `RunError` where nobody answers."""
    endpoint = endpoint_of(options)
    guard_endpoint(endpoint, frozenset(options.allow_target))
    carrier, minter = Carrier(options.metadata_key, options.scheme), minter_of(options)
    ProbePace(options.per_s)
    rows_of(options.row)
    policies_of(options.declare)
    refusals = tuple(refusal(written) for written in options.refusal)
    for address in endpoint.addresses:
        require(address, steps(endpoint, address))
    methods, listed = _methods(endpoint, options, carrier, minter)
    if options.method:
        methods.find(options.method)
    openness = Openness(tuple(options.public), tuple(options.skip))
    openness.require_known([method.path for method in methods])
    messages = Messages(methods, messages_of("--data", options.data))
    proof = proof_of(options.proof, methods, carrier, minter)
    before = _clocks(options.since) if options.since else ()
    return Setup(endpoint, methods, messages, openness, carrier, minter, listed, options, proof, before, refusals)


def _clocks(path: Path) -> tuple[ClockEstimate, ...]:
    file = path / "probe.json" if path.is_dir() else path
    try:
        return ProbeResult.from_json(file.read_text(encoding="utf-8")).clocks
    except OSError as error:
        raise UsageError(f"--since {path}: {error.strerror}; name the folder of an earlier probe") from error


def minter_of(options: argparse.Namespace) -> Minter | None:
    """Return where good tokens come from, or None; raises `UsageError`."""
    given = [name for name in ("token_file", *issuer_options.ISSUERS, "signing_key") if getattr(options, name)]
    if len(given) > 1:
        names = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"{names} both give good tokens; give one of them")
    if options.signing_key:
        claims = read_claims(options.claims) if options.claims else Claims()
        if claims.note:
            sys.stderr.write(f"{claims.note}\n")
        return Minter.with_key(read_key(options.signing_key, options.algorithm, options.kid), claims)
    if options.token_file:
        return Minter.with_tokens(TokenFile(options.token_file).open().fetch)
    if options.token_url or options.issuer_url:
        issuer = issuer_options.client_credentials(options)
        guard_source(issuer, frozenset(options.allow_target))
        return Minter.with_tokens(issuer.open().fetch)
    return None


def _methods(
    endpoint: Endpoint, options: argparse.Namespace, carrier: Carrier, minter: Minter | None
) -> tuple[Methods, bool]:
    """Return what the target serves, and whether it said so itself."""
    given = [name for name in ("proto", "descriptor_set", "stubs") if getattr(options, name)]
    if len(given) > 1:
        names = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"{names} both say what is served; give one of them")
    if options.proto:
        return from_protos(options.proto, options.include), False
    if options.descriptor_set:
        return from_descriptor_set(options.descriptor_set), False
    if options.stubs:
        return from_stubs(options.stubs), False
    # The second is good on clocks that are far off, where the verifier bounds no lifetime.
    tokens = (minter.good(wall()).token(), minter.lasting(wall())) if minter else ("",)
    refused: UsageError | None = None
    with contextlib.closing(open_channel(endpoint, endpoint.addresses[0])) as channel:
        for token in dict.fromkeys(tokens):
            metadata = Further(endpoint.metadata).at(0) + (carrier.metadata(token) if token else ())
            try:
                return from_reflection(channel, tuple(metadata)), True
            except UsageError as error:
                refused = refused or error
    raise refused or UsageError("nothing says what the target serves; give --proto FILES")
