"""How tokens were taken has one definition: the live counts, packed rows and the report agree on the same calls."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.calls.attempt import Arrival, Attempt
from harness.protocol.live_measures import poisoned_in
from harness.results.grpc_status import numbers
from harness.results.row import ROW, Cause, Flag, Origin, RowKind
from harness.results.run import read_run
from harness.results.summary import Summary
from harness.results.treatment import TokenTreatment, treatment
from harness.tokens.token import Token
from harness.worker.recorder import Recording, Watchers
from tests.fakes.run import ZERO_NS, FakeRun

WALL_S = 1_800_000_000.0
EXPECTS = ("UNAUTHENTICATED", "PERMISSION_DENIED")
POISON = {
    "id": "5-poison", "fault": "poison", "at_s": 5.0, "until_s": 25.0, "seat": "call", "text": "calls carry SIGN-12",
    "expects": list(EXPECTS),
}  # fmt: skip


@pytest.mark.parametrize(
    ("life_ms", "origin", "cause", "messages", "taken"),
    [
        (1, Origin.NONE, Cause.OK, 1, TokenTreatment.LET_IN),
        (1, Origin.HANDLER, Cause.CRASH, 0, TokenTreatment.LET_IN),
        (1, Origin.POLICY, Cause.DENIED, 0, TokenTreatment.LET_IN),
        (1, Origin.VERIFIER, Cause.EXPIRED, 0, TokenTreatment.REJECTED),
        (1, Origin.VERIFIER, Cause.REVOKED, 0, TokenTreatment.REVOKED),
        (1, Origin.VERIFIER, Cause.EXPIRED, 7, TokenTreatment.LET_IN),
        (1, Origin.TRANSPORT, Cause.UNREACHABLE, 0, TokenTreatment.NOT_JUDGED),
        (0, Origin.NONE, Cause.OK, 1, TokenTreatment.NOT_JUDGED),
        (-(2**31), Origin.VERIFIER, Cause.MISSING_METADATA, 0, TokenTreatment.NOT_JUDGED),
    ],
)
def test_a_token_is_judged_only_where_it_was_alive_and_a_verifier_met_it(
    life_ms: int, origin: Origin, cause: Cause, messages: int, taken: TokenTreatment
) -> None:
    assert treatment(life_ms, origin, cause, messages) is taken


class Ended(NamedTuple):
    """What ended an attempt, and how."""

    due_s: float
    life_s: float
    origin: Origin
    cause: Cause
    messages: int
    code: int
    poisoned: bool
    final: bool

    def attempt(self, call_id: int) -> Attempt:
        """Return it as a user's channel records it; poison is sent from zero on, and its call is over with it."""
        due_ns = ZERO_NS + round(self.due_s * 1e9)
        token = Token("x", 0.0, {}, {}, WALL_S - 10, WALL_S + self.life_s)
        made = Attempt(Arrival(call_id, due_ns, due_ns), 0, 0, "/a/B", due_ns, due_ns + 10**6, token, now_s=WALL_S)
        made.origin, made.cause, made.messages, made.code = self.origin, self.cause, self.messages, self.code
        if self.poisoned:
            made.steps, made.expects = 1, numbers(EXPECTS)
        return made


@st.composite
def _ended(draw: st.DrawFn) -> Ended:
    due_s = draw(st.integers(-20, 290)) / 10  # on a grid: a microsecond more or less is not what this is about
    origin = draw(st.sampled_from(Origin))
    cause = Cause.OK if origin is Origin.NONE else draw(st.sampled_from([*Cause][1:]))
    poisoned = due_s >= 0 and draw(st.booleans())
    return Ended(
        due_s,
        life_s=draw(st.sampled_from([-5.0, -0.001, 0.0, 0.0004, 0.5, 30.0])),
        origin=origin,
        cause=cause,
        messages=draw(st.sampled_from([0, 1, 40])),
        code=draw(st.sampled_from([0, 2, 7, 13, 14, 16])),
        poisoned=poisoned,
        final=poisoned or draw(st.booleans()),
    )


def _packed(ended: Ended, call_id: int) -> bytes:
    """Return a good call as the native transport packs it."""
    due_ns = ZERO_NS + round(ended.due_s * 1e9)
    flags = Flag.MARK | Flag.FINAL | Flag.PLANNED
    life_ms = int(ended.life_s * 1e3)
    return ROW.pack(due_ns, call_id, 0, 0, 1000, life_ms, 0, 1, RowKind.CALL, 0, 0, flags, 2, 0, Origin.NONE, Cause.OK)


def _recorded(path: Path, attempts: Sequence[Ended], packed: Sequence[Ended]) -> Recording:
    """Record attempts as a worker does, one by one and packed."""
    recording = Recording(path, 0, Watchers(lambda _: None, lambda *_: None, lambda *_: None, lambda _: None))
    recording.zero_ns = ZERO_NS
    recording.method("/a/B", "")
    for place, ended in enumerate(attempts):
        recording.attempt(ended.attempt(place), final=ended.final)
    recording.absorb(b"".join(_packed(ended, place) for place, ended in enumerate(packed)), [])
    recording.close()
    return recording


def _summary(path: Path) -> Summary:
    run = read_run(path)
    return summarise(run, merge(run))


@settings(max_examples=40, deadline=None)
@given(st.lists(_ended(), max_size=40), st.lists(_ended(), max_size=10))
def test_live_counts_packed_rows_and_the_report_agree_on_the_same_calls(
    attempts: list[Ended], packed: list[Ended]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = FakeRun(Path(folder), workers=1, per_s=1, duration_s=30, steps=(POISON,), checks=()).write()
        recording = _recorded(path, attempts, packed)
        summary = _summary(path)
    live, whole = recording.since_zero([]), summary.measures.rejected("all")
    assert (live["alive"], live["revoked"], live["rejected"]) == (whole.alive, whole.revoked, whole.rejected)
    cell = summary.cell("all")
    assert (live["attempts"], live["calls"]) == (cell.attempts, cell.calls)
    (probe,) = summary.measures.probes
    worths = Counter({name: getattr(probe, name) for name in ("right", "accepted", "crashed", "other")})
    assert Counter(poisoned_in(recording.live)) == +worths
