import threading
from dataclasses import replace
from pathlib import Path

import pytest

from harness import clock
from harness.conductor import workers
from harness.conductor.workers import Workers
from harness.errors import HarnessError, RunError, UsageError
from harness.preflight import Mark, PreflightStep, StepResult
from harness.protocol.messages import (
    FileChunk,
    Joined,
    JoinRefused,
    Ping,
    Pong,
    Promised,
    Stored,
    ToConductor,
    ToWorker,
    Zero,
    packed,
)
from harness.results.problem import Problem, ProblemKind
from harness.results.promise import Promise

AHEAD_NS = 5_000_000_000


class FakeCrew:
    """Two workers: ``near`` shares the conductor's clock, ``far`` does not and answers each ping at once."""

    def __init__(self) -> None:
        self.here = ["near", "far"]
        self.sent: list[tuple[ToWorker, str | None]] = []
        self.roster: Workers | None = None
        self.answers = True

    def members(self) -> list[str]:
        return list(self.here)

    def send(self, message: ToWorker, member: str | None = None) -> None:
        self.sent.append((message, member))
        if isinstance(message, Ping) and self.answers and self.roster is not None:
            name, data = packed(Pong(message.number, clock.monotonic_ns() + AHEAD_NS, run="."))
            self.roster.hear(name, str(member), data)

    def stop(self) -> None:
        raise AssertionError("the roster stops nobody")


class Scene:
    def __init__(self, run: Path) -> None:
        self.problems: list[Problem] = []
        self.crew = FakeCrew()
        self.run = run
        self.roster = Workers(self.crew, run, self.problems.append)
        self.crew.roster = self.roster

    def tell(self, message: ToConductor, member: str, run: str = ".") -> None:
        name, data = packed(replace(message, run=run))
        self.roster.hear(name, member, data)

    def join(self) -> None:
        self.tell(Joined(remote=False), "near")
        self.tell(Joined(remote=True), "far")


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
    zeros = {member: message.zero_ns for message, member in scene.crew.sent if isinstance(message, Zero)}
    near, far = scene.roster.promises()
    assert zeros["near"] == 1_000
    assert zeros["far"] == 1_000 + far.clock_offset_ns
    assert abs(far.clock_offset_ns - AHEAD_NS) <= far.clock_bound_s * 1e9 + 1
    assert (near.clock_offset_ns, near.clock_bound_s, near.remote, far.remote) == (0, 0.0, False, True)


def test_what_a_worker_saw_of_the_target_before_the_load_is_kept(scene: Scene) -> None:
    seen = StepResult(PreflightStep.BARE, Mark.WARN, "let in (OK)", let_in=True)
    scene.tell(Joined(False, (seen,)), "near")
    assert scene.roster.seen == [seen]


def test_a_worker_that_does_not_answer_is_named(scene: Scene) -> None:
    scene.tell(Joined(remote=False), "near")
    with pytest.raises(RunError, match="no answer from worker 1; start it with the same build"):
        scene.roster.await_joined(threading.Event())


def test_without_a_pong_there_is_no_zero(scene: Scene) -> None:
    scene.join()
    scene.crew.answers = False
    scene.roster.measure_clocks(within_s=0.0)
    with pytest.raises(RunError, match="worker 1 answered no ping"):
        scene.roster.send_zero(1_000)
    assert [type(message) for message, _ in scene.crew.sent] == [Ping]


def test_a_chunk_is_stored_and_answered(scene: Scene) -> None:
    scene.join()
    scene.tell(FileChunk("calls-1.bin", 0, b"row"), "far")
    assert Path("calls-1.bin").read_bytes() == b"row"
    assert scene.crew.sent[-1] == (Stored("calls-1.bin", 3, run="."), "far")


def test_a_local_worker_and_a_stranger_write_nothing_by_message(scene: Scene) -> None:
    scene.join()
    scene.tell(FileChunk("calls-0.bin", 0, b"row"), "near")
    scene.tell(FileChunk("calls-1.bin", 0, b"row"), "stranger")
    assert list(Path().iterdir()) == []
    assert scene.problems == []


def test_a_chunk_of_another_run_is_left_out(scene: Scene) -> None:
    scene.join()
    scene.tell(FileChunk("calls-1.bin", 0, b"old"), "far", run="an earlier run")
    assert list(Path().iterdir()) == []


def test_a_chunk_with_a_foreign_name_is_a_problem(scene: Scene) -> None:
    scene.join()
    scene.tell(FileChunk("../run.json", 0, b"row"), "far")
    (problem,) = scene.problems
    assert problem.kind is ProblemKind.RECORD
    assert "worker 1 sent a file named ..?run.json" in problem.text


def test_a_lost_worker_keeps_its_offset_and_is_named(scene: Scene) -> None:
    scene.join()
    scene.roster.measure_clocks()
    scene.tell(Promised(Promise(0, rows=5)), "near")
    scene.crew.here.remove("far")
    (said,) = scene.roster.await_promises()
    near, far = scene.roster.promises()
    assert said.startswith("worker 1 did not say")
    assert near.rows == 5
    assert far.rows is None
    assert far.clock_offset_ns > 0


def test_a_message_that_cannot_be_read_ends_the_run_and_names_its_worker(scene: Scene) -> None:
    scene.join()
    scene.roster.hear("jwtstorm-live", "far", {"run": ".", "counts": {"ok": "many"}})
    (problem,) = scene.problems
    assert problem.kind is ProblemKind.WORKER_FAILED
    assert problem.text.startswith("worker 1: jwtstorm-live cannot be read")
    assert problem.text.endswith("start conductor and workers with one build")


@pytest.mark.parametrize(("code", "error"), [(2, UsageError), (3, RunError)])
def test_the_first_refusal_is_raised_as_what_it_was(scene: Scene, code: int, error: type[HarnessError]) -> None:
    scene.tell(JoinRefused("no such key", code), "far")
    scene.tell(JoinRefused("another reason", 3), "near")
    with pytest.raises(error, match="no such key") as raised:
        scene.roster.await_joined(threading.Event())
    assert type(raised.value) is error
