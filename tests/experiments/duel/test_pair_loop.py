from collections.abc import Callable
from pathlib import Path

import pytest

from harness.comparison.result import Side
from harness.comparison.statistics.looks import Look
from harness.comparison.statistics.pairs import coin
from harness.comparison.words import told
from harness.errors import RecordError, UsageError
from harness.experiments.duel.evaluate import find
from harness.experiments.duel.ledger import DuelLedger, PairEntry, held
from harness.experiments.duel.pair_loop import Fight
from harness.experiments.duel.single_run import FinishedRun
from tests.fakes.duel_samples import SLUGS, ledger


class FakeRuns:
    """Makes runs that are names; ``cut`` interrupts before the n-th, ``bad`` says what becomes of some."""

    def __init__(self, cut: int | None = None, bad: dict[tuple[int, Side], str] | None = None) -> None:
        self.cut = cut
        self.bad = bad or {}
        self.made: list[tuple[int, Side]] = []

    def __call__(self, entry: PairEntry, side: Side) -> FinishedRun:
        if len(self.made) == self.cut:
            raise KeyboardInterrupt
        self.made.append((entry.number, side))
        why = self.bad.get((entry.number, side), "")
        return FinishedRun(None if why else f"runs/{entry.number}-{side}-{len(self.made)}", why)


def fight(folder: Path, runs: FakeRuns, judge: Callable[[DuelLedger, Look], str] = lambda *_: "same") -> Fight:
    return Fight(folder, runs, judge, lambda _: None, run_s=1.0)


def test_the_coin_orders_each_pair_and_is_on_file_before_any_run(tmp_path: Path) -> None:
    before = ledger(pairs=6)
    before.write(tmp_path)
    runs = FakeRuns()
    fight(tmp_path, runs).carry_on(DuelLedger.read(tmp_path))
    assert [pair.order for pair in before.pairs] == list(coin(5, 6))
    expected = [(pair.number, side) for pair in before.pairs for side in pair.sides]
    assert runs.made == expected


@pytest.mark.parametrize("cut", range(6))
def test_a_duel_cut_anywhere_resumes_without_counting_a_pair_twice(tmp_path: Path, cut: int) -> None:
    first = FakeRuns(cut=cut)
    ended = fight(tmp_path, first).carry_on(_written(tmp_path, ledger()))
    assert ended.state == "interrupted"
    again = FakeRuns()
    done = fight(tmp_path, again).carry_on(DuelLedger.read(tmp_path).reopened())
    assert done.state == "complete"
    assert [pair.order for pair in done.pairs] == [pair.order for pair in ledger().pairs]
    assert len(again.made) == 6 - cut // 2 * 2
    assert sum(len(pair.dropped) for pair in done.pairs) == cut % 2
    assert all(pair.base and pair.new for pair in done.pairs)


def test_a_crash_leaves_a_ledger_that_can_be_resumed(tmp_path: Path) -> None:
    def crash(entry: PairEntry, side: Side) -> FinishedRun:
        if entry.number == 2:
            raise RecordError("the disk is full")
        return FinishedRun(f"runs/{entry.number}-{side}")

    with pytest.raises(RecordError):
        Fight(tmp_path, crash, lambda *_: "same", lambda _: None, 1.0).carry_on(_written(tmp_path, ledger()))
    left = DuelLedger.read(tmp_path)
    assert [pair.closed for pair in left.pairs] == [True, False, False]
    runs = FakeRuns()
    fight(tmp_path, runs).carry_on(left.reopened())
    assert {number for number, _ in runs.made} == {2, 3}


def test_a_run_that_measured_nothing_sets_its_pair_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    plan = ledger(pairs=5)
    first = plan.pairs[1].sides[0]
    runs = FakeRuns(bad={(2, first): "the load generator was the bottleneck"})
    done = fight(tmp_path, runs).carry_on(_written(tmp_path, plan))
    assert done.state == "complete"
    assert done.pairs[1].why == "the load generator was the bottleneck"
    assert (2, plan.pairs[1].sides[1]) not in runs.made
    assert len(runs.made) == 10
    assert runs.made[-1] == (2, first)


