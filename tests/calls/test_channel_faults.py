"""Per-call faults in the channel: what a step changes, and which bit it sets."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from harness import clock
from harness.endpoint.metadata import Metadata
from harness.faults import CallFault, CallView, ForceRefresh
from harness.faults.timeline import Planned, at
from harness.tokens.refresh import Decision
from tests.calls.fake_transport import Bench, Failure, Transport


def without_the_token(metadata: Metadata) -> Metadata:
    return tuple((key, value) for key, value in metadata if key != "authorization")


def untouched(metadata: Metadata) -> Metadata:
    return metadata


def doubled(metadata: Metadata) -> Metadata:
    return metadata * 2


@dataclass(frozen=True)
class Meddler(CallFault, registered=False):
    """A per-call fault that uses every seam."""

    held: list[CallView] = field(default_factory=list)
    ahead_s: float = 0.0
    hold_s: float = 0.0
    forgery: str = ""
    rewrite: Callable[[Metadata], Metadata] = without_the_token
    answers: tuple[str, ...] = ()

    def text(self) -> str:
        return "calls are meddled with"

    def on_call(self, call: CallView, delay_s: float) -> float:
        self.held.append(call)
        return delay_s + self.hold_s

    def on_clock(self, now_s: float, since_s: float) -> float:
        assert since_s >= 0
        return now_s + self.ahead_s

    def on_token(self, text: str, call: CallView) -> str:
        assert call.call_id >= 0
        return self.forgery or text

    def expects(self) -> tuple[str, ...]:
        return self.answers

    def specimen(self, text: str, call: CallView) -> str:
        assert text != self.forgery
        assert call.call_id >= 0
        return self.forgery

    def on_metadata(self, metadata: Metadata, call: CallView) -> Metadata:
        assert call.call_id >= 0
        return self.rewrite(metadata)

    def on_refresh(self, decision: str, *, before: bool) -> str:
        return decision


def meddle(
    at_s: float, until_s: float, toxicity: float = 1.0, ahead_s: float = 0.0, hold_s: float = 0.0
) -> tuple[Meddler, Planned]:
    fault = Meddler(ahead_s=ahead_s, hold_s=hold_s)
    return fault, Planned(at_s, fault, until_s, toxicity)


def test_each_per_call_step_that_changes_a_call_sets_its_bit() -> None:
    # The second finds no token left to take away; it holds the call back by a microsecond instead.
    (first, one), (second, two), (_, three) = meddle(0, 10), meddle(5, 15, hold_s=1e-6), meddle(20, 30)
    bench = Bench(Transport("reply"), planned=[one, two, three])
    for at_s in (-1.0, 1.0, 7.0, 12.0, 17.0):
        bench.arrive(at_s)
        bench.call()
    assert [row.steps for row, _ in bench.rows] == [0b00, 0b01, 0b11, 0b10, 0b00]
    assert [view.at_s for view in first.held] == pytest.approx([1.0, 7.0])
    assert [view.at_s for view in second.held] == pytest.approx([7.0, 12.0])


def test_a_step_changes_the_metadata_of_the_calls_that_it_touches() -> None:
    _, plan = meddle(0, 10)
    bench = Bench(Transport("reply"), planned=[plan])
    for at_s in (5.0, 11.0):
        bench.arrive(at_s)
        bench.call()
    assert [len(sent.metadata) for sent in bench.transport.sent] == [0, 1]


def test_a_step_may_send_another_text_than_the_tokens() -> None:
    bench = Bench(Transport("reply"), planned=[Planned(0, Meddler(forgery="bad", rewrite=untouched), 10, 1)])
    for at_s in (5.0, 11.0):
        bench.arrive(at_s)
        bench.call()
    assert [sent.metadata[0][1] for sent in bench.transport.sent] == ["Bearer bad", f"Bearer {bench.source.texts[0]}"]
    assert [row.steps for row, _ in bench.rows] == [1, 0]


def test_a_text_that_a_fault_forged_proves_nothing_of_the_token() -> None:
    bench = Bench(Transport("reply"), planned=[Planned(0, Meddler(forgery="bad", rewrite=untouched), 10, 1)])
    bench.arrive(5.0)
    bench.call()
    assert bench.client.proven is None
    bench.arrive(11.0)
    bench.call()
    assert bench.client.proven is bench.rows[1][0].token


def poisoned(from_s: float, until_s: float, toxicity: float = 1.0) -> Planned:
    fault = Meddler(forgery="bad", rewrite=untouched, answers=("UNAUTHENTICATED",))
    return Planned(from_s, fault, until_s, toxicity)


def test_a_poisoned_call_is_sent_once_and_costs_no_good_token() -> None:
    bench = Bench(Transport(Failure(), "reply"), planned=[poisoned(0, 10)])
    bench.arrive(5.0)
    with pytest.raises(Failure):
        bench.call()
    bench.arrive(11.0)
    bench.call()
    (bad, final), (good, _) = bench.rows
    assert (final, bad.expects, bad.specimen, bad.notable) == (True, frozenset({16}), "bad", True)
    assert (good.decision, good.expects, len(bench.source.texts)) == (Decision.USE, frozenset(), 1)


def test_a_poisoned_call_that_is_let_in_is_worth_a_line() -> None:
    bench = Bench(Transport("reply"), planned=[poisoned(0, 10)])
    bench.arrive(5.0)
    bench.call()
    assert bench.rows[0][0].notable


def test_a_call_that_a_poisoning_step_only_held_back_is_not_poisoned() -> None:
    held_back = Meddler(hold_s=1e-6, rewrite=untouched, answers=("UNAUTHENTICATED",))
    bench = Bench(Transport("reply"), planned=[Planned(0, held_back, 10, 1)])
    bench.arrive(5.0)
    bench.call()
    (row, _), *_ = bench.rows
    assert (len(held_back.held), row.steps, row.expects) == (1, 0, frozenset())


def test_one_step_alone_poisons_a_call_and_never_one_that_is_sent_again() -> None:
    bench = Bench(Transport("reply"), planned=[poisoned(0, 10), poisoned(0, 10)])
    bench.arrive(5.0)
    bench.call()
    assert bench.rows[0][0].steps == 0b01
    steps = bench.client.faults.touching(5.0, 7, 0, 1)
    assert steps == ()


def test_a_step_may_send_an_entry_of_the_metadata_twice() -> None:
    bench = Bench(Transport("reply"), planned=[Planned(0, Meddler(rewrite=doubled), 10, 1)])
    bench.arrive(5.0)
    bench.call(metadata=[("trace", "1")])
    assert [key for key, _ in bench.transport.sent[0].metadata] == ["trace", "authorization"] * 2
    assert bench.rows[0][0].steps == 1


def test_a_step_moves_the_clock_of_the_client_for_the_calls_that_it_touches() -> None:
    _, plan = meddle(0, 10, ahead_s=600.0)
    bench = Bench(Transport("reply"), planned=[plan])
    bench.arrive(-1.0)
    bench.call()
    bench.arrive(5.0)
    bench.call()
    (before, _), (after, _) = bench.rows
    assert 590_000 < before.life_ms() - after.life_ms() < 610_000


def test_a_step_with_half_the_toxicity_touches_the_same_calls_whoever_makes_them() -> None:
    touched = []
    for order in (range(100), reversed(range(100))):
        _, plan = meddle(0, 10, toxicity=0.5)
        bench = Bench(Transport("reply"), planned=[plan])
        for call_id in order:
            bench.arrive(5.0, call_id)
            bench.call()
        touched.append({row.arrival.call_id for row, _ in bench.rows if row.steps})
    assert touched[0] == touched[1]
    assert 30 < len(touched[0]) < 70


def test_a_forced_refresh_renews_once_what_was_fetched_before_it() -> None:
    force = ForceRefresh()
    bench = Bench(Transport("reply"), planned=[at(0, force)])
    bench.arrive(-1.0)
    bench.call()
    bench.zero_ns = clock.monotonic_ns()
    for _ in range(3):
        bench.arrive(1.0)
        bench.call()
    assert [row.decision for row, _ in bench.rows] == [Decision.FETCH, Decision.FETCH, Decision.USE, Decision.USE]
