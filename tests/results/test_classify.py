import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results import classify as codes
from harness.results.challenge import Challenge
from harness.results.classify import classify, verifier_cause
from harness.results.failure_details import FailureDetails
from harness.results.row import Cause, Origin
from harness.results.status_details import StatusDetails

# What grpcio 1.85 shows for failures that are born in the client, beside what servers say under the same code.
LOOK_ALIKES = [
    (codes.UNAUTHENTICATED, "token expired", Origin.VERIFIER, Cause.EXPIRED),
    (
        codes.UNAUTHENTICATED,
        "Established channel does not have a sufficient security level to transfer call credential.",
        Origin.LOCAL,
        Cause.MISSING_METADATA,
    ),
    (codes.INTERNAL, "Invalid metadata", Origin.LOCAL, Cause.ILLEGAL_METADATA),
    (codes.UNAVAILABLE, "Illegal metadata", Origin.LOCAL, Cause.ILLEGAL_METADATA),
    (codes.UNAUTHENTICATED, "Invalid metadata: no credentials", Origin.VERIFIER, Cause.MISSING_METADATA),
    (
        codes.UNAVAILABLE,
        "Getting metadata from plugin failed with error: idp down",
        Origin.TOKEN_SOURCE,
        Cause.UNREACHABLE,
    ),
    (codes.UNAVAILABLE, "the service is shutting down", Origin.HANDLER, Cause.UNAVAILABLE),
    (
        codes.RESOURCE_EXHAUSTED,
        "received metadata size exceeds hard limit (value length 20000 vs. 16384)",
        Origin.SIZE_LIMIT,
        Cause.TOO_LARGE,
    ),
    (codes.RESOURCE_EXHAUSTED, "quota used up", Origin.HANDLER, Cause.OVERLOAD),
    (
        codes.RESOURCE_EXHAUSTED,
        "CLIENT: Received message larger than max (5000000 vs. 4194304)",
        Origin.SIZE_LIMIT,
        Cause.TOO_LARGE,
    ),
    (codes.UNKNOWN, "Exception calling application: boom", Origin.HANDLER, Cause.CRASH),
    (codes.UNKNOWN, "Stream removed", Origin.TRANSPORT, Cause.CONNECTION_LOST),
    (
        codes.UNAVAILABLE,
        "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Connection refused",
        Origin.TRANSPORT,
        Cause.UNREACHABLE,
    ),
    (
        codes.UNAUTHENTICATED,
        "jwks fetch failed: Connection refused",
        Origin.VERIFIER,
        Cause.KEYS_UNAVAILABLE,
    ),
    (codes.UNAVAILABLE, "Socket closed", Origin.TRANSPORT, Cause.CONNECTION_LOST),
    (codes.UNAVAILABLE, "recvmsg:Connection reset by peer", Origin.TRANSPORT, Cause.CONNECTION_LOST),
    (codes.CANCELLED, "Channel closed!", Origin.LOCAL, Cause.CANCELLED),
    (codes.DEADLINE_EXCEEDED, "Deadline Exceeded", Origin.TRANSPORT, Cause.DEADLINE),
]

