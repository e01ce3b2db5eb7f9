"""Further metadata: made from what a user writes, on every call of a run, a login and a probe, and shown nowhere."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import LoginCall
from harness.defects.bench import Answer
from harness.endpoint import Endpoint, further
from harness.endpoint.call import Call
from harness.endpoint.further import Further, merged
from harness.endpoint.metadata import sendable
from harness.errors import UsageError
from harness.probe.target.asker import Asker, Subject
from harness.redaction import redact
from harness.scenario.ad_hoc import from_arguments
from tests.endpoint.ledger_server import SERVICE, serving

TARGET = ("--target", "127.0.0.1:1", "--token-file", __file__, "--call", "a.B/C")


def test_placeholders_are_those_of_data_and_draw_apart_from_it() -> None:
    made = Further({"X-Request": "r-{{seq 10}}", "x-id": "{{uuid}}", "x-row": "{{row.a}}"}, 7, [{"a": "p"}, {"a": "q"}])
    assert [dict(made.at(call))["x-request"] for call in (0, 1)] == ["r-10", "r-11"]
    assert [dict(made.at(call))["x-row"] for call in (0, 1, 2)] == ["p", "q", "p"]
    assert made.at(3) == made.at(3)
    assert len({dict(made.at(call))["x-id"] for call in range(50)}) == 50
    assert made.at(-1) == made.at(0), "a call outside the plan"


def test_what_is_always_the_same_is_made_once() -> None:
    made = Further({"x": "{{env HOME}}"})
    assert made.fixed
    assert made.at(1) is made.at(2)
    assert Further().at(0) == ()


@pytest.mark.parametrize("text", ["/+8=", "_-8=", "_-8", "/+8"])
def test_a_key_of_bytes_takes_base64_of_either_alphabet_padded_or_not(text: str) -> None:
    assert Further({"x-bin": text}).at(0) == (("x-bin", b"\xff\xef"),)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"x y": "a"}, "'x y' is no metadata key"),
        ({"grpc-timeout": "1S"}, "a key of gRPC's own"),
        ({"content-type": "a"}, "a key of gRPC's own"),
        ({"x": 7}, "metadata x is a int; write a text"),
        ({"x": "ü"}, "metadata x holds U+00FC at character 1"),
        ({"x": "a\nb"}, "metadata x holds U+000A at character 2"),
        ({"x-bin": "a b!"}, "metadata x-bin is no base64"),
        ({"x-bin": "a"}, "metadata x-bin is no base64"),
        ({"x": "{{sequ}}"}, "metadata x: {{sequ}} is unknown; did you mean {{seq}}?"),
        ({"x": "{{env NO_SUCH_VARIABLE}}"}, "NO_SUCH_VARIABLE is not set"),
        ({"x": "{{row.a}}"}, "there are no rows"),
        ("x=1", "no mapping"),
        ([("x",)], "no mapping"),
        (7, "no mapping"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_key_before_the_run(metadata: Any, said: str) -> None:
    for found in (Endpoint(("a:1",), metadata=metadata).mistakes(), Call("a.B/C", metadata=metadata).mistakes()):
        assert said in found[0]


def test_a_secret_is_in_no_file_message_or_text_of_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("swordfish\n")
    monkeypatch.setenv("TENANT_KEY", "plaice\nor-two")
    metadata = {"x-file": f"{{{{file {tmp_path}/key}}}}", "x-plain": "halibut"}
    endpoint, call = Endpoint(("a:1",), metadata=metadata), Call("a.B/C", metadata=metadata)
    assert endpoint.mistakes() == call.mistakes() == []
    assert dict(Further(metadata).at(0))["x-file"] == "swordfish"
    (refused,) = Endpoint(("a:1",), metadata={"x": "{{env TENANT_KEY}}"}).mistakes()
    written = json.dumps([endpoint.to_json(), call.to_json()]) + repr([endpoint, call]) + refused
    assert not [secret for secret in ("swordfish", "halibut", "plaice") if secret in written]
    assert redact("who is swordfish?") == "who is [secret]?"
    assert set(endpoint.to_json()["metadata"]) == {"x-file", "x-plain"}


def test_two_runs_of_other_metadata_are_told_apart_and_those_without_are_as_before() -> None:
    one, two = (Endpoint(("a:1",), metadata={"x": value}).to_json()["metadata"] for value in "12")
    assert one != two
    assert not {"metadata", "proxy"} & Endpoint(("a:1",)).to_json().keys()
    assert "metadata" not in Call("a.B/C").to_json()


def test_a_calls_own_metadata_takes_the_place_of_the_targets() -> None:
    base = (("a", "1"), ("b", "1"), ("b", "2"))
    assert merged(base, (("b", "3"),)) == (("a", "1"), ("b", "3"))
    assert merged(base, ()) is base


def test_the_command_line_gives_pairs_and_those_of_rows_to_the_calls() -> None:
    scenario = from_arguments(
        [*TARGET, "--metadata", "X-Tenant=a=b", "--metadata", "x-row={{row.a}}", "--rows", "r.csv"]
    )
    assert scenario.endpoint is not None
    assert further.pairs_of(scenario.endpoint.metadata) == [("x-tenant", "a=b")]
    assert further.pairs_of(scenario.calls[0].metadata) == [("x-row", "{{row.a}}")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x-tenant", "has no value; write KEY=VALUE"),
        ("authorization=x", "is where the token travels"),
        ("Authorization=x", "is where the token travels"),
    ],
)
def test_metadata_that_cannot_be_is_refused_on_the_command_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        from_arguments([*TARGET, "--metadata", text])


@pytest.mark.e2e
@pytest.mark.parametrize("raw", [False, True], ids=["aio", "by hand"])
def test_every_call_of_a_probe_carries_it(*, raw: bool) -> None:
    async def ask(endpoint: Endpoint, token: str) -> Answer:
        asker = Asker(endpoint, endpoint.addresses[0], Subject(f"/{SERVICE}/GetBalance", request=b"\x0a\x0242"))
        try:
            return await asker.with_token(token, raw=raw)
        finally:
            await asker.close()

    with serving() as (address, ledger):
        ledger.wanted = {"x-tenant-id": "acme", "x-trace-bin": b"\x00\xff"}
        metadata = {"x-tenant-id": "acme", "x-trace-bin": "AP8="}
        assert asyncio.run(ask(Endpoint((address,), metadata=metadata), "ey")).code == "OK"
        assert asyncio.run(ask(Endpoint((address,), metadata=metadata), "no")).code == "UNAUTHENTICATED"
        assert asyncio.run(ask(Endpoint((address,)), "ey")).code == "INVALID_ARGUMENT"


@pytest.mark.e2e
def test_a_login_carries_it() -> None:
    with serving() as (address, ledger):
        ledger.wanted = {"x-tenant-id": "acme", "authorization": "Bearer ey"}
        wanted = {"x-tenant-id": "acme", "authorization": "Bearer ey"}
        source = LoginCall(
            Endpoint((address,), metadata=wanted), f"{SERVICE}/GetBalance", {"account": "a"}, token_field="account"
        )
        assert source.open().fetch() == "a"


KEYS = st.from_regex(r"[a-z0-9_.-]{1,8}(-bin)?", fullmatch=True)


@given(st.dictionaries(KEYS | st.text(max_size=5), st.text(max_size=20) | st.text("{}seqrow. 'env", max_size=20)))
def test_whatever_is_given_can_be_sent_or_is_refused(metadata: dict[str, str]) -> None:
    if not further.mistakes("target", metadata):
        assert sendable(Further(metadata).at(3))


@given(st.binary(max_size=40))
def test_any_bytes_come_through_base64(data: bytes) -> None:
    from base64 import b64encode, urlsafe_b64encode

    for text in (b64encode(data).decode(), urlsafe_b64encode(data).decode().rstrip("=")):
        assert Further({"x-bin": text}).at(0) == (("x-bin", data),)
