"""Metadata both ways: order, repetition, binary keys, and what a server sees of a client."""

import json
from typing import Any

import pytest

from transport.tests.calling import PATIENCE_S, SERVICE, Target, ask
from transport.tests.client import Client
from transport.tests.server import Server


def seen(client: Client, target: Target, **how: Any) -> dict[str, Any]:
    """Make a call and return what the server saw of it."""
    outcome = client.run(ask, target, b"", "Seen", **how)
    assert outcome.code == "OK", outcome
    told: dict[str, Any] = json.loads(outcome.messages[0])
    return told


def test_metadata_comes_back_initial_and_trailing(client: Client, server: Server) -> None:
    sent = (("x-one", "1"), ("x-spaced", "a b  c"), ("x-punctuated", "Bearer a.b-c_d~e+f/g=="))
    outcome = client.run(ask, Target(server.address), metadata=sent)
    initial = tuple(pair for pair in outcome.initial if pair[0].startswith("back-"))
    assert initial == tuple((f"back-{key}", value) for key, value in sent)
    trailing = tuple(pair for pair in outcome.trailing if pair[0].startswith("trail-"))
    assert trailing == tuple((f"trail-{key}", value) for key, value in sent)


def test_several_values_of_one_key_stay_several_and_in_order(client: Client, server: Server) -> None:
    sent = (("x-many", "first"), ("x-many", "second"), ("x-many", "first"))
    outcome = client.run(ask, Target(server.address), metadata=sent)
    assert outcome.values("back-x-many") == ["first", "second", "first"]
    assert outcome.values("trail-x-many") == ["first", "second", "first"]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 256])
def test_binary_values_come_back_as_bytes(client: Client, server: Server, size: int) -> None:
    value = bytes(range(256))[:size]
    outcome = client.run(ask, Target(server.address), metadata=(("x-raw-bin", value),))
    assert outcome.values("back-x-raw-bin") == [value]
    assert outcome.values("trail-x-raw-bin") == [value]


def test_several_binary_values_of_one_key_stay_apart(client: Client, server: Server) -> None:
    sent = (("x-raw-bin", b"\x00,"), ("x-raw-bin", b"\xff"))
    outcome = client.run(ask, Target(server.address), metadata=sent)
    assert outcome.values("back-x-raw-bin") == [b"\x00,", b"\xff"]


def test_metadata_of_a_stream_comes_back_too(client: Client, server: Server) -> None:
    outcome = client.run(ask, Target(server.address), [b"a"], "Chat", "stream_stream", metadata=(("x-one", "1"),))
    assert outcome.values("back-x-one") == ["1"]
    assert outcome.values("trail-x-one") == ["1"]


def test_a_token_of_eight_kilobytes_arrives_whole(client: Client, server: Server) -> None:
    token = "Bearer " + "abcdefgh" * 960
    told = seen(client, Target(server.address), metadata=(("authorization", token),))
    assert ["authorization", token] in told["metadata"]


def test_the_user_agent_names_a_grpc_client(client: Client, server: Server) -> None:
    told = seen(client, Target(server.address))
    agent = dict(told["metadata"])["user-agent"]
    assert "grpc" in agent


def test_the_user_agent_can_have_words_of_ones_own_first(client: Client, server: Server) -> None:
    told = seen(client, Target(server.address, (("grpc.primary_user_agent", "trial/1"),)))
    assert dict(told["metadata"])["user-agent"].startswith("trial/1 ")


REFUSED = {
    "capitals": (("X-Loud", "1"),),
    "space in a key": (("x loud", "1"),),
    "newline in a value": (("x-one", "a\nb"),),
    "no ascii in a value": (("x-one", "é"),),
    "pseudo header": ((":path", "/elsewhere"),),
}


def refusal(target: Target, metadata: Any) -> tuple[str, str]:
    """Send metadata that must not be sent; return what kind of refusal it was, and its words."""
    channel = target.open()
    try:
        channel.unary_unary(SERVICE + "Echo", None, None)(b"", timeout=PATIENCE_S, metadata=metadata)
    except Exception as error:  # noqa: BLE001 - which it is, is what is asked
        return type(error).__name__, str(error)
    finally:
        channel.close()
    return "none", ""


@pytest.mark.parametrize("name", REFUSED)
def test_metadata_that_http_forbids_is_refused_before_it_is_sent(client: Client, server: Server, name: str) -> None:
    kind, _ = client.run(refusal, Target(server.address), REFUSED[name])
    assert kind != "none"
    assert client.run(ask, Target(server.address), b"next").code == "OK"


def test_metadata_that_is_no_list_of_pairs_is_a_mistake_told_at_once(client: Client, server: Server) -> None:
    kind, _ = client.run(refusal, Target(server.address), 7)
    assert kind != "none"
    assert client.run(ask, Target(server.address), b"next").code == "OK"
