"""Defects of claims: for whom, from whom, for what, and in what form."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

from harness.defects import ACCEPT, DENY, REJECT, Allowed, Made, bearer, defect
from harness.defects.bench import Bench, Observation, Observations
from harness.defects.good import LEFT_OUT, Good

_DENIED = (Allowed(DENY, "Envoy answers a wrong audience with 403"),)
_AUDIENCE = "Demand your own name, as a whole, in a text or a list of texts."


@defect(
    "CLM-01",
    "another audience",
    allowed=_DENIED,
    source="RFC 7519, section 4.1.3",
    fails="aud is not compared, or by a prefix: a token for the chat service moves money.",
    fix=_AUDIENCE,
)
def other_audience(good: Good) -> Made:
    """`aud` is another name, ours with something behind or before, in another case, or part of ours."""
    ours = good.audience
    names = {"other": "payments", "longer": f"{ours}2", "case": ours.upper(), "part": ours[:-1], "list": ["payments"]}
    return {name: good.token(aud=value) for name, value in names.items()} | {"prefixed": good.token(aud=f"x-{ours}")}


@defect(
    "CLM-02",
    "no audience",
    allowed=_DENIED,
    source="RFC 7519, section 4.1.3; RFC 9068, section 2.2: required in access tokens",
    fails="A library checks aud only where it is there: a token for nobody is a token for everybody.",
    fix="Require aud.",
)
def no_audience(good: Good) -> Made:
    """`aud` is missing, null, empty, a number or an object."""
    values = {"missing": LEFT_OUT, "null": None, "empty list": [], "empty": "", "number": 1, "object": {}}
    return {name: good.token(aud=value) for name, value in values.items()}


@defect(
    "CLM-03",
    "an audience of mixed types",
    allowed=(Allowed(ACCEPT, "ours is in the list, and the rest is not read"),),
    source="RFC 7519, section 4.1.3: a list of texts",
    fails="Libraries disagree.",
    fix=_AUDIENCE,
)
def mixed_audience(good: Good) -> Made:
    """`aud` is a list of our name and a number."""
    return {"": good.token(aud=[good.audience, 1])}


@defect(
    "CLM-04",
    "another issuer",
    source="RFC 7519, section 4.1.1; CVE-2024-53861 (PyJWT 2.10.0)",
    fails="`iss in allowed` on a text is true for every part of it.",
    fix="Compare the issuer as a whole, character by character.",
)
def other_issuer(good: Good) -> Made:
    """`iss` is another, missing, in a list, a part of ours, or ours with a slash behind."""
    ours = good.issuer
    values = {
        "other": "https://evil.example",
        "missing": LEFT_OUT,
        "list": [ours],
        "part": ours[:-2],
        "slash": f"{ours}/",
        "longer": f"{ours}.evil.example",
        "one letter": "h",
        "empty": "",
        "prototype": "__proto__",
    }
    return {name: good.token(iss=value) for name, value in values.items()}


@defect(
    "CLM-05",
    "a strange subject",
    allowed=(Allowed(ACCEPT, "who may call is for the handler to say"), Allowed(DENY, "nobody of that name")),
    source="RFC 7519, section 4.1.2: a text",
    fails="A number raises where a text is split; an empty name is the first row of a table.",
    fix="Demand a text that is not empty and of bounded length.",
)
def strange_subject(good: Good) -> Made:
    """`sub` is a number, empty, null, or 8 KB long."""
    values = {"number": 42, "empty": "", "null": None, "8 KB": "s" * 8_000}
    return {name: good.token(sub=value) for name, value in values.items()}


@defect(
    "CLM-06",
    "a good token without the scope",
    expected=DENY,
    allowed=(Allowed(ACCEPT, "the server asks for no scopes", when="no-scopes"),),
    source="RFC 6750, section 3.1: insufficient_scope is 403",
    fails="Scopes are not asked for; or the answer is UNAUTHENTICATED, and clients refresh in a loop.",
    fix="Ask for a scope per method, and answer PERMISSION_DENIED.",
)
def no_scope(good: Good) -> Made:
    """`scope` is missing, another, longer than the one that is asked for, or a number."""
    values = {"missing": LEFT_OUT, "other": "profile", "longer": "ledger.reader ledger.writer", "number": 7}
    return {name: good.token(scope=value) for name, value in values.items()}


@defect(
    "CLM-07",
    "a payload that is no object of JSON",
    source="RFC 7519, section 7.2",
    fails="The parser raises an error outside the library's own family (RecursionError, AttributeError): UNKNOWN.",
    fix="Catch whatever parsing raises, and reject.",
)
def strange_payload(good: Good) -> Made:
    """The payload is a list, text, null, empty, no UTF-8, has a byte-order mark, or is 3,000 deep."""
    payloads = {
        "list": b"[1]",
        "text": b'"claims"',
        "null": b"null",
        "no JSON": b"claims",
        "not UTF-8": b'{"sub":"\xff"}',
        "byte-order mark": b"\xef\xbb\xbf{}",
        "3,000 deep": b'{"x":' + b"[" * 3_000 + b"]" * 3_000 + b"}",
    }
    made = {name: good.sealed(good.header(), payload) for name, payload in payloads.items()}
    header, _, signature = good.token().split(".")
    return made | {"empty": f"{header}..{signature}"}


@defect(
    "CLM-08",
    "space in the token",
    source="RFC 7515, section 2: base64url has none",
    allowed=(Allowed("INTERNAL", "the library refuses a newline in metadata"),),
    fails="A token read from a file ends in a newline; some decoders skip white space, and the text is not unique.",
    fix="Strip in the client, where the file is read. In the server, reject.",
)
def space(good: Good) -> Made:
    """A newline behind, or a space within the token."""
    token = good.token()
    place = token.index(".") + 5
    return {
        "newline": f"{token}\n",
        "inside": f"{token[:place]} {token[place:]}",
        "before the dot": token.replace(".", " .", 1),
    }


@defect(
    "CLM-09",
    "the same token again",
    expected=ACCEPT,
    allowed=(Allowed(REJECT, "each jti is good once"),),
    source="RFC 7519, section 4.1.7",
    fails="A one-time token that is good twice, or an access token that is good once and fails on a retry.",
    fix="Say whether jti is good once; access tokens are meant to be used again.",
)
async def replayed(bench: Bench) -> Observations:
    """One token in two calls."""
    token = bench.good.token(jti="replayed")
    first, second = await bench.call(bearer(token)), await bench.call(bearer(token))
    yield Observation("first", first.code, ACCEPT)
    yield Observation("second", second.code)


@defect(
    "CLM-10",
    "revoked",
    source="RFC 7009; artifact-keeper issue 551",
    fails="Revocation is checked for HTTP and not in the gRPC interceptor; or a cache of verdicts outlives it.",
    fix="Check in the one place that all calls pass, and bound the cache by the lag that you declare.",
)
async def revoked(bench: Bench) -> Observations:
    """A good token, before and after its issuer's revocation, and again when that is taken back."""
    token = bench.good.token(jti="7-1")
    first = await bench.call(bearer(token))
    await bench.revoke(7)
    second = await bench.call(bearer(token))
    await bench.revoke(None)
    yield Observation("before", first.code, ACCEPT)
    yield Observation("after", second.code, text=second.text)


@defect(
    "CLM-11",
    "an ID token instead of an access token",
    allowed=_DENIED,
    source="RFC 8725, section 2.8",
    fails="Both come from one issuer under one key; what was made for the client's eyes opens the service.",
    fix="Demand the audience, and the typ or scope that only access tokens have.",
)
def id_token(good: Good) -> Made:
    """The claims of an ID token: the client is the audience, and there is a nonce and no scope."""
    return {"": good.token(aud="client-1", nonce="n-0S6", auth_time=int(good.now_s) - 5, scope=LEFT_OUT)}


@defect(
    "CLM-12",
    "a token for another service",
    allowed=_DENIED,
    source="RFC 7519, section 4.1.3",
    fails="One audience for all services: each can call the others in its caller's name.",
    fix="An audience per service.",
)
def other_service(good: Good) -> Made:
    """`aud` names a neighbour, as an address or a method's path."""
    names = {"address": "https://orders.example/", "path": "/orders.v1.Orders/Place", "list": ["orders", "billing"]}
    return {name: good.token(aud=value) for name, value in names.items()}
