import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from harness.conductor import workers
from harness.conductor.workers import Workers
from harness.errors import RunError
from harness.results.problem import Problem, ProblemKind

AHEAD_NS = 5_000_000_000


class FakeCrew:
    """Two workers: ``near`` shares the conductor's clock, ``far`` does not and answers each ping at once."""

    def __init__(self) -> None:
        self.here = ["near", "far"]
        self.sent: list[tuple[str, Mapping[str, Any], str | None]] = []
        self.roster: Workers | None = None
        self.answers = True

    def members(self) -> list[str]:
        return list(self.here)

    def send(self, message: str, data: Mapping[str, Any], member: str | None = None) -> None:
        self.sent.append((message, data, member))
        if message == "jwtstorm-ping" and self.answers and self.roster is not None:
            pong = {"number": data["number"], "at_ns": clock.monotonic_ns() + AHEAD_NS}
            self.roster.hear("jwtstorm-pong", str(member), {**pong, "run": "."})

    def stop(self) -> None:
        raise AssertionError("the roster stops nobody")


class Scene:
    def __init__(self, run: Path) -> None:
        self.problems: list[Problem] = []
        self.crew = FakeCrew()
        self.run = run
        self.roster = Workers(self.crew, run, self.problems.append)
        self.crew.roster = self.roster

    def tell(self, kind: str, member: str, **data: Any) -> None:
        self.roster.hear(f"jwtstorm-{kind}", member, {**data, "run": str(self.run)})

    def join(self) -> None:
        self.tell("joined", "near", remote=False)
        self.tell("joined", "far", remote=True)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workers, "JOIN_WITHIN_S", 0.0)
    monkeypatch.setattr(workers, "PROMISE_WITHIN_S", 0.0)
    return Scene(Path())


def test_zero_reaches_each_worker_in_its_own_clock(scene: Scene) -> None:
    scene.join()
    scene.roster.await_joined(threading.Event())
    scene.roster.measure_clocks()
    scene.roster.send_zero(1_000)
    zeros = {member: data["zero_ns"] for message, data, member in scene.crew.sent if message == "jwtstorm-zero"}
    near, far = scene.roster.to_json()
    assert zeros["near"] == 1_000
    assert zeros["far"] == 1_000 + far["clock_offset_ns"]
    assert abs(far["clock_offset_ns"] - AHEAD_NS) <= far["clock_bound_s"] * 1e9 + 1
    assert (near["clock_offset_ns"], near["clock_bound_s"], near["remote"], far["remote"]) == (0, 0.0, False, True)


def test_a_worker_that_does_not_answer_is_named(scene: Scene) -> None:
    scene.tell("joined", "near", remote=False)
    with pytest.raises(RunError, match="no answer from worker 1; start it with the same build"):
        scene.roster.await_joined(threading.Event())


def test_without_a_pong_there_is_no_zero(scene: Scene) -> None:
    scene.join()
    scene.crew.answers = False
    scene.roster.measure_clocks(within_s=0.0)
    with pytest.raises(RunError, match="worker 1 answered no ping"):
        scene.roster.send_zero(1_000)
    assert [message for message, _, _ in scene.crew.sent] == ["jwtstorm-ping"]


def test_a_chunk_is_stored_and_answered(scene: Scene) -> None:
    scene.join()
    scene.tell("chunk", "far", name="calls-1.bin", offset=0, data=b"row")
    assert Path("calls-1.bin").read_bytes() == b"row"
    answer = {"name": "calls-1.bin", "size": 3, "run": "."}
    assert scene.crew.sent[-1] == ("jwtstorm-stored", answer, "far")


def test_a_local_worker_and_a_stranger_write_nothing_by_message(scene: Scene) -> None:
    scene.join()
    scene.tell("chunk", "near", name="calls-0.bin", offset=0, data=b"row")
    scene.tell("chunk", "stranger", name="calls-1.bin", offset=0, data=b"row")
    assert list(Path().iterdir()) == []
    assert scene.problems == []


def test_a_chunk_of_another_run_is_left_out(scene: Scene) -> None:
    scene.join()
    scene.roster.hear(
        "jwtstorm-chunk", "far", {"name": "calls-1.bin", "offset": 0, "data": b"old", "run": "an earlier run"}
    )
    assert list(Path().iterdir()) == []


def test_a_chunk_with_a_foreign_name_is_a_problem(scene: Scene) -> None:
    scene.join()
    scene.tell("chunk", "far", name="../run.json", offset=0, data=b"row")
    (problem,) = scene.problems
    assert problem.kind is ProblemKind.RECORD
    assert "worker 1 sent a file named ..?run.json" in problem.text


def test_a_lost_worker_keeps_its_offset_and_is_named(scene: Scene) -> None:
    scene.join()
    scene.roster.measure_clocks()
    scene.tell("promise", "near", rows=5, worker=0)
    scene.crew.here.remove("far")
    (said,) = scene.roster.await_promises()
    near, far = scene.roster.to_json()
    assert said.startswith("worker 1 did not say")
    assert near["rows"] == 5
    assert "rows" not in far
    assert far["clock_offset_ns"] > 0