def test_a_pair_that_was_set_aside_is_made_anew_before_the_look_and_counts(tmp_path: Path) -> None:
    plan = ledger(pairs=5)
    runs = FakeRuns(bad={(2, plan.pairs[1].sides[0]): "the load generator was the bottleneck"})
    seen: list[list[str]] = []

    def make(entry: PairEntry, side: Side) -> FinishedRun:
        if entry.number == 5:
            runs.bad = {}
        return runs(entry, side)

    def judge(at: DuelLedger, _: Look) -> str:
        seen.append([pair.why for pair in at.pairs])
        return "same"

    done = Fight(tmp_path, make, judge, lambda _: None, 1.0).carry_on(_written(tmp_path, plan))
    assert (done.state, seen) == ("complete", [[""] * 5])
    assert runs.made[-2:] == [(2, side) for side in plan.pairs[1].sides]
    assert done.pairs[1].order == plan.pairs[1].order


def test_a_resumed_duel_makes_the_pairs_anew_that_no_look_has_judged(tmp_path: Path) -> None:
    bad: dict[tuple[int, Side], str] = {(number, "new"): "it does not start" for number in (1, 2, 3)}
    given_up = fight(tmp_path, FakeRuns(bad=bad)).carry_on(_written(tmp_path, ledger(pairs=10)))
    assert given_up.state == "broken"
    done = fight(tmp_path, FakeRuns()).carry_on(DuelLedger.read(tmp_path).reopened())
    assert done.state == "complete"
    assert not any(pair.why for pair in done.pairs)


def test_a_pair_that_a_look_has_judged_is_not_made_anew(tmp_path: Path) -> None:
    plan = ledger(pairs=5)
    runs = FakeRuns(bad={(2, plan.pairs[1].sides[0]): "the load generator was the bottleneck"})
    done = fight(tmp_path, runs).carry_on(_written(tmp_path, plan))
    assert done.reopened().pairs == done.pairs


def test_a_build_that_stops_starting_ends_the_duel_before_hours_are_lost(tmp_path: Path) -> None:
    bad: dict[tuple[int, Side], str] = {(number, "new"): "it does not start" for number in range(3, 11)}
    runs = FakeRuns(bad=bad)
    done = fight(tmp_path, runs).carry_on(_written(tmp_path, ledger(pairs=10)))
    assert done.state == "broken"
    assert done.closed == 5
    duel = find(tmp_path, done, SLUGS)
    assert (duel.word, duel.exit_code) == ("not comparable", 3)
    assert sum("it does not start" in reason for reason in duel.reasons) == 3
    assert [pair.state for pair in duel.pairs].count("not made") == 5


def test_an_interrupted_duel_is_not_judged(tmp_path: Path) -> None:
    done = fight(tmp_path, FakeRuns(cut=4)).carry_on(_written(tmp_path, ledger()))
    duel = find(tmp_path, done, SLUGS)
    assert (duel.word, duel.exit_code, duel.findings) == ("not comparable", 130, ())
    assert duel.reasons[0] == "interrupted: 2 of 3 planned pairs were made, and no look was due"
    assert not any("set aside" in line for line in told(duel))
    assert [pair.why for pair in duel.pairs][:2] == ["not judged: the duel was interrupted before a look"] * 2


@pytest.mark.parametrize(("first", "pairs"), [("worse", 2), ("same", 2), ("too noisy to tell", 4)])
def test_a_second_look_happens_only_while_it_is_too_noisy_to_tell(tmp_path: Path, first: str, pairs: int) -> None:
    looked: list[int] = []

    def judge(_: DuelLedger, look: Look) -> str:
        looked.append(look.pairs)
        return first if look.pairs == 2 else "better"

    plan = ledger(looks=(Look(2, 0.02), Look(4, 0.03)))
    runs = FakeRuns()
    done = fight(tmp_path, runs, judge).carry_on(_written(tmp_path, plan))
    assert looked == ([2] if pairs == 2 else [2, 4])
    assert len(runs.made) == 2 * pairs
    assert [look.word for look in done.looks] == [first, None if pairs == 2 else "better"]


def test_a_finished_duel_makes_no_further_run(tmp_path: Path) -> None:
    done = fight(tmp_path, FakeRuns()).carry_on(_written(tmp_path, ledger()))
    runs = FakeRuns()
    assert fight(tmp_path, runs).carry_on(done.reopened()).state == "complete"
    assert runs.made == []


def test_two_processes_never_work_on_one_duel(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(UsageError, match="another process"), held(tmp_path):
        pass


def test_a_folder_without_a_ledger_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reports/duels"):
        DuelLedger.read(tmp_path)


def _written(folder: Path, told: DuelLedger) -> DuelLedger:
    told.write(folder)
    return DuelLedger.read(folder)