# A proxy answers in HTTP; the mapping is grpc/grpc doc/http-grpc-status-mapping.md.
PROXIES = [
    (codes.UNAUTHENTICATED, "Received http2 header with status: 401", Origin.PROXY, Cause.UNAUTHENTICATED),
    (codes.PERMISSION_DENIED, "Received http2 header with status: 403", Origin.PROXY, Cause.DENIED),
    (codes.INTERNAL, "Received http2 header with status: 431", Origin.SIZE_LIMIT, Cause.TOO_LARGE),
    (codes.INTERNAL, "Received http2 header with status: 400", Origin.PROXY, Cause.HTTP_ANSWER),
    (codes.UNKNOWN, "Received http2 header with status: 302", Origin.PROXY, Cause.HTTP_ANSWER),
    (codes.UNIMPLEMENTED, "Received http2 header with status: 404", Origin.PROXY, Cause.HTTP_ANSWER),
    (codes.UNAVAILABLE, "Received http2 header with status: 503", Origin.PROXY, Cause.UNAVAILABLE),
    (codes.UNAVAILABLE, "unexpected HTTP status code 429", Origin.PROXY, Cause.UNAVAILABLE),
    (codes.UNAUTHENTICATED, "Jwks doesn't have key to match kid or alg from Jwt", Origin.PROXY, Cause.UNKNOWN_KEY),
    (codes.PERMISSION_DENIED, "Audiences in Jwt are not allowed", Origin.PROXY, Cause.WRONG_AUDIENCE),
    (codes.UNAUTHENTICATED, "Jwt is missing", Origin.PROXY, Cause.MISSING_METADATA),
    (codes.UNAUTHENTICATED, "Jwt is expired", Origin.PROXY, Cause.EXPIRED),
    (codes.UNAUTHENTICATED, "Jwt verification fails", Origin.PROXY, Cause.BAD_SIGNATURE),
    (codes.UNAUTHENTICATED, "Jwks remote fetch is failed", Origin.PROXY, Cause.KEYS_UNAVAILABLE),
]

# Words of PyJWT, golang-jwt, jose, grpc-java and of services seen in the wild.
VERIFIERS = [
    ("Signature has expired", Cause.EXPIRED),
    ("token has invalid claims: token is expired", Cause.EXPIRED),
    ("Signature verification failed", Cause.BAD_SIGNATURE),
    ("token signature is invalid", Cause.BAD_SIGNATURE),
    ("The token is not yet valid (nbf)", Cause.NOT_YET_VALID),
    ("token used before issued", Cause.NOT_YET_VALID),
    ('Token is missing the "exp" claim', Cause.MISSING_CLAIM),
    ('Token is missing the "aud" claim', Cause.MISSING_CLAIM),
    ("required claim iss is missing", Cause.MISSING_CLAIM),
    ("Audience doesn't match", Cause.WRONG_AUDIENCE),
    ("Invalid issuer", Cause.WRONG_ISSUER),
    ("The specified alg value is not allowed", Cause.WRONG_ALGORITHM),
    ("unknown kid k7", Cause.UNKNOWN_KEY),
    ("token has been revoked", Cause.REVOKED),
    ("missing authorization header", Cause.MISSING_METADATA),
    ("Request unauthenticated with bearer", Cause.MISSING_METADATA),
    ("Not enough segments", Cause.MALFORMED),
    ("token is malformed", Cause.MALFORMED),
    ("go away", Cause.UNAUTHENTICATED),
    ("", Cause.UNAUTHENTICATED),
]

# A verifier's words under codes that others use too; what is no caller's token stays what its code says.
ELSEWHERE = [
    (codes.PERMISSION_DENIED, "Signature has expired", Origin.VERIFIER, Cause.EXPIRED),
    (codes.UNKNOWN, "Exception calling application: Signature has expired", Origin.VERIFIER, Cause.EXPIRED),
    (codes.UNKNOWN, "Exception calling application: Audience doesn't match", Origin.VERIFIER, Cause.WRONG_AUDIENCE),
    (codes.INTERNAL, "token contains an invalid number of segments", Origin.VERIFIER, Cause.MALFORMED),
    (codes.INVALID_ARGUMENT, "jwt malformed", Origin.VERIFIER, Cause.MALFORMED),
    (codes.FAILED_PRECONDITION, "access token expired", Origin.VERIFIER, Cause.EXPIRED),
    (codes.UNAVAILABLE, "jwks fetch failed: Connection refused", Origin.VERIFIER, Cause.KEYS_UNAVAILABLE),
    (codes.PERMISSION_DENIED, "insufficient_scope: ledger.write", Origin.POLICY, Cause.DENIED),
    (1010, "missing bearer token", Origin.VERIFIER, Cause.MISSING_METADATA),
    (codes.PERMISSION_DENIED, "the caller does not have permission", Origin.POLICY, Cause.DENIED),
    (codes.NOT_FOUND, "key not found", Origin.HANDLER, Cause.BAD_REQUEST),
    (codes.FAILED_PRECONDITION, "the coupon expired", Origin.HANDLER, Cause.BAD_REQUEST),
    (codes.INVALID_ARGUMENT, "continuation token expired", Origin.HANDLER, Cause.BAD_REQUEST),
    (codes.UNKNOWN, "Task token not set", Origin.HANDLER, Cause.CRASH),
    (codes.INTERNAL, "failed to load claims of policy 7", Origin.HANDLER, Cause.CRASH),
    (codes.INTERNAL, "unexpected token < in JSON at position 0", Origin.HANDLER, Cause.CRASH),
    (codes.RESOURCE_EXHAUSTED, "the token bucket is empty", Origin.HANDLER, Cause.OVERLOAD),
    (codes.UNAVAILABLE, "etcdserver: request timed out", Origin.HANDLER, Cause.UNAVAILABLE),
]

