"""The whole course of a preflight: the way to each address, the methods, the token, and what it opens."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from harness import clock
from harness.endpoint import Endpoint
from harness.endpoint.call import Call, DescriptorSet, MethodSource, Protos, Reflection, Stubs
from harness.endpoint.filling import blank
from harness.endpoint.further import Further
from harness.endpoint.metadata import Metadata
from harness.endpoint.methods import Method, Methods
from harness.endpoint.opening import open_channel
from harness.endpoint.repertoire import Repertoire, find_methods
from harness.errors import HarnessError
from harness.preflight import Mark, PreflightStep, StepResult
from harness.preflight.credentials import answer_of, tried
from harness.preflight.network import steps
from harness.tokens.freshness import doubt
from harness.tokens.source import TokenSource
from harness.tokens.token import Token

_MOST_TRIED = 5


@dataclass(frozen=True)
class Plan:
    """What is to be tried: ``source`` gives good tokens (None: without them), ``carry`` makes metadata of one."""

    endpoint: Endpoint
    carry: Callable[[str], Metadata]
    source: TokenSource | None = None
    methods: MethodSource = Reflection()  # noqa: RUF009 - it is frozen
    calls: Sequence[Call] = ()
    deadline_s: float = 5.0
    seed: int = 1


def course(plan: Plan) -> Iterator[StepResult]:
    """Yield a line for each step, up to the first that fails and bars the way."""
    for address in plan.endpoint.addresses:
        for line in of_address(plan.endpoint, address):
            yield line
            if line.mark is Mark.FAIL:
                return
    token, line = _token(plan.source)
    yield line
    if line.mark is Mark.FAIL:
        return
    with contextlib.closing(open_channel(plan.endpoint, plan.endpoint.addresses[0])) as channel:
        yield from _calls(plan, channel, token)


def of_address(endpoint: Endpoint, address: str) -> Iterator[StepResult]:
    """Yield the steps to one address, which they name where there are several."""
    several = f"{address}: " if len(endpoint.addresses) > 1 else ""
    return (replace(line, text=f"{several}{line.text}") for line in steps(endpoint, address))


def _token(source: TokenSource | None) -> tuple[str | None, StepResult]:
    if source is None:
        return None, StepResult(
            PreflightStep.TOKEN, Mark.SKIP, "none given; --token-file, --token-url or --signing-key gives one"
        )
    try:
        text = source.fetch()
        token = Token.parse(text, clock.monotonic())
    except HarnessError as error:
        return None, StepResult(PreflightStep.TOKEN, Mark.FAIL, str(error))
    if doubtful := doubt(token, clock.wall()):
        return text, StepResult(PreflightStep.TOKEN, Mark.WARN, doubtful)
    left_s = token.life_s(clock.wall())
    life = f"ends in {left_s:,.0f} s" if left_s < float("inf") else "has no end"
    return text, StepResult(
        PreflightStep.TOKEN, Mark.OK, f"{token.header.get('alg')}, kid {token.header.get('kid')}, {life}"
    )


def _calls(plan: Plan, channel: Any, token: str | None) -> Iterator[StepResult]:
    beside = Further(plan.endpoint.metadata, plan.seed)
    carried = beside.at(0) + (plan.carry(token) if token else ())
    try:
        found = find_methods(plan.methods, plan.endpoint, lambda: carried)
    except HarnessError as error:
        yield StepResult(PreflightStep.REFLECTION, Mark.FAIL, str(error), usage=True)
        return
    yield _methods_line(found, plan.methods)
    try:
        subject = _subject(plan, found, beside, partial(_ends_well, channel, plan.deadline_s, carried))
    except HarnessError as error:
        yield StepResult(PreflightStep.BARE, Mark.FAIL, str(error), usage=True)
        return
    if subject is None:
        yield StepResult(
            PreflightStep.BARE, Mark.SKIP, "no unary method reads by its name; give --call, and --data for its message"
        )
        return
    name, call, own = subject
    for line in tried(call(channel, plan.deadline_s), plan.carry, token, own):
        yield replace(line, text=f"{name}: {line.text}")


def _methods_line(found: Methods, source: MethodSource) -> StepResult:
    told = {Protos: "the .proto files", DescriptorSet: "the descriptor set", Stubs: "the stubs"}
    where = told.get(type(source), f"reflection ({found.protocol})")
    services = ", ".join(found.services[:4]) + (", …" if len(found.services) > 4 else "")
    text = f"{where}: {len(found)} methods of {services or 'no service'}"
    if not found.left_out:
        return StepResult(PreflightStep.REFLECTION, Mark.OK, text)
    lost, why = next(iter(found.left_out.items()))
    return StepResult(
        PreflightStep.REFLECTION, Mark.WARN, f"{text}; {len(found.left_out)} cannot be called, such as {lost}: {why}"
    )


Opened = Callable[[Any, float], Callable[[Metadata], Any]]
"""Makes a call from a channel and a deadline: one that takes metadata."""


def _subject(
    plan: Plan, found: Methods, beside: Further, ends_well: Callable[[Opened], bool]
) -> tuple[str, Opened, Metadata] | None:
    """Return a call to try credentials on, its name, and what it carries beside them; None where none reads.

    Without one that is asked for it is the first of some that ends well.
    """
    if plan.calls:
        return first_call(Repertoire(found, plan.calls[:1], plan.seed, beside))
    fit = [(method, request) for method in found if method.reads and (request := blank(method)) is not None]
    calls = [(method.path.lstrip("/"), opened(method, request), beside.at(0)) for method, request in fit[:_MOST_TRIED]]
    return next((call for call in calls if ends_well(call[1])), calls[0] if calls else None)


def _ends_well(channel: Any, deadline_s: float, metadata: Metadata, call: Opened) -> bool:
    return answer_of(call(channel, deadline_s), metadata).code == "OK"


def first_call(repertoire: Repertoire) -> tuple[str, Opened, Metadata]:
    """Return the first call of a repertoire: its name, how it is made, and what it carries beside a token."""
    payload = repertoire.payloads[0]
    method = payload.method
    return method.path.lstrip("/"), opened(method, payload.request(0)), repertoire.carried(0, 0)


def opened(method: Method, request: Any) -> Opened:
    """Return a call of a method with one message, or a list of them; of a stream the first answer is read."""

    def on(channel: Any, deadline_s: float) -> Callable[[Metadata], Any]:
        call: Any = method.on(channel)

        def make(metadata: Metadata) -> Any:
            sent = iter(request) if method.takes_many else request
            answer = call(sent, metadata=metadata, timeout=deadline_s)
            if method.kind in {"server-stream", "bidi"}:
                first = next(answer, None)
                answer.cancel()
                return first
            return answer

        return make

    return on
