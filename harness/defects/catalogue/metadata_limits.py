"""Defects of metadata at its limits: characters, identities, sizes, and the client's own settings."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

from harness.defects import ACCEPT, Allowed, Made, bearer, defect
from harness.defects.bench import Bench, Observation, Observations
from harness.defects.catalogue.controls import padded
from harness.defects.good import Good

_LIBRARY = (
    Allowed("INTERNAL", "the library refuses the bytes before any code of yours"),
    Allowed("UNAVAILABLE", "the library resets the stream"),
)
_TOO_LARGE = (
    Allowed("INTERNAL", "a proxy answers HTTP 431"),
    Allowed("UNAVAILABLE", "the connection is reset"),
)
_TIMES = 100


@defect(
    "META-17",
    "a value that is not ASCII",
    allowed=_LIBRARY,
    source="grpc/grpc doc/PROTOCOL-HTTP2.md: values are 0x20 to 0x7E; grpcio servers hand others to the application",
    fails="The bytes reach the verifier, whose decoding raises; some libraries log the whole value.",
    fix="Reject a value that is no printable ASCII.",
)
def not_ascii(good: Good) -> Made:
    """Letters beyond ASCII in the value; gRPC clients refuse to send it."""
    token = good.token()
    return {
        "in the token": (("authorization", f"Bearer é{token}"),),
        "for a token": (("authorization", "Bearer ключ"),),
    }


@defect(
    "META-18",
    "control characters",
    allowed=_LIBRARY,
    source="RFC 9113, section 8.2.1; CWE-117",
    fails="Where rejected values are logged, a newline forges log lines; a NUL cuts the value short in C.",
    fix="Reject control characters, and never log a value that came from outside.",
)
def control_characters(good: Good) -> Made:
    """A newline, a NUL, a DEL or a tab in the value; gRPC clients refuse to send it."""
    token = good.token()
    signs = {"newline": "\nx-admin: 1", "NUL": "\x00", "DEL": "\x7f", "tab": "\tx"}
    return {name: (("authorization", f"Bearer {token}{sign}"),) for name, sign in signs.items()}


@defect(
    "META-19",
    "a forged identity",
    source="Envoy claim_to_headers and forward_payload_header",
    fails="A server behind a proxy trusts the identity that the proxy adds, and anybody who reaches it can add it.",
    fix="Strip such entries at the edge, and verify the token in the server as well.",
)
def forged_identity(good: Good) -> Made:
    """Entries that a proxy would add for a verified caller, without a token or with a bad one."""
    names = ("x-forwarded-user", "x-jwt-claim-sub", "x-jwt-payload", "x-user-id", "x-forwarded-email")
    forged = tuple((name, "admin") for name in names)
    bad = bearer(good.token(good.stranger.named(good.signer.kid)))
    return {"no token": forged, "bad token": (*bad, *forged)}


@defect(
    "META-20",
    "a token of 8,000 bytes, a hundred times",
    expected=ACCEPT,
    allowed=(Allowed("RESOURCE_EXHAUSTED", "over the server's limit, each time"),),
    source="grpcio's soft limit of metadata is 8 KiB, its hard one 16 KiB; between them it rejects at random",
    fails="At 8,000 bytes one call in twenty fails, at 10,000 two in five: auth looks flaky.",
    fix="Set the soft and the hard limit to one value (grpc.max_metadata_size, grpc.absolute_max_metadata_size).",
)
async def flaky_zone(bench: Bench) -> Observations:
    """A good token, padded to 8,000 bytes, in a hundred calls: all must have one answer."""
    token = padded(bench.good, 8_000)
    codes = {(await bench.call(bearer(token), alone=True)).code for _ in range(_TIMES)}
    for code in sorted(codes):
        yield Observation(f"{_TIMES} calls", code)
    yield Observation("one answer", problem=f"answers by luck: {', '.join(sorted(codes))}" if len(codes) > 1 else "")


@defect(
    "META-21",
    "a token of 17 KB and of 70 KB",
    expected="RESOURCE_EXHAUSTED",
    allowed=_TOO_LARGE,
    source="grpc/grpc doc/PROTOCOL-HTTP2.md suggests a limit of 8 KiB",
    fails="Without a limit, anybody can make the server hold and parse what they like.",
    fix="Keep a limit of metadata, and tell the issuers' owners what it is.",
)
def too_large(good: Good) -> Made:
    """A good token, padded beyond any usual limit."""
    return {"17 KB": padded(good, 17_000), "70 KB": padded(good, 70_000)}


@defect(
    "META-22",
    "nothing but dots",
    source="CVE-2025-30204 (golang-jwt): splitting allocated 16 bytes for each",
    fails="Splitting at every dot takes memory and time for each, before anything is verified.",
    fix="Bound the length, and demand exactly two dots before you split.",
)
def dots(good: Good) -> Made:
    """`Bearer ` and 8,000 dots."""
    del good
    return {"": "." * 8_000}


@defect(
    "META-23",
    "a plugin and explicit metadata at once",
    allowed=(
        Allowed(ACCEPT, "the first wins, at every hop alike", when="first-header"),
        Allowed(ACCEPT, "the last wins, at every hop alike", when="last-header"),
    ),
    source="grpcio 1.85.1 sends both: the explicit entry first, the plugin's second",
    fails="A client attaches its token twice; while both are good nobody notices, and after a refresh one is stale.",
    fix="Attach the token in one place.",
)
async def plugin_and_metadata(bench: Bench) -> Observations:
    """The client's credentials plugin adds an `authorization` entry to a call that has one."""
    answer = await bench.with_plugin(bearer(bench.good.token()), secure=True)
    yield Observation("two entries", answer.code, text=answer.text)


@defect(
    "META-24",
    "call credentials on a channel without security",
    source="gRFC L62: call credentials need privacy and integrity",
    fails="The client itself ends the call UNAUTHENTICATED, and dashboards blame the server.",
    fix="Use TLS, or local channel credentials on one host; count such a failure as the client's own.",
)
async def insecure_plugin(bench: Bench) -> Observations:
    """Nothing: the call never leaves the client, which reports UNAUTHENTICATED by itself."""
    answer = await bench.with_plugin((), secure=False)
    yield Observation("status", answer.code, text=answer.text)
    yield Observation(
        "told apart", problem="" if answer.local else "a refusal of the client's own counts as the server's"
    )
