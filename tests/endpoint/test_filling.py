"""Messages with required fields: filled with defaults where nothing is given, or named where they cannot be."""

import asyncio
import json
from typing import Any

import pytest

from harness.defects.bench import Answer
from harness.endpoint.filling import blank, filled
from harness.endpoint.methods import Methods, from_protos
from harness.endpoint.payload import Payload
from harness.errors import UsageError
from harness.probe.parts.coverage import Coverage, CoveragePlan
from harness.probe.result import Outcome
from harness.probe.target.credentials import Credential
from harness.probe.target.messages import Messages
from harness.probe.target.openness import Openness
from harness.probe.target.subject import candidates

pytest.importorskip("grpc_tools", reason="compiles .proto files")

PROTO = """
syntax = "proto2";
package shop;
enum Colour { RED = 3; BLUE = 5; }
message Id { required string text = 1; }
message Inner { required Id id = 1; required Colour colour = 2; }
message Scalars {
  required string s = 1; required bytes b = 2; required double d = 3; required bool f = 4;
  required int64 n = 5 [default = 42]; required Colour colour = 6; optional Id id = 7;
}
message Nested { required Inner inner = 1; }
message Choice { oneof which { Inner inner = 1; string text = 2; } }
message Many { repeated Inner inners = 1; }
message Mapped { map<string, Inner> inners = 1; }
message Group { required group Part = 1 { required Inner inner = 2; } }
message Endless { required Endless again = 1; }
message Hen { required Egg egg = 1; }
message Egg { required Hen hen = 1; }
message Wide { required W1 a = 1; required W1 b = 2; }
message End { optional string text = 1; }
message Reply {}
service Cart {
  rpc GetScalars(Scalars) returns (Reply); rpc GetNested(Nested) returns (Reply);
  rpc GetChoice(Choice) returns (Reply); rpc GetMany(Many) returns (Reply);
  rpc GetMapped(Mapped) returns (Reply); rpc GetGroup(Group) returns (Reply);
  rpc SendNested(stream Nested) returns (Reply); rpc GetEndless(Endless) returns (Reply);
  rpc GetHen(Hen) returns (Reply); rpc GetWide(Wide) returns (Reply); rpc GetEnd(End) returns (Reply);
}
"""
_WIDTH = 18
WIDE = (
    "".join(f"message W{n} {{ required W{n + 1} a = 1; required W{n + 1} b = 2; }}\n" for n in range(1, _WIDTH))
    + f"message W{_WIDTH} {{ required string text = 1; }}\n"
)
"""Messages without recursion, of which one requires some hundred thousand."""
IMPOSSIBLE = ("GetEndless", "GetHen", "GetWide")
INNER = {"id": {"text": ""}, "colour": 3}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Methods:
    path = tmp_path_factory.mktemp("protos") / "shop.proto"
    path.write_text(PROTO + WIDE, encoding="utf-8")
    return from_protos([path])


def shown(message: Any) -> dict[str, Any]:
    """Return what a message holds, by field."""
    return {field.name: _value(value) for field, value in message.ListFields()}


def _value(value: Any) -> Any:
    return shown(value) if hasattr(value, "ListFields") else value


TABLE = [
    ("GetScalars", {"s": "", "b": b"", "d": 0.0, "f": False, "n": 42, "colour": 3}),
    ("GetNested", {"inner": INNER}),
    ("GetChoice", {}),
    ("GetMany", {}),
    ("GetMapped", {}),
    ("GetGroup", {"part": {"inner": INNER}}),
    ("GetEnd", {}),
]


@pytest.mark.parametrize(("name", "holds"), TABLE)
def test_required_fields_hold_their_defaults_and_no_others_do(shop: Methods, name: str, holds: dict[str, Any]) -> None:
    method = shop.find(f"shop.Cart/{name}")
    declared: Any = Payload(method, shop.pool, {}).request(0)
    for message in (blank(method), declared, method.request.FromString(Messages(shop, {}).make(method, "n"))):
        assert shown(message) == holds
        message.SerializeToString()


