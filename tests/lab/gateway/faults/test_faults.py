"""What each fault adds to a call's treatment; how treatments work is `test_table`'s."""

import base64
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from harness.lab.gateway.faults import GatewayFault, Opening
from harness.lab.gateway.header_codec import Field, Fields
from harness.lab.gateway.treatment import StreamReset, Treatment, TreatmentMoment, rewritten
from tests.lab.gateway.test_board import Connection

REQUEST = (Field(b":path", b"/a.B/C"), Field(b"authorization", b"Bearer one"), Field(b"x", b"1"))


def touched(fields: Fields = REQUEST, memory: dict[Any, Any] | None = None, copy: int = 0, **fault: Any) -> Treatment:
    treatment = Treatment()
    opening = Opening(Connection(copy=copy), 1, "/a.B/C", fields, {} if memory is None else memory)
    GatewayFault.from_json(fault).touch(opening, treatment)
    return treatment


def pairs(fields: Fields) -> dict[bytes, bytes]:
    return {field.name: field.value for field in fields}


def status_type() -> Any:
    """Return google.rpc.Status and its two details, declared anew: what any client decodes them by."""
    text, number = descriptor_pb2.FieldDescriptorProto.TYPE_STRING, descriptor_pb2.FieldDescriptorProto.TYPE_INT64
    data, inner = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES, descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
    file = descriptor_pb2.FileDescriptorProto(name="s.proto", package="t", syntax="proto3")

    def declare(name: str, *fields: tuple[str, int, Any, str, bool]) -> None:
        message = file.message_type.add(name=name)
        for index, (field, at, kind, type_name, repeated) in enumerate(fields):
            del index
            message.field.add(name=field, number=at, type=kind, type_name=type_name or None, label=3 if repeated else 1)

    declare("Any", ("type_url", 1, text, "", False), ("value", 2, data, "", False))
    declare(
        "Status", ("code", 1, number, "", False), ("message", 2, text, "", False), ("details", 3, inner, ".t.Any", True)
    )
    declare("Duration", ("seconds", 1, number, "", False), ("nanos", 2, number, "", False))
    declare("RetryInfo", ("retry_delay", 1, inner, ".t.Duration", False))
    declare("ErrorInfo", ("reason", 1, text, "", False), ("domain", 2, text, "", False))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        one.name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"t.{one.name}"))
        for one in file.message_type
    }


def test_a_status_is_one_block_of_trailers() -> None:
    answer = touched(kind="status", code=8, message="too much: 100 %").answer
    assert answer is not None
    assert pairs(answer.headers) == {
        b":status": b"200",
        b"content-type": b"application/grpc",
        b"grpc-status": b"8",
        b"grpc-message": b"too much: 100 %25",
    }
    assert (answer.body, answer.trailers) == (b"", None)


def test_a_status_bears_its_details_as_any_client_reads_them() -> None:
    answer = touched(
        kind="status", code=14, message="later", retry_delay_s=1.5, pushback_ms=-1, reason="QUOTA", domain="bank.test"
    ).answer
    assert answer is not None
    fields = pairs(answer.headers)
    assert fields[b"grpc-retry-pushback-ms"] == b"-1"
    types = status_type()
    packed = fields[b"grpc-status-details-bin"]
    status = types["Status"].FromString(base64.b64decode(packed + b"=" * (-len(packed) % 4)))
    assert (status.code, status.message) == (14, "later")
    retry, error = status.details
    assert retry.type_url == "type.googleapis.com/google.rpc.RetryInfo"
    delay = types["RetryInfo"].FromString(retry.value).retry_delay
    assert (delay.seconds, delay.nanos) == (1, 500_000_000)
    info = types["ErrorInfo"].FromString(error.value)
    assert (info.reason, info.domain) == ("QUOTA", "bank.test")


