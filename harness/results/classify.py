"""Classify a failed call: where it arose (origin) and why (cause).

A status code alone is not evidence: the client library, a proxy and the server share the same
codes. FailureDetails is taken in this order: the server's own verdict in a trailer, what it says for
programs (status details, a challenge), texts that only the client library writes, what the text
says of the token, and last the code. Pure.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from harness.results.failure_details import NO_DETAILS, FailureDetails, ForeignHttpAnswer, http_answer
from harness.results.plain_words import phrase, plain
from harness.results.row import Cause, Origin
from harness.results.verifier_texts import deciding, unvarying

Outcome = tuple[Origin, Cause]

OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED = range(5)
NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION = range(5, 10)
ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED = range(10, 17)

# Texts of gRPC C-core 1.8x as the Python library shows them; each is written by the client itself.
_CLIENT_TEXTS: Final = (
    (re.compile(r"Invalid metadata|Illegal metadata"), (Origin.LOCAL, Cause.ILLEGAL_METADATA)),
    (re.compile(r"Getting metadata from plugin failed"), (Origin.TOKEN_SOURCE, Cause.UNREACHABLE)),
    (re.compile(r"metadata size exceeds|message larger than max"), (Origin.SIZE_LIMIT, Cause.TOO_LARGE)),
    (
        re.compile(r"[Ff]ailed to connect|Connection refused|No route to host|DNS resolution failed|Name or service"),
        (Origin.TRANSPORT, Cause.UNREACHABLE),
    ),
    (re.compile(r"RST_STREAM with error code 7\b"), (Origin.TRANSPORT, Cause.STREAM_LIMIT)),
    (
        re.compile(
            r"Socket closed|Connection reset|Stream removed|GOAWAY|RST_STREAM|ping timeout|Broken pipe|keepalive"
        ),
        (Origin.TRANSPORT, Cause.CONNECTION_LOST),
    ),
    (re.compile(r"recvmsg:|End of TCP stream|Transport closed"), (Origin.TRANSPORT, Cause.CONNECTION_LOST)),
)

# The only text of the client's own under UNAUTHENTICATED: any other is the server's, whatever words it uses.
_CLIENT_REFUSAL: Final = re.compile(r"sufficient security level to transfer call cred")

# Envoy's and Istio's wording. Source: google/jwt_verify_lib src/status.cc.
_PROXY_REFUSAL: Final = re.compile(
    r"Jwt (?:is (?:missing|expired|not in)|not yet|header|payload|signature|issuer|verification)|Jwks |Audiences in Jwt"
)

_TOKENS: Final = {
    "token": "jwts?|jws|jwks?|tokens?|bearer|nbf|iat|iss|aud|exp|kid|alg|credentials?|authorization",
    "kind": "access|id|auth|authorization|bearer|jwt|identity|security",
    "whose": "audience|issuer|signature",
    "wrong": "invalid|wrong|unexpected|incorrect|not match|mismatch|fail\\w*|expired",
}
_NOT_AUTH: Final = phrase(
    "page|continuation|task|sync|next|cancellation|lock|device|unexpected|unrecogni[sz]ed|csrf|reset|resume tokens?", {}
)
"""Tokens that are none of a caller's: cursors of lists, handles of work, words of a parser."""
_OF_A_TOKEN: Final = tuple(
    phrase(words, _TOKENS) for words in ("<token>", "<wrong> . <whose>", "<whose> .. <wrong>", "not enough segments")
)
_OF_A_BEARER: Final = (
    phrase("jwts?|jws|jwks?|bearer", {}),
    phrase("<kind> tokens?", _TOKENS),
    phrase("authorization header|metadata", {}),
)
_VERIFIERS_CODES: Final = frozenset({UNKNOWN, PERMISSION_DENIED, INTERNAL, DATA_LOSS})
"""Codes that a server's library makes of an error that a verifier raised, and the one that is often taken for it.

Numbers that gRPC does not define are a server's own, and some are its verifier's.
"""

_CHALLENGES: Final = {"invalid_request": Cause.MALFORMED, "insufficient_scope": Cause.DENIED}
"""Error codes of a challenge that name a cause; ``invalid_token`` names four. Source: RFC 6750, section 3.1."""

_BY_CODE: Final = {
    CANCELLED: (Origin.LOCAL, Cause.CANCELLED),
    UNKNOWN: (Origin.HANDLER, Cause.CRASH),
    DEADLINE_EXCEEDED: (Origin.TRANSPORT, Cause.DEADLINE),
    PERMISSION_DENIED: (Origin.POLICY, Cause.DENIED),
    RESOURCE_EXHAUSTED: (Origin.HANDLER, Cause.OVERLOAD),
    UNIMPLEMENTED: (Origin.HANDLER, Cause.NO_SUCH_METHOD),
    INTERNAL: (Origin.HANDLER, Cause.CRASH),
    UNAVAILABLE: (Origin.HANDLER, Cause.UNAVAILABLE),
    DATA_LOSS: (Origin.HANDLER, Cause.CRASH),
}


