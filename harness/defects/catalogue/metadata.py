"""Defects of metadata: where the token stands in a call, and in what form."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

from harness.defects import ACCEPT, DENY, Allowed, Made, bearer, defect
from harness.defects.good import Good

_CONFUSED = "The interceptor takes a form that another hop does not, and the two disagree on who is calling."


@defect(
    "META-01",
    "no authorization at all",
    allowed=(Allowed(DENY, "no token means nobody, and nobody may do this (Istio)", when="anonymous"),),
    source="grpc/grpc doc/statuscodes.md; RFC 6750, section 3.1",
    fails="A method without an interceptor runs for anybody; or the missing key raises and the call ends UNKNOWN.",
    fix="Check in one interceptor before all methods, and treat a missing key as a rejection, not as an error.",
)
def nothing(good: Good) -> Made:
    """The call has no `authorization` entry."""
    del good
    return {"": ()}


@defect(
    "META-02",
    "the key in upper case",
    allowed=(
        Allowed("INTERNAL", "HTTP/2 forbids it, and the library answers before any code of yours"),
        Allowed("UNAVAILABLE", "the library resets the stream or the connection"),
    ),
    source="RFC 9113, section 8.2.1; grpc/grpc doc/PROTOCOL-HTTP2.md",
    fails="A client writes Authorization as over HTTP/1: its own library refuses, and the server never hears of it.",
    fix="Write metadata keys in lower case. Look for a local INTERNAL “Invalid metadata” when nothing arrives.",
)
def upper_case_key(good: Good) -> Made:
    """The key is `Authorization`; gRPC clients refuse to send it, so it goes over raw HTTP/2."""
    return {
        "Authorization": bearer(good.token(), "Authorization"),
        "AUTHORIZATION": bearer(good.token(), "AUTHORIZATION"),
    }


@defect(
    "META-03",
    "another key",
    allowed=(Allowed(ACCEPT, "the server documents this key (Envoy from_headers)", when="other-keys"),),
    source="RFC 6750, section 2.1",
    fails="A server that also reads other keys can be called past a proxy that only guards authorization.",
    fix="Read authorization, and nothing else.",
)
def other_key(good: Good) -> Made:
    """The token stands under `x-authorization`, `token` or `jwt`."""
    token = good.token()
    return {key: bearer(token, key) for key in ("x-authorization", "token", "jwt")}


@defect(
    "META-04",
    "a binary key",
    allowed=(Allowed("INTERNAL", "the value is no base64, and the library answers"),),
    source="grpc/grpc doc/PROTOCOL-HTTP2.md: the suffix -bin means base64",
    fails="A server that tries both keys has two ways in, and guards one.",
    fix="Read authorization as text only.",
)
def binary_key(good: Good) -> Made:
    """The token stands under `authorization-bin`, as bytes."""
    return {"": (("authorization-bin", f"Bearer {good.token()}".encode()),)}


@defect(
    "META-05",
    "a token where tokens do not belong",
    source="RFC 6750, section 2",
    fails="A cookie is sent by browsers unasked (CSRF), and both cookies and queries end in access logs.",
    fix="Take tokens from authorization only.",
)
def elsewhere(good: Good) -> Made:
    """The token stands in a cookie or in an entry of somebody's own."""
    token = good.token()
    return {
        "cookie": (("cookie", f"token={token}; access_token={token}; authorization={token}"),),
        "access_token": (("access_token", token),),
        "grpc-auth": (("grpc-auth", f"Bearer {token}"),),
    }


@defect(
    "META-06",
    "the scheme in lower case",
    expected=ACCEPT,
    allowed=(Allowed("UNAUTHENTICATED", "many guides demand exactly Bearer; what counts is that it does not change"),),
    source="RFC 9110, section 11.1: schemes are case-insensitive",
    fails="One build takes bearer and the next does not: clients break without a change of their own.",
    fix="Compare the scheme without regard to case.",
)
def lower_case_scheme(good: Good) -> Made:
    """`bearer <token>` instead of `Bearer <token>`."""
    token = good.token()
    return {scheme: (("authorization", f"{scheme} {token}"),) for scheme in ("bearer", "BEARER")}


@defect(
    "META-07",
    "no scheme",
    source="RFC 6750, section 2.1",
    fails="A server that splits off the last word takes any credentials for a bearer token.",
    fix="Demand the scheme.",
)
def no_scheme(good: Good) -> Made:
    """The value is the bare token."""
    return {"": (("authorization", good.token()),)}


