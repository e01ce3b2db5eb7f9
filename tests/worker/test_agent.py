from typing import cast

import pytest

from harness.protocol.messages import JoinRefused, ProblemFound, ToConductor
from harness.results.problem import ProblemKind
from harness.scenario.scenario import Scenario
from harness.worker.agent import LiveStats, WorkerAgent
from harness.worker.worker import Worker


class Scene:
    """An agent without users, and what it tells the conductor."""

    def __init__(self) -> None:
        self.told: list[ToConductor] = []
        self.agent = WorkerAgent(cast("Scenario", None), cast("LiveStats", None), self.told.append)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_begin_that_cannot_be_read_is_refused_in_the_name_of_its_run(scene: Scene) -> None:
    scene.agent.hear("jwtstorm-begin", {"run": "/reports/1", "worker": "one"})
    (refusal,) = scene.told
    assert isinstance(refusal, JoinRefused)
    assert (refusal.run, refusal.exit_code) == ("/reports/1", 3)
    assert refusal.text.startswith("jwtstorm-begin cannot be read (")


def test_a_message_that_cannot_be_read_while_a_run_is_on_is_a_problem_of_it(scene: Scene) -> None:
    scene.agent.worker = cast("Worker", object())
    scene.agent.hear("jwtstorm-zero", {"zero_ns": "soon"})
    (found,) = scene.told
    assert isinstance(found, ProblemFound)
    assert found.problem.kind is ProblemKind.WORKER_FAILED


def test_a_message_without_a_run_is_nobodys(scene: Scene) -> None:
    scene.agent.hear("jwtstorm-begin", [])  # type: ignore[arg-type]
    assert scene.told == []


def test_what_comes_before_any_run_moves_nothing(scene: Scene) -> None:
    scene.agent.hear("jwtstorm-zero", {"zero_ns": 5})
    scene.agent.hear("jwtstorm-stored", {"name": "calls-0.bin", "size": 5, "run": "/reports/1"})
    assert scene.told == []