@pytest.mark.parametrize("name", ["GetChoice", "GetMany", "GetMapped"])
def test_a_member_that_stands_gets_what_it_requires(shop: Methods, name: str) -> None:
    message: Any = shop.find(f"shop.Cart/{name}").request()
    if name == "GetChoice":
        message.inner.SetInParent()
    elif name == "GetMany":
        message.inners.add()
    else:
        message.inners.get_or_create("key")
    assert filled(message, shop.find(f"shop.Cart/{name}")).IsInitialized()


def test_a_stream_is_a_list_of_filled_messages(shop: Methods) -> None:
    method = shop.find("shop.Cart/SendNested")
    assert [shown(message) for message in blank(method)] == [{"inner": INNER}]
    assert [shown(message) for message in Payload(method, shop.pool, [{}, {}]).request(0)] == [{"inner": INNER}] * 2  # type: ignore[union-attr]


PARTIAL = [
    ("GetScalars", '{"s": "x"}', "b, d, f, colour"),
    ("GetNested", '{"inner": {"id": {}}}', "inner.colour, inner.id.text"),
    ("GetGroup", '{"part": {"inner": {}}}', "part.inner.id, part.inner.colour"),
    ("GetMany", '{"inners": [{"colour": 3}]}', "inners[0].id"),
]


@pytest.mark.parametrize(("name", "data", "places"), PARTIAL)
def test_data_that_lacks_a_required_field_is_refused_with_its_place(
    shop: Methods, name: str, data: str, places: str
) -> None:
    method = shop.find(f"shop.Cart/{name}")
    for make in (
        lambda: Messages(shop, {f"shop.Cart/{name}": data}),
        lambda: Payload(method, shop.pool, json.loads(data)),
    ):
        with pytest.raises(UsageError) as caught:
            make()
        assert f"shop.Cart/{name}: required fields are missing: " in str(caught.value)
        named = str(caught.value).split("missing: ")[1].split("; give them")[0]
        assert set(places.split(", ")) <= set(named.split(", "))


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_message_without_end_is_named_with_its_method(shop: Methods, name: str) -> None:
    method = shop.find(f"shop.Cart/{name}")
    said = rf"shop\.Cart/{name}: no message can be made, for the fields that shop\.\w+ requires have no end; skip it"
    assert blank(method) is None
    with pytest.raises(UsageError, match=said):
        Payload(method, shop.pool, {})
    with pytest.raises(UsageError, match=said):
        Messages(shop, {}).make(method, "n")


def test_coverage_names_what_cannot_be_made_and_goes_on_with_the_rest(shop: Methods) -> None:
    called = []

    class Closed:
        async def call(self, _: Any, method: str, *__: Any, **___: Any) -> Answer:
            called.append(method)
            return Answer("UNAUTHENTICATED", in_silence=True)

    async def collect(closed: Any) -> list[Any]:
        plan = CoveragePlan(shop, (Credential("no token", ()),), Messages(shop, {}).make)
        return [finding async for finding in Coverage(plan, closed, lambda: asyncio.sleep(0)).ask()]

    found = asyncio.run(collect(Closed()))
    left_out = {finding.subject: finding.text for finding in found if finding.outcome is Outcome.NOT_CHECKED}
    assert set(left_out) == {f"shop.Cart/{name}" for name in IMPOSSIBLE}
    assert all("no message can be made" in text for text in left_out.values())
    assert {method.path for method in shop} - set(called) == {f"/shop.Cart/{name}" for name in IMPOSSIBLE}


def test_the_call_that_verdicts_are_tried_on_can_be_made(shop: Methods) -> None:
    fit = {method.name for method in candidates(shop, Messages(shop, {}), Openness())}
    assert fit == {method.name for method in shop if method.kind == "unary"} - set(IMPOSSIBLE)