# What is written for programs, beside a text that says nothing, or something else.
STRUCTURED = [
    (codes.UNAUTHENTICATED, StatusDetails("ACCESS_TOKEN_EXPIRED"), None, Origin.VERIFIER, Cause.EXPIRED),
    (codes.UNAUTHENTICATED, StatusDetails("CREDENTIALS_MISSING"), None, Origin.VERIFIER, Cause.MISSING_METADATA),
    (codes.PERMISSION_DENIED, StatusDetails("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), None, Origin.POLICY, Cause.DENIED),
    (codes.PERMISSION_DENIED, StatusDetails("IAM_PERMISSION_DENIED"), None, Origin.POLICY, Cause.DENIED),
    (codes.PERMISSION_DENIED, StatusDetails("JWT_AUDIENCE_MISMATCH"), None, Origin.VERIFIER, Cause.WRONG_AUDIENCE),
    (codes.NOT_FOUND, StatusDetails("KEY_NOT_FOUND"), None, Origin.HANDLER, Cause.BAD_REQUEST),
    (
        codes.INVALID_ARGUMENT,
        StatusDetails(fields=(("jwt", "must be a bearer token"),)),
        None,
        Origin.HANDLER,
        Cause.BAD_REQUEST,
    ),
    (
        codes.UNAUTHENTICATED,
        None,
        Challenge("invalid_token", "The token is not yet valid"),
        Origin.VERIFIER,
        Cause.NOT_YET_VALID,
    ),
    (codes.UNAUTHENTICATED, None, Challenge("invalid_token"), Origin.VERIFIER, Cause.UNAUTHENTICATED),
    (codes.PERMISSION_DENIED, None, Challenge("insufficient_scope"), Origin.POLICY, Cause.DENIED),
    (codes.UNAUTHENTICATED, None, Challenge(), Origin.VERIFIER, Cause.UNAUTHENTICATED),
]

BY_CODE = [
    (codes.PERMISSION_DENIED, Origin.POLICY, Cause.DENIED),
    (codes.UNIMPLEMENTED, Origin.HANDLER, Cause.NO_SUCH_METHOD),
    (codes.INVALID_ARGUMENT, Origin.HANDLER, Cause.BAD_REQUEST),
    (codes.NOT_FOUND, Origin.HANDLER, Cause.BAD_REQUEST),
    (codes.ABORTED, Origin.HANDLER, Cause.BAD_REQUEST),
    (codes.DATA_LOSS, Origin.HANDLER, Cause.CRASH),
    (99, Origin.HANDLER, Cause.BAD_REQUEST),
]


@pytest.mark.parametrize(("code", "details", "origin", "cause"), [*LOOK_ALIKES, *PROXIES, *ELSEWHERE])
def test_texts_tell_where_a_failure_arose_when_the_code_cannot(
    code: int, details: str, origin: Origin, cause: Cause
) -> None:
    assert classify(code, details) == (origin, cause)


@pytest.mark.parametrize(("details", "cause"), VERIFIERS)
def test_a_verifiers_words_tell_the_cause(details: str, cause: Cause) -> None:
    assert verifier_cause(details) is cause
    assert classify(codes.UNAUTHENTICATED, details) == (Origin.VERIFIER, cause)


@pytest.mark.parametrize(("code", "details", "challenge", "origin", "cause"), STRUCTURED)
@pytest.mark.parametrize("text", ["", "go away"])
def test_what_is_written_for_programs_comes_before_the_text(
    code: int, details: StatusDetails | None, challenge: Challenge | None, origin: Origin, cause: Cause, text: str
) -> None:
    assert classify(code, text, FailureDetails(details=details, challenge=challenge)) == (origin, cause)


def test_a_reason_that_names_nothing_leaves_the_word_to_the_text() -> None:
    beside = FailureDetails(details=StatusDetails("E4711", "auth.example"))
    assert classify(codes.UNAUTHENTICATED, "token expired", beside) == (Origin.VERIFIER, Cause.EXPIRED)


def test_what_a_proxy_says_in_its_challenge_tells_why_it_answered_401() -> None:
    beside = FailureDetails(challenge=Challenge("invalid_token", "The access token expired"))
    found = classify(codes.UNAUTHENTICATED, "Received http2 header with status: 401", beside)
    assert found == (Origin.PROXY, Cause.EXPIRED)


def test_an_http_status_of_the_key_server_is_not_the_answer_of_a_proxy() -> None:
    said = "failed to perform first HTTP request for JWK Set: invalid HTTP status code: 404"
    assert classify(codes.UNAUTHENTICATED, said) == (Origin.VERIFIER, Cause.KEYS_UNAVAILABLE)


def test_a_refused_stream_is_the_servers_limit_and_no_lost_connection() -> None:
    for said in (
        "Received RST_STREAM with error code 7",
        "Stream removed (RST_STREAM (Received RST_STREAM with error code 7))",
    ):
        assert classify(codes.UNAVAILABLE, said) == (Origin.TRANSPORT, Cause.STREAM_LIMIT)
    other = "Stream removed (RST_STREAM (Received RST_STREAM with error code 2))"
    assert classify(codes.INTERNAL, other) == (Origin.TRANSPORT, Cause.CONNECTION_LOST)


@pytest.mark.parametrize(("code", "origin", "cause"), BY_CODE)
def test_without_words_the_code_decides(code: int, origin: Origin, cause: Cause) -> None:
    assert classify(code, "") == (origin, cause)


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.OK])
def test_the_servers_own_verdict_comes_before_all_words(cause: Cause) -> None:
    said = "Socket closed: Jwt is expired"
    origin = Origin.POLICY if cause is Cause.DENIED else Origin.VERIFIER  # a token that was good, and not allowed
    assert classify(codes.UNAVAILABLE, said, FailureDetails(cause.name.lower())) == (origin, cause)


def test_a_verdict_that_we_do_not_know_is_still_the_verifiers() -> None:
    assert classify(codes.UNAUTHENTICATED, "", FailureDetails("jwt")) == (Origin.VERIFIER, Cause.UNAUTHENTICATED)


def test_after_a_good_verdict_the_handler_failed_whatever_words_it_uses() -> None:
    assert classify(codes.UNAVAILABLE, "the database said: Connection refused", FailureDetails("ok")) == (
        Origin.HANDLER,
        Cause.UNAVAILABLE,
    )
    assert classify(codes.INTERNAL, "Invalid metadata", FailureDetails("ok")) == (Origin.HANDLER, Cause.CRASH)


@given(st.integers(1, 16), st.text(), st.none() | st.text().filter(lambda said: said.upper() != "OK"))
def test_a_failure_is_never_classified_as_none(code: int, details: str, verdict: str | None) -> None:
    origin, cause = classify(code, details, FailureDetails(verdict))
    assert origin is not Origin.NONE
    assert cause is not Cause.OK


def test_a_passed_deadline_is_no_lost_connection_whatever_its_text() -> None:
    assert classify(4, "Stream removed (Deadline Exceeded)") == (Origin.TRANSPORT, Cause.DEADLINE)
