"""Controls: good credentials of unusual form. A server that turns one away fails its own users."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

from harness.defects import ACCEPT, KEY_PAIRS, Made, bearer, defect
from harness.defects.bench import Bench, Observation, Observations
from harness.defects.good import LEFT_OUT, Good

_TIMES = 100


@defect(
    "OK-01",
    "a minimal good token",
    expected=ACCEPT,
    source="RFC 7519, section 4.1",
    fails="The verifier trusts another issuer, audience or key set than its configuration says.",
    fix="Compare the token's iss, aud and kid with the server's settings; jwtstorm explain prints them.",
)
def minimal(good: Good) -> Made:
    """Issuer, subject, audience, issue and end, and nothing else that a verifier could trip over."""
    return {"": good.token(jti=LEFT_OUT)}


@defect(
    "OK-02",
    "audience in a list",
    expected=ACCEPT,
    source="RFC 7519, section 4.1.3",
    fails="The verifier compares aud as a text, so that every token of an issuer that sends lists is refused.",
    fix="Accept a text or a list of texts, and look for your own name in it.",
)
def audience_list(good: Good) -> Made:
    """`aud` is a list, and the right name is one of its members."""
    return {"only": good.token(aud=[good.audience]), "among others": good.token(aud=["other", good.audience])}


@defect(
    "OK-03",
    "no nbf, no typ",
    expected=ACCEPT,
    source="RFC 7519, sections 4.1.5 and 5.1: both are optional",
    fails="A verifier that demands either refuses most issuers' tokens.",
    fix="Demand only what your issuer's profile promises.",
)
def without_options(good: Good) -> Made:
    """Neither `nbf` nor `typ` is there."""
    return {"no nbf": good.token(nbf=LEFT_OUT), "no typ": good.headed(typ=LEFT_OUT)}


@defect(
    "OK-04",
    "an end that is no whole second",
    expected=ACCEPT,
    source="RFC 7519, section 2: a NumericDate may hold a fraction",
    fails="A verifier that wants an integer refuses tokens of issuers that do not round.",
    fix="Read dates as numbers.",
)
def fractional_end(good: Good) -> Made:
    """`exp` is a decimal fraction in the future."""
    return {"": good.token(exp=good.now_s + 3600.5)}


@defect(
    "OK-05",
    "an end beyond 2038",
    expected=ACCEPT,
    source="2^31 s, where a signed 32-bit time_t ends",
    fails="A 32-bit time wraps to 1901, and the token is dead before it begins.",
    fix="Keep dates in 64 bits or a float.",
)
def beyond_2038(good: Good) -> Made:
    """`exp` is 2147483648."""
    return {"": good.token(exp=2**31)}


@defect(
    "OK-06",
    "a token of 7 KB, a hundred times",
    expected=ACCEPT,
    source="gRPC's soft limit of metadata is 8 KiB; grpc/grpc PR 32561",
    fails="Between a soft and a hard limit of metadata, servers turn calls away at random: auth looks flaky.",
    fix="Raise the server's grpc.max_metadata_size and absolute maximum together, or issue smaller tokens.",
    pitfall="the metadata key, or the form of the bearer token",
)
async def large_token(bench: Bench) -> Observations:
    """A good token, padded by a claim to 7,000 characters, in a hundred calls."""
    token = padded(bench.good, 7_000)
    answers = [await bench.call(bearer(token), alone=True) for _ in range(_TIMES)]
    for code in sorted({answer.code for answer in answers}):
        yield Observation(f"{_TIMES} calls", code)


@defect(
    "OK-07",
    "the second key of the set",
    expected=ACCEPT,
    source="RFC 7517, section 5",
    fails="The verifier uses the first key whatever kid says, so that a rotation takes all tokens down.",
    fix="Choose the key by kid.",
    algorithms=KEY_PAIRS,
)
def second_key(good: Good) -> Made:
    """Signed by another key that the issuer publishes."""
    return {"": good.token(good.second)}


def padded(good: Good, chars: int) -> str:
    """Return a good token of about that many characters."""
    bare = len(good.token(pad=""))
    return good.token(pad="x" * ((chars - bare) * 3 // 4))
