"""Classify a failed call: where it arose (origin) and why (cause).

A status code alone is not evidence: the client library, a proxy and the server share the same
codes. Evidence is taken in this order: the server's own verdict in a trailer, texts that only the
client library writes, texts of proxies, and last the code. Pure.
"""

import re
from typing import Final

from harness.results.row import Cause, Origin

VERDICT_KEY: Final = "x-jwtstorm-verdict"
"""Trailer in which the lab's target says what its verifier decided: a `Cause` in lower case."""

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

# Envoy's and Istio's wording.
_PROXY_REFUSAL: Final = re.compile(r"Jwt |Jwks remote fetch")

_HTTP_STATUS: Final = re.compile(r"http2 header with status: (\d{3})|HTTP status(?: code)? (\d{3})")

# What verifiers say, in the words of their libraries; first match wins.
_VERIFIER_TEXTS: Final = (
    (re.compile(r"missing .{0,12}claim|claim .{0,20}(missing|required)", re.IGNORECASE), Cause.MISSING_CLAIM),
    (re.compile(r"revoked", re.IGNORECASE), Cause.REVOKED),
    (re.compile(r"not yet valid|used before|\bnbf\b|\biat\b|immature", re.IGNORECASE), Cause.NOT_YET_VALID),
    (re.compile(r"expired|\bexp\b", re.IGNORECASE), Cause.EXPIRED),
    (re.compile(r"remote fetch|jwks.{0,20}(fail|unavail|fetch)", re.IGNORECASE), Cause.KEYS_UNAVAILABLE),
    (re.compile(r"\bkid\b|unknown key|no matching key|key not found", re.IGNORECASE), Cause.UNKNOWN_KEY),
    (re.compile(r"\balg(orithm)?\b", re.IGNORECASE), Cause.WRONG_ALGORITHM),
    (re.compile(r"signature|verification fail", re.IGNORECASE), Cause.BAD_SIGNATURE),
    (re.compile(r"\baud(ience)?\b", re.IGNORECASE), Cause.WRONG_AUDIENCE),
    (re.compile(r"\biss(uer)?\b", re.IGNORECASE), Cause.WRONG_ISSUER),
    (
        re.compile(r"missing|no (valid )?(auth|token|credential)|not provided|unauthenticated with", re.IGNORECASE),
        Cause.MISSING_METADATA,
    ),
    (re.compile(r"malformed|segment|decod|pars|format|invalid token", re.IGNORECASE), Cause.MALFORMED),
)

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


def classify(code: int, details: str, verdict: str | None = None) -> Outcome:
    """Return origin and cause of a failed call.

    ``code`` is the gRPC status, ``details`` its text, ``verdict`` the trailer `VERDICT_KEY`.
    """
    if verdict is not None and verdict != "ok":
        cause = Cause.__members__.get(verdict.upper(), Cause.UNAUTHENTICATED)
        return Origin.POLICY if cause is Cause.DENIED else Origin.VERIFIER, cause
    if verdict == "ok" and code == UNAUTHENTICATED:
        return Origin.HANDLER, Cause.UNAUTHENTICATED
    if verdict is None and (outcome := _by_text(code, details)) is not None:
        return outcome
    if code == UNAUTHENTICATED:
        return Origin.PROXY if _PROXY_REFUSAL.match(details) else Origin.VERIFIER, verifier_cause(details)
    return _BY_CODE.get(code, (Origin.HANDLER, Cause.BAD_REQUEST))


def verifier_cause(details: str) -> Cause:
    """Return the cause that a verifier's text names, or `Cause.UNAUTHENTICATED`."""
    return next((cause for pattern, cause in _VERIFIER_TEXTS if pattern.search(details)), Cause.UNAUTHENTICATED)


def _by_text(code: int, details: str) -> Outcome | None:
    """Return what a text means that the client library or a proxy wrote."""
    if (status := _HTTP_STATUS.search(details)) is not None:
        return _by_http_status(int(status.group(1) or status.group(2)), details)
    if code == DEADLINE_EXCEEDED:
        return Origin.TRANSPORT, Cause.DEADLINE  # its text may say "Stream removed (Deadline Exceeded)"
    if code == UNAUTHENTICATED:
        return (Origin.LOCAL, Cause.MISSING_METADATA) if _CLIENT_REFUSAL.search(details) else None
    return next((outcome for pattern, outcome in _CLIENT_TEXTS if pattern.search(details)), None)


def _by_http_status(status: int, details: str) -> Outcome:
    """Return what a proxy's HTTP answer means. Source: grpc/grpc doc/http-grpc-status-mapping.md."""
    if status == 401:
        return Origin.PROXY, verifier_cause(details)
    if status == 403:
        return Origin.PROXY, Cause.DENIED
    if status == 431:
        return Origin.SIZE_LIMIT, Cause.TOO_LARGE
    return Origin.PROXY, Cause.UNAVAILABLE if status in {429, 502, 503, 504} else Cause.BAD_REQUEST
