import base64

import pytest
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from harness.results import challenge, status_details
from harness.results.challenge import Challenge
from harness.results.failure_details import NO_DETAILS, FailureDetails, ForeignHttpAnswer, http_answer
from harness.results.status_details import StatusDetails

# Texts that grpcio 1.85 and the native transport write for answers that are no gRPC: tests/e2e/test_http_answers.py
# has them written anew.
HTTP = [
    ("Received http2 header with status: 302", 302),
    ("unexpected HTTP status code received from server: 503 (Service Unavailable)", 503),
    ('the answer\'s content-type is "text/html", not application/grpc', 0),
    ("Stream removed (Data frame with END_STREAM flag received)", 0),
    ("Stream removed: the answer ended without grpc-status", 0),
]


def packed(name: str, data: bytes) -> bytes:
    """Return a `google.rpc.Status` with one detail, byte by byte."""
    any_ = Packed(type_url=f"type.googleapis.com/google.rpc.{name}", value=data).SerializeToString()
    return b"\x08\x10\x12\x04nope\x1a" + bytes([len(any_)]) + any_


def field(number: int, data: bytes) -> bytes:
    """Return a field of bytes."""
    return bytes([number << 3 | 2, len(data)]) + data


def test_an_error_info_is_its_reason_and_domain() -> None:
    info = field(1, b"TOKEN_EXPIRED") + field(2, b"auth.example") + field(3, field(1, b"k") + field(2, b"v"))
    assert status_details.parse(packed("ErrorInfo", info)) == StatusDetails("TOKEN_EXPIRED", "auth.example")


def test_a_retry_info_is_its_delay_in_seconds() -> None:
    delay = Duration(seconds=2, nanos=500_000_000).SerializeToString()
    assert status_details.parse(packed("RetryInfo", field(1, delay))) == StatusDetails(retry_s=2.5)


def test_a_bad_request_is_the_fields_that_were_refused() -> None:
    violation = field(1, b"page_token") + field(2, b"it expired")
    found = status_details.parse(packed("BadRequest", field(1, violation)))
    assert found == StatusDetails(fields=(("page_token", "it expired"),))


def test_details_of_other_kinds_say_nothing() -> None:
    assert status_details.parse(packed("DebugInfo", b"\x0a\x01x")) == StatusDetails()
    assert status_details.parse(b"") == StatusDetails()


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x1a\x05ab", packed("ErrorInfo", b"\x0a\x09x"), bytes(70_000)])
def test_bytes_that_are_no_status_are_left_out(data: bytes) -> None:
    assert status_details.parse(data) is None


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_details(data: bytes) -> None:
    for given_data in (data, packed("ErrorInfo", data[:100])):
        assert isinstance(status_details.parse(given_data), StatusDetails | None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'Bearer realm="api", error="invalid_token", error_description="it is \\"old\\""',
            Challenge("invalid_token", 'it is "old"'),
        ),
        ("bearer error=insufficient_scope , scope=x", Challenge("insufficient_scope")),
        ('Basic realm="x", Bearer error="invalid_request"', Challenge("invalid_request")),
        ("Bearer", Challenge()),
        ('Basic realm="bearers"', None),
        ("", None),
    ],
)
def test_a_challenge_is_read_as_the_rfc_writes_it(text: str, expected: Challenge | None) -> None:
    assert challenge.parse(text) == expected


@given(st.text(max_size=600))
def test_no_text_breaks_the_reader_of_challenges(text: str) -> None:
    assert isinstance(challenge.parse("Bearer " + text), Challenge)


def test_the_first_of_two_values_of_a_key_counts() -> None:
    metadata = [("www-authenticate", "Bearer error=invalid_token"), ("www-authenticate", "Bearer error=other")]
    assert FailureDetails.of(metadata).challenge == Challenge("invalid_token")


def test_metadata_without_a_word_on_the_failure_are_no_details() -> None:
    assert FailureDetails.of([("date", "today"), ("trace-bin", b"\0")]) is NO_DETAILS
    assert FailureDetails.of(None) is NO_DETAILS
    assert FailureDetails.of([("grpc-status-details-bin", "text where bytes belong")]) == NO_DETAILS


def test_details_are_the_same_from_the_wire_as_from_a_library() -> None:
    info = packed("ErrorInfo", field(1, b"TOKEN_EXPIRED"))
    wire = [(b"grpc-status-details-bin", base64.b64encode(info).rstrip(b"=")), (b"www-authenticate", b"Bearer error=x")]
    library = FailureDetails.of([("grpc-status-details-bin", info), ("www-authenticate", "Bearer error=x")])
    assert FailureDetails.of_wire(wire) == library
    assert FailureDetails.of_wire([(b"grpc-status-details-bin", b"a")]).details == StatusDetails()


def test_what_the_trace_keeps_is_for_people_and_holds_no_token() -> None:
    beside = FailureDetails(
        details=StatusDetails("TOKEN_EXPIRED", "auth.example", 2.0),
        challenge=Challenge("invalid_token", f"eyJ{'a' * 40}.b.c is old"),
    )
    shown = beside.shown()
    assert shown == {"reason": "TOKEN_EXPIRED of auth.example; invalid_token ([token] is old)", "retry_after_s": 2.0}
    assert NO_DETAILS.shown() == {}


@pytest.mark.parametrize(("text", "status"), HTTP)
def test_an_answer_that_is_no_grpc_is_known_by_the_clients_words(text: str, status: int) -> None:
    assert http_answer(text) == ForeignHttpAnswer(status)


@pytest.mark.parametrize(
    "text", ["token expired", "key server: Received http2 header with status: 404", "Stream removed"]
)
def test_a_servers_own_text_is_no_http_answer(text: str) -> None:
    assert http_answer(text) is None