@pytest.mark.parametrize("status", [200, 302, 401, 403, 404, 431, 503, 418])
def test_an_http_answer_is_a_page_without_grpc(status: int) -> None:
    answer = touched(kind="http_answer", status=status, retry_after_s=7).answer
    assert answer is not None
    fields = pairs(answer.headers)
    assert fields[b":status"] == str(status).encode()
    assert fields[b"content-type"].startswith(b"text/html")
    assert int(fields[b"content-length"]) == len(answer.body)
    assert fields[b"retry-after"] == b"7"
    assert (b"location" in fields) == (status == 302)
    assert (b"www-authenticate" in fields) == (status == 401)
    assert not any(name.startswith(b"grpc") for name in fields)


def test_the_first_answer_and_the_first_reset_stay() -> None:
    treatment = touched(kind="status", code=8)
    opening = Opening(Connection(), 1, "/a.B/C", REQUEST, {})
    first = treatment.answer
    for fault in ({"kind": "http_answer"}, {"kind": "reset", "code": 2}, {"kind": "reset", "code": 8}):
        GatewayFault.from_json(fault).touch(opening, treatment)
    assert treatment.answer is first
    assert treatment.reset == StreamReset(2, TreatmentMoment.OPEN)


def test_a_delay_adds_its_holds() -> None:
    treatment = touched(kind="delay", request_s=1, headers_s=2, end_s=3)
    assert (treatment.hold_request_s, treatment.hold_headers_s, treatment.hold_end_s) == (1, 2, 3)


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"action": "drop"}, []),
        ({"action": "double"}, [b"Bearer one", b"Bearer one"]),
        ({"action": "fold"}, [b"Bearer one, Bearer one"]),
        ({"action": "cut", "keep_bytes": 8}, [b"Bearer o"]),
        ({"action": "rename", "to": "x-authorization"}, []),
    ],
)
def test_metadata_is_changed_and_nothing_beside_it(change: dict[str, Any], values: list[bytes]) -> None:
    treatment = touched(kind="metadata", **change)
    found = rewritten(REQUEST, treatment.request)
    assert [field.value for field in found if field.name == b"authorization"] == values
    assert [field for field in found if field.name in {b":path", b"x"}] == [REQUEST[0], REQUEST[2]]
    renamed = [field.value for field in found if field.name == b"x-authorization"]
    assert renamed == ([b"Bearer one"] if "to" in change else [])


def test_several_values_are_folded_into_the_first_ones_place() -> None:
    fields = (Field(b"a", b"1"), Field(b"b", b"2"), Field(b"a", b"3"))
    treatment = touched(kind="metadata", action="fold", key="a")
    assert pairs(rewritten(fields, treatment.request)) == {b"a": b"1, 3", b"b": b"2"}
    assert len(rewritten(fields, treatment.request)) == 2


def test_metadata_of_an_answer_is_changed_where_it_is_named() -> None:
    treatment = touched(kind="metadata", action="drop", key="x", of="trailers")
    assert (len(treatment.request), len(treatment.headers), len(treatment.trailers)) == (0, 0, 1)


def test_a_stale_token_is_each_copys_first() -> None:
    memory: dict[Any, Any] = {}

    def sent(token: bytes, copy: int) -> bytes:
        request = (Field(b"authorization", token),)
        treatment = touched(request, memory, copy, kind="stale_token")
        return rewritten(request, treatment.request)[0].value

    assert [sent(b"a", 1), sent(b"b", 1), sent(b"c", 2), sent(b"d", 2), sent(b"a", 1)] == [b"a", b"a", b"c", b"c", b"a"]
    assert touched((), memory, 3, kind="stale_token").request == []


@pytest.mark.parametrize(("cut", "kept"), [("status", [b"grpc-message", b"x"]), ("message", [b"grpc-status", b"x"])])
def test_trailers_lose_what_is_named(cut: str, kept: list[bytes]) -> None:
    trailers = (Field(b"grpc-status", b"0"), Field(b"grpc-message", b"m"), Field(b"x", b"1"))
    treatment = touched(kind="trailers", cut=cut)
    assert [field.name for field in rewritten(trailers, treatment.trailers)] == kept
    assert touched(kind="trailers").cut_trailers
