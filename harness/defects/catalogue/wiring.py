"""Defects of wiring: calls that no check stands before, and checks that do more than say no."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

from harness.defects import ACCEPT, REJECT, Allowed, bearer, defect
from harness.defects.bench import Bench, Observation, Observations
from harness.defects.leaks import leak

_ONE = "Put the check into one interceptor that every kind of call passes, and test each method without a token."


@defect(
    "WIRE-01",
    "a unary method without a check",
    source="the methods, from their descriptors",
    fails="A method is added to a service that is guarded by name or by annotation, and nobody adds the guard.",
    fix=_ONE,
)
async def unary_methods(bench: Bench) -> Observations:
    """Every unary method, called without a token."""
    for method in bench.methods["unary"]:
        yield await _naked(bench, "unary", method)


@defect(
    "WIRE-02",
    "a server stream without a check",
    source="Dapr issue 5929; Milvus issue 52387",
    fails="Only the unary interceptor is installed; the stream's is a second setting.",
    fix=_ONE,
)
async def server_streams(bench: Bench) -> Observations:
    """Every server-streaming method, called without a token."""
    for method in bench.methods["server stream"]:
        yield await _naked(bench, "server stream", method)


@defect(
    "WIRE-03",
    "a client or bidi stream without a check",
    source="Dapr issue 5929; Milvus issue 52387",
    fails="Only the unary interceptor is installed; the stream's is a second setting.",
    fix=_ONE,
)
async def client_streams(bench: Bench) -> Observations:
    """Every method with a stream of requests, called without a token, its first message sent."""
    for shape in ("client stream", "bidi"):
        for method in bench.methods[shape]:
            yield await _naked(bench, shape, method)


@defect(
    "WIRE-04",
    "a rejected stream that is never told",
    source="grpcio's common sample: an abort in a unary handler waits for the first message",
    fails="The rejection waits for a message that the client sends only after an answer: both wait until the deadline.",
    fix="Reject with a handler for streams, whatever the method's kind is.",
)
async def silent_streams(bench: Bench) -> Observations:
    """A stream without a token whose client sends no message."""
    for shape in ("silent client stream", "silent bidi"):
        answer = await bench.call((), shape)
        late = answer.code == REJECT and not answer.in_silence
        yield Observation(shape, answer.code)
        yield Observation(f"{shape}, told", problem="the rejection came only after the first message" if late else "")


@defect(
    "WIRE-05",
    "methods that can be listed",
    source="gRPC servers look methods up after their interceptors",
    fails="UNIMPLEMENTED for an unknown method and UNAUTHENTICATED for a known one tell strangers what there is.",
    fix="Check before the method is looked up.",
)
async def unknown_method(bench: Bench) -> Observations:
    """A method that does not exist, with a good token and without one, and with one in its query."""
    service = bench.methods["unary"][0].rpartition("/")[0]
    token = bench.good.token()
    for name, method, metadata, expected in (
        ("no token", f"{service}/Nope", (), REJECT),
        ("good token", f"{service}/Nope", bearer(token), "UNIMPLEMENTED"),
        ("token in the query", f"{bench.methods['unary'][0]}?access_token={token[:20]}", (), REJECT),
    ):
        answer = await bench.call(metadata, method=method)
        yield Observation(name, answer.code, expected)


@defect(
    "WIRE-06",
    "health that wants a token",
    expected=ACCEPT,
    allowed=(Allowed(REJECT, "the server declares its health closed", when="closed-health"),),
    source="grpc/grpc doc/health-checking.md; Kubernetes' gRPC probes carry no credentials",
    fails="Probes are rejected, and the server is restarted for ever.",
    fix="Exempt grpc.health.v1.Health by its full name, on purpose.",
)
async def health(bench: Bench) -> Observations:
    """`grpc.health.v1.Health/Check` without a token."""
    yield Observation("", (await bench.call((), method="/grpc.health.v1.Health/Check")).code)


@defect(
    "WIRE-07",
    "reflection that is open",
    allowed=(
        Allowed("UNIMPLEMENTED", "there is none"),
        Allowed(ACCEPT, "the server declares it open", when="open-reflection"),
    ),
    source="osac issue 784",
    fails="Reflection tells strangers every method and message.",
    fix="Let the interceptor cover it, or leave it out in production.",
)
async def reflection(bench: Bench) -> Observations:
    """Both versions of `ServerReflection` without a token."""
    for version in ("v1alpha", "v1"):
        method = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        yield Observation(version, (await bench.call((), "silent bidi", method=method)).code)


@defect(
    "WIRE-08",
    "a verifier that crashes",
    source="what eight verifiers raised outside their own families of errors",
    fails="One odd token raises TypeError or RecursionError: UNKNOWN, a stack in the log, and sometimes in the answer.",
    fix="Catch everything around the verifier, reject, and log the error's type and place without its text.",
)
async def crash(bench: Bench) -> Observations:
    """The tokens that made real verifiers raise: dates, payloads and signatures of wrong types."""
    from harness.defects import DEFECTS

    for row in ("TIME-04", "TIME-07", "TIME-16", "CLM-07", "SIGN-19", "SIGN-07"):
        for specimen in DEFECTS[row].specimens(bench.good):
            answer = await bench.call(specimen.metadata)
            crashed = answer.code in {"UNKNOWN", "INTERNAL", "DATA_LOSS"}
            label = f"{row} {specimen.variant}".strip()
            yield Observation(label, problem=f"the server crashed: {answer.code}" if crashed else "")


@defect(
    "WIRE-09",
    "a handler that runs for a rejected call",
    source="a side effect that is read back with a good token",
    fails="The check answers and does not return, or runs beside the handler: money moves, and the caller reads “no”.",
    fix="Return the rejection instead of the handler.",
)
async def naked_handler(bench: Bench) -> Observations:
    """A rejected call whose side effect is looked for; every specimen's is."""
    for shape in ("unary", "client stream", "bidi"):
        answer = await bench.call((), shape)
        ran = answer.code != ACCEPT and answer.carried_out
        yield Observation(shape, problem=f"the handler ran, and the caller read {answer.code}" if ran else "")


