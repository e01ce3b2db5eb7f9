"""Reflection of servers as they are: one protocol of two, files left out, files that are broken."""

from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2 as pb

from harness.endpoint import Endpoint, reflection
from harness.endpoint.methods import Methods, from_reflection
from harness.endpoint.opening import open_channel
from harness.errors import UsageError
from tests.endpoint.ledger_server import SERVICE, serving
from tests.fakes.reflecting_server import Answer, Ends, answering, ending, file, reflecting

pytestmark = pytest.mark.e2e

TOKEN = (("authorization", "Bearer good"),)
SHOP = file("shop.proto", "shop.v1", services={"Cart": ["Get", "Clear"]})


def read(newer: Answer | None, older: Answer | None = None) -> Methods:
    with reflecting(newer, older) as (address, _), open_channel(Endpoint((address,)), address) as channel:
        return from_reflection(channel, TOKEN, timeout_s=5)


def refused(newer: Answer | None, older: Answer | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        read(newer, older)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("give --proto FILES or --descriptor-set FILE instead")
    return str(caught.value)


def paths(methods: Methods) -> list[str]:
    return [method.path for method in methods]


def test_a_server_of_python_is_read() -> None:
    with serving() as (address, _), open_channel(Endpoint((address,)), address) as channel:
        assert from_reflection(channel, TOKEN).find(f"{SERVICE}/GetBalance").kind == "unary"


def test_the_newer_protocol_alone_is_read_with_a_token() -> None:
    with reflecting(answering(SHOP)) as (address, seen), open_channel(Endpoint((address,)), address) as channel:
        assert paths(from_reflection(channel, TOKEN)) == ["/shop.v1.Cart/Clear", "/shop.v1.Cart/Get"]
        assert set(seen) == {"Bearer good"}


FAILURES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


@pytest.mark.parametrize("code", FAILURES, ids=lambda code: str(code.name))
def test_the_older_protocol_is_asked_after_any_failure_of_the_newer(code: grpc.StatusCode) -> None:
    assert len(read(ending(code), answering(SHOP))) == 2


def odd(reply: Any) -> Answer:
    return lambda _: reply


ODD = {
    "nothing": odd(pb.ServerReflectionResponse()),
    "no answer": odd([]),
    "an error": odd(
        pb.ServerReflectionResponse(error_response=pb.ErrorResponse(error_code=12, error_message="not here"))
    ),
    "rubbish": odd(b"\xff\xff\xff"),
    "another kind": odd(pb.ServerReflectionResponse(file_descriptor_response=pb.FileDescriptorResponse())),
    "services without files": answering(services=("shop.v1.Cart",)),
}


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
def test_the_older_protocol_is_asked_after_an_odd_answer_which_is_named_where_both_are_odd(answer: Answer) -> None:
    assert len(read(answer, answering(SHOP))) == 2
    assert "server reflection failed (v1: " in refused(answer, answer)


@pytest.mark.parametrize(
    ("newer", "older", "said"),
    [
        (None, None, "the target has no server reflection; "),
        (ending(grpc.StatusCode.UNAVAILABLE, "go away"), None, "failed (UNAVAILABLE: go away); "),
        (ending(grpc.StatusCode.UNAUTHENTICATED, "who?"), None, "turned the token away (UNAUTHENTICATED: who?); "),
        (
            ending(grpc.StatusCode.UNAVAILABLE, "a"),
            ending(grpc.StatusCode.PERMISSION_DENIED, "b"),
            "turned the token away (v1: UNAVAILABLE: a; v1alpha: PERMISSION_DENIED: b); ",
        ),
        (
            ending(grpc.StatusCode.UNAUTHENTICATED, "not eyJhbGciOiJIUzI1NiJ9.e30.sig"),
            None,
            "turned the token away (UNAUTHENTICATED: not [token]); ",
        ),
    ],
)
def test_what_both_say_is_told_without_the_token_that_they_repeat(
    newer: Answer | None, older: Answer | None, said: str
) -> None:
    assert said in refused(newer, older)


def test_protobufs_own_files_need_not_come_from_the_server() -> None:
    needy = file("shop.proto", "shop.v1", "google/protobuf/timestamp.proto", "google/protobuf/descriptor.proto")
    needy.message_type[0].field.add(name="at", number=2, type=11, label=1, type_name=".google.protobuf.Timestamp")
    needy.service.add(name="Cart").method.add(name="Get", input_type=".shop.v1.Ask", output_type=".shop.v1.Ask")
    assert paths(read(answering(needy))) == ["/shop.v1.Cart/Get"]


def test_an_import_that_only_options_need_may_be_missing() -> None:
    needy = file("shop.proto", "shop.v1", "google/api/annotations.proto", services={"Cart": ["Get"]})
    assert paths(read(answering(needy))) == ["/shop.v1.Cart/Get"]


def test_a_missing_import_costs_the_methods_that_need_it_and_those_say_so() -> None:
    needy = file("shop.proto", "shop.v1", "money.proto", services={"Cart": ["Get", "Pay:.money.v1.Sum"]})
    methods = read(answering(needy, file("bank.proto", "bank.v1", services={"Bank": ["Open"]})))
    assert paths(methods) == ["/bank.v1.Bank/Open", "/shop.v1.Cart/Get"]
    with pytest.raises(
        UsageError, match=r"is served, and cannot be called: shop.proto imports money.proto, which is m"
    ):
        methods.find("shop.v1.Cart/Pay")


BROKEN = FileDescriptorProto(name="broken.proto", package="broken.v1", syntax="no such syntax")
BROKEN.service.add(name="Broken").method.add(name="Get", input_type=".broken.v1.No", output_type=".broken.v1.No")
CIRCLE = [
    file("a.proto", "a", "b.proto", services={"A": ["Get"]}),
    file("b.proto", "b", "a.proto", services={"B": ["Get"]}),
]


@pytest.mark.parametrize(
    ("files", "raw", "lost"),
    [
        ((BROKEN,), {}, "broken.v1.Broken/Get"),
        ((file("bad.proto", "bad.v1", services={"Bad": ["Get"]}),), {"bad.proto": b"\xff\xff"}, "bad.v1.Bad/Get"),
    ],
    ids=["does not hold together", "no descriptor"],
)
def test_a_broken_file_costs_its_own_methods_alone(files: Any, raw: Any, lost: str) -> None:
    methods = read(answering(SHOP, *files, raw=raw))
    assert paths(methods) == ["/shop.v1.Cart/Clear", "/shop.v1.Cart/Get"]
    with pytest.raises(UsageError, match="is served, and cannot be called: "):
        methods.find(lost)


def test_files_that_import_each_other_do_not_hang() -> None:
    assert "/shop.v1.Cart/Get" in paths(read(answering(SHOP, *CIRCLE)))


def test_a_chain_of_imports_may_be_long() -> None:
    chain = [file(f"{n}.proto", f"p{n}", f"{n + 1}.proto", services={"S": ["Get"]}) for n in range(300)]
    last = file("300.proto", "p300", services={"S": ["Get"]})
    assert "/p300.S/Get" in paths(read(answering(*chain, last, services=("p0.S",))))


def test_a_server_that_makes_up_files_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reflection, "MOST_FILES", 20)

    def endless(question: Any) -> Any:
        if question.HasField("list_services"):
            return answering(SHOP)(question)
        number = int(question.file_by_filename.removesuffix(".proto") or 0) if question.file_by_filename else 0
        made = file(f"{number}.proto", "p", f"{number + 1}.proto", services={"Cart": ["Get"]})
        data = pb.FileDescriptorResponse(file_descriptor_proto=[made.SerializeToString()])
        return pb.ServerReflectionResponse(file_descriptor_response=data)

    assert "did not come to an end" in refused(endless, None)


def test_a_server_that_dies_midway_is_not_asked_for_every_file() -> None:
    files = [file(f"{n}.proto", f"p{n}", services={"S": ["Get"]}) for n in range(50)]
    asked = []

    def dying(question: Any) -> Any:
        asked.append(question)
        if question.HasField("list_services"):
            return answering(*files)(question)
        raise Ends(grpc.StatusCode.UNAVAILABLE, "gone")

    assert "UNAVAILABLE: gone" in refused(dying, None)
    assert len(asked) < 6
