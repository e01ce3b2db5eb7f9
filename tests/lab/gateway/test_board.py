"""Which fault touches which call."""

from typing import Any

import pytest

from harness.lab.gateway.agreement import Limits
from harness.lab.gateway.board import FaultBoard
from harness.lab.gateway.faults import GATEWAY_FAULTS, GatewayFault
from harness.lab.gateway.header_codec import Field

REQUEST = (Field(b":path", b"/a.B/C"), Field(b"authorization", b"Bearer one"))


class Connection:
    def __init__(self, serial: int = 1, copy: int = 0) -> None:
        self.serial, self.copy = serial, copy
        self.limited: list[Limits] = []
        self.did: list[Any] = []

    def limit(self, limits: Limits) -> None:
        self.limited.append(limits)

    def soon(self, act: Any) -> None:
        act()

    def drain(self) -> None:
        self.did.append("drain")

    def go_away(self, code: int, text: str, *, looked_at: bool) -> None:
        self.did.append((code, text, looked_at))


def posted(board: FaultBoard, name: str, connections: Any = (), bit: int | None = None, **fault: Any) -> None:
    board.post(name, GatewayFault.from_json(fault), bit, connections)


def plan(board: FaultBoard, stream: int = 1, connection: Any = None, method: bytes = b"/a.B/C") -> Any:
    called: Any = connection or Connection()
    return board.plan(called, stream, (Field(b":path", method), REQUEST[1]))


def test_no_fault_means_no_treatment() -> None:
    assert plan(FaultBoard(1)) is None


def test_faults_together_make_one_treatment_and_each_leaves_its_bit() -> None:
    board = FaultBoard(1)
    posted(board, "slow", kind="delay", headers_s=1, bit=5)
    posted(board, "slower", kind="delay", headers_s=2, end_s=1)
    posted(board, "other", kind="status", methods=["/x.Y/Z"])
    treatment = plan(board)
    assert (treatment.hold_headers_s, treatment.hold_end_s, treatment.answer) == (3, 1, None)
    assert treatment.faults == 1 << 5 | 1 << 1


def test_a_fault_ends() -> None:
    board = FaultBoard(1)
    posted(board, "a", kind="status")
    board.clear("a", ())
    assert plan(board) is None
    with pytest.raises(ValueError, match="no fault 'a' is in force"):
        board.clear("a", ())


def test_a_share_of_calls_is_drawn_and_drawn_alike_from_the_same_seed() -> None:
    def touched(seed: int) -> list[int]:
        board = FaultBoard(seed)
        posted(board, "a", kind="status", share=0.3)
        return [stream for stream in range(1, 4001, 2) if plan(board, stream) is not None]

    first = touched(1)
    assert 500 < len(first) < 700
    assert touched(1) == first != touched(2)


def test_only_the_methods_and_copies_that_are_named_are_touched() -> None:
    board = FaultBoard(1)
    posted(board, "a", kind="status", methods=["/a.B/C"], copies=[2])
    assert plan(board, connection=Connection(copy=2)) is not None
    assert plan(board, connection=Connection(copy=1)) is None
    assert plan(board, connection=Connection(copy=2), method=b"/a.B/D") is None


def test_limits_of_several_faults_are_the_tightest_and_end_with_them() -> None:
    board = FaultBoard(1)
    connection: Any = Connection()
    posted(board, "a", [connection], kind="limits", max_streams=5, stream_window_bytes=10)
    posted(board, "b", [connection], kind="limits", max_streams=3)
    late: Any = Connection(2)
    board.greet(late)
    board.clear("a", [connection])
    board.clear("b", [connection])
    assert connection.limited == [Limits(5, 10), Limits(3, 10), Limits(3), Limits()]
    assert late.limited == [Limits(3, 10)]


def test_a_fault_that_is_no_limit_changes_none() -> None:
    board = FaultBoard(1)
    connection: Any = Connection()
    posted(board, "a", [connection], kind="status")
    board.clear("a", [connection])
    assert connection.limited == []


def test_a_goaway_strikes_the_connections_of_its_copies() -> None:
    board, one, other = FaultBoard(1), Connection(1, 0), Connection(2, 1)
    posted(board, "a", [one, other], kind="goaway", copies=[1])
    posted(board, "b", [one, other], kind="goaway", graceful=False, code=11, text="calm", looked_at=False)
    assert one.did == [(11, "calm", False)]
    assert other.did == ["drain", (11, "calm", False)]


def test_a_goaway_may_wait_for_a_connections_calls() -> None:
    board, one, other = FaultBoard(1), Connection(1), Connection(2)
    posted(board, "a", [one, other], kind="goaway", after_calls=2)
    for stream, connection in ((1, one), (3, one), (5, one), (1, other)):
        plan(board, stream, connection)
    assert (one.did, other.did) == (["drain"], [])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "what"}, "no gateway fault 'what'; there are delay, "),
        ({}, "no gateway fault None"),
        ({"kind": "delay", "headers_s": -1}, "headers_s=-1 is not from 0 to 3600"),
        ({"kind": "delay"}, "give one of request_s, headers_s, end_s"),
        ({"kind": "delay", "end_s": "1"}, "end_s='1' is not from 0"),
        ({"kind": "delay", "late_s": 1}, "no setting 'late_s'; there are copies, end_s"),
        ({"kind": "status", "share": 2, "methods": ["a"]}, "method 'a' is not /package.Service/Method; share=2"),
        ({"kind": "metadata", "action": "eat"}, "action='eat' is not one of drop, rename"),
        ({"kind": "metadata"}, "a setting is of the wrong kind"),
        ({"kind": "metadata", "action": "rename"}, "rename needs a name"),
        ({"kind": "reset", "moment": "noon"}, "moment='noon' is not one of open, headers, end"),
        ({"kind": "trailers", "cut": "half"}, "cut='half' is not one of all, status, message"),
        ({"kind": "limits"}, "give at least one limit"),
        ({"kind": "http_answer", "status": 99}, "status=99 is not from 200 to 599"),
        ({"kind": "goaway", "code": -1}, "code=-1"),
    ],
)
def test_a_mistake_is_refused_in_words(fault: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        GatewayFault.from_json(fault)


def test_a_name_or_a_bit_that_cannot_be_is_refused() -> None:
    board = FaultBoard(1)
    posted(board, "a", kind="status")
    with pytest.raises(ValueError, match="in force already"):
        posted(board, "a", kind="status")
    with pytest.raises(ValueError, match="bit=32"):
        posted(board, "b", kind="status", bit=32)


def test_every_fault_of_the_issue_is_registered() -> None:
    kinds = {"delay", "goaway", "http_answer", "limits", "metadata", "reset", "stale_token", "status", "trailers"}
    assert set(GATEWAY_FAULTS) == kinds
