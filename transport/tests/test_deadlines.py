"""Deadlines: the server is told, the client does not wait for it, and none is no deadline."""

import json
import time
from typing import Any

import gevent
import grpc
import pytest

from transport.tests.calling import PATIENCE_S, SERVICE, Outcome, Target, ask, failure
from transport.tests.client import Client
from transport.tests.server import Server

SHORT_S = 0.3
SLACK_S = 5.0
"""How late a deadline may fire on a busy machine: what matters is that it does."""


def left_s(outcome: Outcome) -> float:
    """Return the time that the server saw left."""
    assert outcome.code == "OK", outcome
    return float(json.loads(outcome.messages[0])["left_s"])


@pytest.mark.parametrize("timeout_s", [2.0, 90.0, 4000.0])
def test_the_server_is_told_the_deadline(client: Client, server: Server, timeout_s: float) -> None:
    seen_s = left_s(client.run(ask, Target(server.address), b"", "Seen", timeout_s=timeout_s))
    assert timeout_s - SLACK_S < seen_s <= timeout_s * 1.05


def test_without_a_deadline_the_server_is_told_none(client: Client, server: Server) -> None:
    assert left_s(client.run(ask, Target(server.address), b"", "Seen", timeout_s=None)) > 1e6


def test_a_server_that_never_answers_costs_the_deadline_and_sees_the_end(client: Client, server: Server) -> None:
    outcome = client.run(ask, Target(server.address), b"", "Hang", timeout_s=SHORT_S)
    assert outcome.code == "DEADLINE_EXCEEDED"
    assert SHORT_S * 0.9 < outcome.took_s < SHORT_S + SLACK_S
    server.wait_for("ended")


def test_a_stream_that_stops_ends_at_the_deadline_with_what_came(client: Client, server: Server) -> None:
    outcome = client.run(ask, Target(server.address), b"one", "HangStream", "unary_stream", timeout_s=SHORT_S)
    assert (outcome.code, outcome.messages) == ("DEADLINE_EXCEEDED", (b"one",))
    server.wait_for("ended")


@pytest.mark.parametrize("timeout_s", [0.0, -1.0])
def test_a_deadline_that_has_passed_ends_the_call_at_once(client: Client, server: Server, timeout_s: float) -> None:
    outcome = client.run(ask, Target(server.address), b"", "Hang", timeout_s=timeout_s)
    assert outcome.code == "DEADLINE_EXCEEDED"
    assert outcome.took_s < SLACK_S


def reader_that_stops(target: Target, timeout_s: float) -> Outcome:
    """Read one message of an endless stream, sleep beyond its deadline, and read on."""
    channel = target.open()
    stream: Any = channel.unary_stream(SERVICE + "Endless", None, None)(b"m" * 1000, timeout=timeout_s)
    start_s = time.monotonic()
    try:
        next(stream)
        gevent.sleep(timeout_s * 2)
        for _ in stream:
            pass
    except grpc.RpcError as error:
        return failure(error, start_s)
    finally:
        channel.close()
    raise AssertionError("the stream ended well")


def test_a_deadline_passes_while_nobody_reads(client: Client, server: Server) -> None:
    assert client.run(reader_that_stops, Target(server.address), SHORT_S).code == "DEADLINE_EXCEEDED"
    server.wait_for("ended")


def test_a_deadline_counts_while_there_is_no_connection(client: Client) -> None:
    outcome = client.run(ask, Target("127.0.0.1:1"), wait_for_ready=True, timeout_s=SHORT_S)
    assert outcome.code == "DEADLINE_EXCEEDED"
    assert outcome.took_s < SHORT_S + SLACK_S


def tight(target: Target, calls: int) -> set[str]:
    """Make many calls whose deadline is about as long as a call takes; return the codes."""
    channel = target.open()
    echo = channel.unary_unary(SERVICE + "Echo", None, None)
    echo(b"", timeout=PATIENCE_S)
    codes = set()
    for at in range(calls):
        try:
            echo(b"x", timeout=0.0002 * (1 + at % 10))
        except grpc.RpcError as error:
            codes.add(failure(error).code)
        else:
            codes.add("OK")
    assert echo(b"last", timeout=PATIENCE_S) == b"last"
    channel.close()
    return codes


def test_a_deadline_that_races_the_reply_gives_one_or_the_other(client: Client, server: Server) -> None:
    assert client.run(tight, Target(server.address), 200) <= {"OK", "DEADLINE_EXCEEDED"}