def classify(code: int, text: str, beside: FailureDetails = NO_DETAILS) -> Outcome:
    """Return origin and cause of a failed call, by its gRPC status, its text, and what came in its metadata."""
    return next(outcome for outcome in _readings(code, text, beside) if outcome is not None)


def _readings(code: int, text: str, beside: FailureDetails) -> Iterator[Outcome | None]:
    """Yield what each kind of evidence says, the strongest first; the last always says something."""
    yield _by_verdict(code, beside.verdict)
    yield _by_http(http_answer(text), beside)
    yield _by_structure(code, text, beside)
    yield _of_client(code, text)
    yield _by_words(code, text)
    yield _by_code(code)


def verifier_cause(text: str) -> Cause:
    """Return the cause that a verifier's text names, or `Cause.UNAUTHENTICATED`."""
    rule = deciding(text)
    return rule.cause if rule is not None else Cause.UNAUTHENTICATED


def _by_verdict(code: int, verdict: str | None) -> Outcome | None:
    if verdict is None:
        return None
    if verdict == "ok":
        return (Origin.HANDLER, Cause.UNAUTHENTICATED) if code == UNAUTHENTICATED else _by_code(code)
    cause = Cause.__members__.get(verdict.upper(), Cause.UNAUTHENTICATED)
    return Origin.POLICY if cause is Cause.DENIED else Origin.VERIFIER, cause


def _by_http(answer: ForeignHttpAnswer | None, beside: FailureDetails) -> Outcome | None:
    """Return what a proxy's HTTP answer means. Source: grpc/grpc doc/http-grpc-status-mapping.md."""
    if answer is None:
        return None
    if answer.status == 401:
        return Origin.PROXY, _structured(UNAUTHENTICATED, beside) or Cause.UNAUTHENTICATED
    if answer.status == 403:
        return Origin.PROXY, Cause.DENIED
    if answer.status == 431:
        return Origin.SIZE_LIMIT, Cause.TOO_LARGE
    return Origin.PROXY, Cause.UNAVAILABLE if answer.status in {429, 502, 503, 504} else Cause.HTTP_ANSWER


def _by_structure(code: int, text: str, beside: FailureDetails) -> Outcome | None:
    cause = _structured(code, beside)
    if cause is not None:
        return _of_verifier(cause, text)
    if beside.details is not None and beside.details.fields and code != UNAUTHENTICATED:
        return Origin.HANDLER, Cause.BAD_REQUEST
    return None


def _structured(code: int, beside: FailureDetails) -> Cause | None:
    """Return the cause that a server names for programs."""
    details, asked = beside.details, beside.challenge
    if details is not None and details.reason and (cause := _said(code, details.reason)) is not None:
        return cause
    if asked is None:
        return None
    if asked.description and (cause := _said(UNAUTHENTICATED, asked.description)) is not None:
        return cause
    return _CHALLENGES.get(asked.error)


def _of_client(code: int, text: str) -> Outcome | None:
    """Return what a text means that the client library wrote itself."""
    if code == DEADLINE_EXCEEDED:
        return Origin.TRANSPORT, Cause.DEADLINE  # its text may say "Stream removed (Deadline Exceeded)"
    if code == UNAUTHENTICATED:
        return (Origin.LOCAL, Cause.MISSING_METADATA) if _CLIENT_REFUSAL.search(text) else None
    if _said(code, text) is Cause.KEYS_UNAVAILABLE:
        return None  # a verifier's request failed, whatever it says of its connection
    return next((outcome for pattern, outcome in _CLIENT_TEXTS if pattern.search(text)), None)


def _said(code: int, text: str) -> Cause | None:
    """Return what a text says of the token, where it speaks of one at all.

    Under UNAUTHENTICATED every text does. Elsewhere words decide: a handler has keys, dates and tokens of its own.
    """
    rule = deciding(text)
    if rule is None or code == UNAUTHENTICATED:
        return None if rule is None else rule.cause
    of_bearer, of_token = _speaks(unvarying(text))
    verifiers = code in _VERIFIERS_CODES or code > UNAUTHENTICATED
    return rule.cause if of_bearer or (of_token and verifiers) else None


@lru_cache(maxsize=4096)
def _speaks(text: str) -> tuple[bool, bool]:
    """Tell whether a text speaks of a caller's token beyond doubt, and whether it does so by its words alone."""
    words = plain(text)
    if _NOT_AUTH.search(words):
        return False, False
    return _any(_OF_A_BEARER, words), _any(_OF_A_TOKEN, words)


def _any(patterns: tuple[re.Pattern[str], ...], words: str) -> bool:
    return any(pattern.search(words) for pattern in patterns)


def _by_words(code: int, text: str) -> Outcome | None:
    cause = _said(code, text)
    if cause is None:
        return _of_verifier(Cause.UNAUTHENTICATED, text) if code == UNAUTHENTICATED else None
    return _of_verifier(cause, text)


def _by_code(code: int) -> Outcome:
    return _BY_CODE.get(code, (Origin.HANDLER, Cause.BAD_REQUEST))


def _of_verifier(cause: Cause, text: str) -> Outcome:
    if cause is Cause.DENIED:
        return Origin.POLICY, cause
    return Origin.PROXY if _PROXY_REFUSAL.match(text) else Origin.VERIFIER, cause
