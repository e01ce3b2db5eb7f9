import json
from dataclasses import replace
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from harness.errors import RunError
from harness.preflight import Mark, PreflightStep, StepResult
from harness.protocol.messages import (
    TO_CONDUCTOR,
    TO_WORKER,
    Begin,
    FileChunk,
    Joined,
    JoinRefused,
    Live,
    Ping,
    Pong,
    ProblemFound,
    Promised,
    Stored,
    Zero,
    packed,
    unpacked,
)
from harness.results.problem import Problem, ProblemKind
from harness.results.promise import Promise, TaskErrorKind

BEGIN = Begin("/run", 0, 2, 10, "127.0.0.1:1", "f", secret="s3cret", key={"kid": "k1", "pem": "-----BEGIN"})
PROMISE = Promise(
    1, rows=5, mishaps=(TaskErrorKind("pay", "ValueError", "no money", "a.py, line 3", called=True, count=7),)
)
MESSAGES = {
    "jwtstorm-begin": BEGIN,
    "jwtstorm-ping": Ping(3),
    "jwtstorm-zero": Zero(2**62),
    "jwtstorm-stored": Stored("calls-1.bin", 9, run="/run"),
    "jwtstorm-joined": Joined(True, (StepResult(PreflightStep.BARE, Mark.WARN, "let in", let_in=True),), run="/run"),
    "jwtstorm-pong": Pong(3, -(2**62), run="/run"),
    "jwtstorm-live": Live({"ok": 3}, {"alive": 3}, finished=False, run="/run"),
    "jwtstorm-chunk": FileChunk("calls-1.bin", 0, bytes(range(256)), run="/run"),
    "jwtstorm-promise": Promised(PROMISE, run="/run"),
    "jwtstorm-problem": ProblemFound(Problem(ProblemKind.RECORD, "full"), run="/run"),
    "jwtstorm-refused": JoinRefused("no key", 2, run="/run"),
}
"""One of each."""


def test_every_message_has_a_name_and_an_example_here() -> None:
    assert MESSAGES.keys() == {*TO_WORKER, *TO_CONDUCTOR}
    assert not TO_WORKER.keys() & TO_CONDUCTOR.keys()


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_the_same_after_a_way_through_msgpack(name: str) -> None:
    said, data = packed(MESSAGES[name])  # type: ignore[arg-type]
    carried = msgpack.loads(msgpack.dumps(data))
    assert said == name
    assert unpacked(name, carried, {**TO_WORKER, **TO_CONDUCTOR}) == MESSAGES[name]


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("odd", [None, [], "text", {"run": 7}])
def test_data_that_is_no_such_message_is_one_clear_sentence(name: str, odd: Any) -> None:
    with pytest.raises(RunError, match="start conductor and workers with one build") as raised:
        unpacked(name, odd, {**TO_WORKER, **TO_CONDUCTOR})
    assert str(raised.value).startswith(f"{name} cannot be read (")
    assert "\n" not in str(raised.value)


def test_a_field_that_a_newer_build_added_is_no_obstacle() -> None:
    name, data = packed(Ping(3))
    assert unpacked(name, {**data, "colour": "red"}, TO_WORKER) == Ping(3)


def test_no_secret_is_shown_where_a_message_is_shown() -> None:
    assert "s3cret" not in repr(BEGIN)
    assert "BEGIN" not in repr(BEGIN).removeprefix("Begin")
    _, data = packed(BEGIN)
    with pytest.raises(RunError) as raised:
        unpacked("jwtstorm-begin", {**data, "secret": ["s3cret"], "key": "-----BEGIN"}, TO_WORKER)
    assert "s3cret" not in str(raised.value)


def test_a_promise_looks_in_run_json_as_it_did() -> None:
    _, data = packed(Promised(replace(PROMISE, transport={"name": "grpcio"})))
    told = json.loads(json.dumps(data))["promise"]
    assert (told["worker"], told["rows"], told["lost"], told["error"]) == (1, 5, 0, None)
    assert told["mishaps"] == [
        {
            "task": "pay",
            "error": "ValueError",
            "text": "no money",
            "where": "a.py, line 3",
            "called": True,
            "count": 7,
        }
    ]
    assert {"planned", "transport", "loop_lag_p99_s", "remote", "clock_offset_ns", "clock_bound_s"} <= told.keys()
