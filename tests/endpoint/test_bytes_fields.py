"""Fields of bytes: what is no base64 is refused with its place, in data of calls and in messages of a probe."""

import base64
import json
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet
from hypothesis import given
from hypothesis import strategies as st

from harness.endpoint.methods import Methods
from harness.endpoint.payload import Payload
from harness.errors import UsageError
from harness.probe.target.messages import Messages

LABEL_REPEATED = FieldDescriptorProto.LABEL_REPEATED


def _methods() -> Methods:
    """Return a service whose message has bytes in every place that a field may have."""
    file = FileDescriptorProto(name="blob.proto", package="shop", syntax="proto3")
    file.dependency.append("google/protobuf/wrappers.proto")
    blob = file.message_type.add(name="Blob")
    blob.field.add(name="raw_data", number=1, type=12, label=1, json_name="rawData")
    blob.field.add(name="many", number=2, type=12, label=LABEL_REPEATED)
    blob.field.add(name="inner", number=3, type=11, label=1, type_name=".shop.Blob")
    blob.field.add(name="wrapped", number=4, type=11, label=1, type_name=".google.protobuf.BytesValue")
    blob.field.add(name="by_key", number=5, type=11, label=LABEL_REPEATED, type_name=".shop.Blob.ByKeyEntry")
    blob.field.add(name="text", number=6, type=9, label=1)
    entry = blob.nested_type.add(name="ByKeyEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=9, label=1)
    entry.field.add(name="value", number=2, type=12, label=1)
    file.service.add(name="Store").method.add(name="Put", input_type=".shop.Blob", output_type=".shop.Blob")
    return Methods(FileDescriptorSet(file=[file]))


METHODS = _methods()
PUT = METHODS.find("shop.Store/Put")
BAD = "what we send!"
PLACES: list[tuple[dict[str, Any], str]] = [
    ({"rawData": BAD}, "rawData"),
    ({"raw_data": BAD}, "raw_data"),
    ({"many": ["QQ==", BAD]}, "many[1]"),
    ({"inner": {"inner": {"raw_data": BAD}}}, "inner.inner.raw_data"),
    ({"wrapped": BAD}, "wrapped"),
    ({"byKey": {"a": "QQ==", "b": BAD}}, "byKey.b"),
    ({"raw_data": "{{choice w x}}"}, "raw_data"),
]


@pytest.mark.parametrize(("data", "place"), PLACES)
def test_a_text_that_is_no_base64_is_refused_with_its_place(data: dict[str, Any], place: str) -> None:
    said = f"field {place}: its text is no base64, which a field of bytes takes; encode it"
    with pytest.raises(UsageError) as of_call:
        Payload(PUT, METHODS.pool, data)
    assert said in str(of_call.value)
    assert BAD not in str(of_call.value)
    if "{{" in json.dumps(data):
        return
    with pytest.raises(UsageError) as of_probe:
        Messages(METHODS, {"shop.Store/Put": json.dumps(data)})
    assert said in str(of_probe.value)


@given(st.binary(max_size=40), st.booleans(), st.booleans())
def test_any_base64_is_taken(raw: bytes, url_safe: bool, padded: bool) -> None:
    text = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(raw).decode()
    made: Any = Payload(PUT, METHODS.pool, {"raw_data": text if padded else text.rstrip("="), "text": BAD}).request(0)
    assert made.raw_data == raw
    assert made.text == BAD