@defect(
    "WIRE-10",
    "rejections that nobody counts",
    source="Milvus pull request 52608",
    fails="The check stands before the access log: an attack leaves no trace.",
    fix="Count and log outside the check.",
    later="It needs the server's own count of calls, which the lab's control port tells and no wire does.",
)
async def uncounted(_: Bench) -> Observations:
    """Nothing: it is in the server's log that something is missing."""
    yield Observation("")


@defect(
    "WIRE-11",
    "another door",
    source="second ports, gRPC-Web, gateways, Unix sockets",
    fails="The check is installed per listener, and one was forgotten.",
    fix="Run the whole catalogue against every address that serves the methods.",
    later="The lab's target has one door. Give the catalogue each of your addresses instead.",
)
async def other_door(_: Bench) -> Observations:
    """The same calls, at every other address that serves the methods."""
    yield Observation("")


@defect(
    "WIRE-12",
    "a verdict that belongs to another call",
    source="state that is kept per connection",
    fails="The caller's identity is kept with the connection or in a variable: the next call inherits it.",
    fix="Keep the verdict with the call.",
)
async def shared_state(bench: Bench) -> Observations:
    """Good and bad calls by turns on one connection, and bad ones while a good stream is open."""
    good, bad = bench.good.token(), bench.good.token(bench.good.stranger.named(bench.good.signer.kid))
    async with bench.stream(bearer(good)) as stream:
        for turn in range(20):
            for name, metadata, expected in (("good", bearer(good), ACCEPT), ("bad", bearer(bad), REJECT)):
                answer = await bench.call(metadata)
                if answer.code != expected:
                    yield Observation(f"{name} {turn}", problem=f"{answer.code} instead of {expected}")
            if not await stream.ask(f"neighbour-{turn}"):
                yield Observation(f"stream {turn}", problem="the good stream ended")
    yield Observation("by turns")


@defect(
    "WIRE-13",
    "an answer that tells too much",
    source="jjwt's text holds the server's time; grpc.aio's an exception's text",
    fails="The library's text goes out as it is: clock and leeway, key ids, pieces of the token, sometimes a stack.",
    fix="Answer with fixed texts; put the rest into the log, without the token.",
)
async def telling(bench: Bench) -> Observations:
    """The texts of rejections of all sorts, looked through for tokens, clocks, keys and stacks."""
    from harness.defects import DEFECTS

    for row in (
        "TIME-01",
        "TIME-04",
        "TIME-07",
        "TIME-14",
        "SIGN-07",
        "SIGN-12",
        "HEAD-03",
        "CLM-01",
        "CLM-04",
        "CLM-07",
    ):
        for specimen in DEFECTS[row].specimens(bench.good):
            answer = await bench.call(specimen.metadata)
            found = leak(answer.text, str(dict(specimen.metadata).get("authorization", "")))
            yield Observation(f"{row} {specimen.variant}".strip(), problem=f"the text holds {found}" if found else "")


async def _naked(bench: Bench, shape: str, method: str) -> Observation:
    answer = await bench.call((), shape, method=method)
    return Observation(method.rpartition("/")[2], answer.code)