@defect(
    "META-08",
    "no space after the scheme",
    source="RFC 6750, section 2.1",
    fails='`startsWith("Bearer")` and a trim, as in a well-known example, take `BearerX` as well.',
    fix="Split at the space, and compare the whole scheme.",
)
def no_space(good: Good) -> Made:
    """`Bearer<token>`."""
    return {"": (("authorization", f"Bearer{good.token()}"),)}


@defect(
    "META-09",
    "other white space",
    allowed=(Allowed(ACCEPT, "space at the ends may be stripped on the way"),),
    source="RFC 6750, section 2.1; grpc/grpc doc/PROTOCOL-HTTP2.md",
    fails=_CONFUSED,
    fix="One space, and no more.",
)
def white_space(good: Good) -> Made:
    """Two spaces, a space before, or a space behind."""
    token = good.token()
    values = {"two spaces": f"Bearer  {token}", "before": f" Bearer {token}", "behind": f"Bearer {token} "}
    return {name: (("authorization", value),) for name, value in values.items()}


@defect(
    "META-10",
    "another scheme",
    source="RFC 9110, section 11.1",
    fails="A verifier that ignores the scheme takes a token that was issued for another way of proof (DPoP, MAC).",
    fix="Demand Bearer.",
)
def other_scheme(good: Good) -> Made:
    """A good token under `Basic`, `JWT`, `Token`, `MAC` or `DPoP`."""
    token = good.token()
    return {scheme: (("authorization", f"{scheme} {token}"),) for scheme in ("Basic", "JWT", "Token", "MAC", "DPoP")}


@defect(
    "META-11",
    "an empty value",
    source="RFC 6750, section 2.1",
    fails='`split(" ")[1]` raises on it, and the call ends UNKNOWN.',
    fix="Parse the value as a whole, and reject what does not fit.",
)
def empty(good: Good) -> Made:
    """`authorization` is there, and holds nothing."""
    del good
    return {"": (("authorization", ""),)}


@defect(
    "META-12",
    "a scheme and no token",
    source="RFC 6750, section 2.1",
    fails="An empty token reaches the library, which may raise what nobody catches.",
    fix="Reject an empty token before it is parsed.",
)
def scheme_only(good: Good) -> Made:
    """`Bearer`, with and without a space behind."""
    del good
    return {"no space": (("authorization", "Bearer"),), "space": (("authorization", "Bearer "),)}


@defect(
    "META-13",
    "two tokens, the good one first",
    allowed=(Allowed(ACCEPT, "the first wins, at every hop alike", when="first-header"),),
    source="RFC 9110, section 5.3",
    fails="A proxy checks one entry and the server reads the other: a bad token is smuggled past the check.",
    fix="Reject a call with more than one authorization entry.",
)
def good_then_bad(good: Good) -> Made:
    """Two `authorization` entries: a good token, then one of a stranger."""
    return {"": (*bearer(good.token()), *bearer(_strange(good)))}


@defect(
    "META-14",
    "two tokens, the good one last",
    allowed=(Allowed(ACCEPT, "the last wins, at every hop alike", when="last-header"),),
    source="RFC 9110, section 5.3",
    fails="`dict(metadata)` in Python keeps the last entry, while other languages' interceptors read the first.",
    fix="Reject a call with more than one authorization entry.",
)
def bad_then_good(good: Good) -> Made:
    """Two `authorization` entries: a stranger's token, then a good one."""
    return {"": (*bearer(_strange(good)), *bearer(good.token()))}


@defect(
    "META-15",
    "two tokens in one value",
    source="grpc/grpc doc/PROTOCOL-HTTP2.md: duplicates may be joined with a comma",
    fails="A hop joins duplicates, and the server splits them again and takes the one it likes.",
    fix="Reject a value with a comma: a token has none.",
)
def comma_joined(good: Good) -> Made:
    """`Bearer <one>,Bearer <two>` in a single entry, the good token first or last."""
    token, strange = good.token(), _strange(good)
    return {
        "good first": (("authorization", f"Bearer {token},Bearer {strange}"),),
        "good last": (("authorization", f"Bearer {strange}, Bearer {token}"),),
    }


@defect(
    "META-16",
    "what clients send by mistake",
    source="the classic mistakes of clients",
    fails="A client formats a variable that holds no token; the server's parser raises on the word.",
    fix="In the client, fail before the call when there is no token. In the server, reject.",
)
def client_mistakes(good: Good) -> Made:
    """A quoted token, or the words null, undefined, None and a template that was never filled in."""
    words = ["null", "undefined", "None", "[object Object]", "${TOKEN}"]
    return {word: (("authorization", f"Bearer {word}"),) for word in words} | {
        "quoted": (("authorization", f'Bearer "{good.token()}"'),)
    }


def _strange(good: Good) -> str:
    return good.token(good.stranger.named(good.signer.kid))
