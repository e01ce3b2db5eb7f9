"""The question about one token: why is this one turned away? With a target, its own answer and clock are asked for."""

import argparse
import asyncio
import sys
from contextlib import AsyncExitStack
from dataclasses import replace

from harness.clock import wall
from harness.endpoint.metadata import foreign
from harness.errors import TokenError
from harness.probe.explain_token import Evidence, explain, read_token
from harness.probe.parts.clock import measure_clock
from harness.probe.parts.session import ProbeSession
from harness.probe.setup import Setup, prepare
from harness.probe.target.asker import Asker, Subject
from harness.probe.target.subject import candidates
from harness.tokens.forms import find_token
from harness.tokens.token import Token


def run_explain(options: argparse.Namespace) -> int:
    """Print why a token is turned away; raises `HarnessError`."""
    data = read_token(options.explain_token)
    sys.stdout.write(f"{explain(data, _evidence(options, data))}\n")
    return 0


def _evidence(options: argparse.Namespace, data: bytes) -> Evidence:
    """Return what can be known; a target is asked only about what it can be sent."""
    signs = bool(options.signing_key)
    try:
        token = find_token(data).token
    except TokenError:
        return Evidence(wall(), signs=signs)
    if not options.addresses or foreign(token):
        return Evidence(wall(), signs=signs)
    return replace(asyncio.run(gather(prepare(options), token)), signs=signs)


async def gather(setup: Setup, token: str) -> Evidence:
    """Return what a target says to a token, and of its clock, as far as can be told with what is given."""
    async with AsyncExitStack() as stack:
        replicas = await ProbeSession(setup, stack).ready()
        if setup.minter is not None and replicas:
            clock = await measure_clock(replicas[0]) if setup.minter.signs else None
            answer = await replicas[0].answer_to(token)
            return Evidence(wall(), clock, answer, Token.parse(setup.minter.good(wall()).token(), 0.0))
    subject = _any_subject(setup)
    if subject is None:
        return Evidence(wall())
    asker = Asker(setup.endpoint, setup.endpoint.addresses[0], subject, setup.carrier)
    try:
        return Evidence(wall(), answer=await asker.with_token(token))
    finally:
        await asker.close()


def _any_subject(setup: Setup) -> Subject | None:
    """Return a call to try a token on, where no good token tells which one succeeds."""
    named = setup.options.method
    found = [setup.methods.find(named)] if named else candidates(setup.methods, setup.messages, setup.openness)
    method = next(iter(found), None)
    return Subject(method.path, method.kind, setup.messages.make(method, "jwtstorm-explain")) if method else None
