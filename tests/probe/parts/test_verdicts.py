import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType
from typing import Any

import pytest

from harness.clock import wall
from harness.defects.bench import Answer, BenchStream, Metadata
from harness.defects.good import Good
from harness.defects.oracle import Bounds, Edges
from harness.probe.parts.verdicts import HEAVY, VerdictPlan, verdicts
from harness.probe.result import Finding, Outcome
from harness.probe.target.beyond import NO_KEY_SET, Beyond, GoneError

Say = Callable[[Metadata], Answer]


class Scripted:
    """A bench whose answers are a function of the metadata; what needs a lever is beyond it."""

    shapes: Sequence[Any] = ()
    methods: Mapping[str, Sequence[str]] = MappingProxyType({"unary": ("/a.B/C",)})
    cooldown_s = keys_lifetime_s = 0.0
    declared: frozenset[str] = frozenset()

    def __init__(self, say: Say, control: str = "OK") -> None:
        self.good = Good.of("ES256", "https://issuer.test", "ledger", wall())
        self._say, self._control = say, control

    async def call(self, metadata: Metadata, *_: Any, **__: Any) -> Answer:
        return self._say(metadata)

    async def control(self) -> Answer:
        return Answer(self._control)

    def stream(self, metadata: Metadata) -> AbstractAsyncContextManager[BenchStream]:
        raise Beyond(NO_KEY_SET)

    async def with_plugin(self, metadata: Metadata, *, secure: bool) -> Answer:
        raise Beyond(NO_KEY_SET)

    async def publish(self, jwks: Any, trouble: str = "") -> None:
        raise Beyond(NO_KEY_SET)

    def fetches(self) -> int:
        raise Beyond(NO_KEY_SET)

    def canary_hits(self) -> int:
        return 0

    async def freeze(self, at_s: float | None) -> None:
        raise Beyond(NO_KEY_SET)

    async def revoke(self, generation: int | None) -> None:
        raise Beyond(NO_KEY_SET)

    async def pause(self, seconds: float) -> None:
        raise Beyond(NO_KEY_SET)


def run(bench: Scripted, **plan: Any) -> list[Finding]:
    async def collect() -> list[Finding]:
        return [finding async for finding in verdicts(bench, VerdictPlan(**plan))]

    return asyncio.run(collect())


def of(findings: Sequence[Finding], row: str) -> set[Outcome]:
    return {finding.outcome for finding in findings if finding.row == row}


def always(code: str, **fields: Any) -> Say:
    return lambda _: Answer(code, **fields)


@pytest.mark.parametrize(
    ("code", "bad", "good"),
    [
        ("OK", Outcome.FALSE_ACCEPT, Outcome.PASSED),
        ("UNAUTHENTICATED", Outcome.PASSED, Outcome.FALSE_REJECT),
        ("UNKNOWN", Outcome.CRASH_CODE, Outcome.CRASH_CODE),
        ("UNAVAILABLE", Outcome.WRONG_CODE, Outcome.WRONG_CODE),
    ],
)
def test_a_status_means_another_thing_for_good_and_for_bad_tokens(code: str, bad: Outcome, good: Outcome) -> None:
    findings = run(Scripted(always(code)))
    assert of(findings, "SIGN-12") == {bad}
    assert of(findings, "OK-02") == {good}


def test_a_good_call_that_fails_beside_it_makes_an_answer_void() -> None:
    assert of(run(Scripted(always("OK", neighbour="UNAVAILABLE"))), "SIGN-12") == {Outcome.VOID}


def test_a_target_that_is_gone_ends_the_part() -> None:
    with pytest.raises(GoneError, match="3 good calls in a row failed"):
        run(Scripted(always("UNAVAILABLE"), control="UNAVAILABLE"))


def test_what_is_beyond_the_probe_is_not_checked_and_says_why() -> None:
    findings = [one for one in run(Scripted(always("UNAUTHENTICATED"))) if one.row == "KEY-01"]
    assert [(one.outcome, one.text, one.part) for one in findings] == [(Outcome.NOT_CHECKED, NO_KEY_SET, "keys")]


def test_heavy_rows_are_off_elsewhere_unless_they_are_named() -> None:
    findings = run(Scripted(always("UNAUTHENTICATED")), loopback=False, named=frozenset({"META-22"}))
    off = {one.row for one in findings if "name it to run it" in one.text}
    assert off == HEAVY - {"META-22"}


def test_rows_about_a_claim_that_good_tokens_lack_are_not_checked() -> None:
    findings = run(Scripted(always("OK")), holds=lambda claim: claim != "scope")
    assert of(findings, "CLM-06") == {Outcome.NOT_CHECKED}
    assert of(findings, "CLM-04") == {Outcome.FALSE_ACCEPT}


def test_leeway_is_judged_by_the_oracle_and_grey_is_not_judged() -> None:
    assert of(run(Scripted(always("OK"))), "TIME-02") == {Outcome.NOT_CHECKED}
    sharp = Edges.known(0.0, Bounds(-0.1, 0.1), 0)
    assert of(run(Scripted(always("OK")), edges=sharp), "TIME-02") == {Outcome.FALSE_ACCEPT}
    blurred = Edges.known(60.0, Bounds(-5.0, 5.0), 0)
    seen = [one for one in run(Scripted(always("UNAUTHENTICATED")), edges=blurred) if one.row == "TIME-02"]
    assert {one.variant: one.outcome for one in seen} == {
        "2 s": Outcome.FALSE_REJECT,
        "30 s": Outcome.FALSE_REJECT,
        "59 s": Outcome.NOT_CHECKED,
        "61 s": Outcome.NOT_CHECKED,
        "299 s": Outcome.PASSED,
        "301 s": Outcome.PASSED,
    }


def test_a_false_accept_says_how_to_declare_a_policy() -> None:
    (finding,) = [one for one in run(Scripted(always("OK"))) if one.row == "TIME-03"]
    assert "--declare exp-optional" in finding.way_out
    assert "instead of" not in finding.text, "the codes have fields of their own"
    assert of(run(Scripted(always("OK")), declared=frozenset({"exp-optional"})), "TIME-03") == {Outcome.ALLOWED}


def test_other_carriers_leave_the_rows_on_metadata_out() -> None:
    findings = run(Scripted(always("UNAUTHENTICATED")), usual_carrier=False)
    assert of(findings, "META-13") == {Outcome.NOT_CHECKED}
    assert of(findings, "META-01") == {Outcome.PASSED}


def test_a_text_that_tells_too_much_is_a_problem_beside_the_verdict() -> None:
    findings = run(Scripted(always("UNAUTHENTICATED", text="expired, now is 1800000000")))
    assert of(findings, "SIGN-12") == {Outcome.PASSED}
    assert Outcome.PROBLEM in of(findings, "WIRE-13")


def test_no_finding_holds_a_token() -> None:
    assert "eyJ" not in "".join(repr(one) for one in run(Scripted(always("OK"))))


def test_a_sentence_follows_what_was_seen_and_never_the_rows_worst_case() -> None:
    worst = "anybody signs"
    told = {
        code: [one.text for one in run(Scripted(always(code, text="no"))) if one.row == "HEAD-01"]
        for code in ("OK", "UNKNOWN", "INVALID_ARGUMENT")
    }
    assert all(worst in text for text in told["OK"])
    assert not any(worst in text for code in ("UNKNOWN", "INVALID_ARGUMENT") for text in told[code])
    assert all("fell over, and let nobody in" in text for text in told["UNKNOWN"])
    assert all("turned away with INVALID_ARGUMENT (“no”)" in text for text in told["INVALID_ARGUMENT"])


def test_a_rejection_in_the_targets_own_way_is_right_and_shown_as_it_came() -> None:
    findings = run(Scripted(always("UNAUTHENTICATED", sent="1010", text="missing bearer token")))
    assert {(one.outcome, one.seen) for one in findings if one.row == "SIGN-12"} == {(Outcome.PASSED, "1010")}


def test_a_status_that_a_row_expects_is_not_taken_for_a_rejection_of_the_token() -> None:
    findings = run(Scripted(always("UNAUTHENTICATED", sent="PERMISSION_DENIED")))
    assert of(findings, "CLM-06") == {Outcome.PASSED}


def test_a_static_key_can_be_declared_and_covers_no_strangers_signature() -> None:
    static = frozenset({"static-key"})
    findings = run(Scripted(always("OK")), declared=static)
    outcomes = {(one.row, one.variant): one.outcome for one in findings}
    assert outcomes["HEAD-03", "our key"] is Outcome.ALLOWED
    assert outcomes["HEAD-03", "a stranger's"] is Outcome.FALSE_ACCEPT
    assert of(findings, "HEAD-05") == {Outcome.ALLOWED}


def test_a_connection_that_is_reset_tells_nothing() -> None:
    lost = always("UNAVAILABLE", text="the connection was reset", own_words=True)
    findings = run(Scripted(lost))
    assert not [one for one in findings if one.row == "WIRE-13" and one.found]
    assert {one.text for one in findings if one.row == "SIGN-12"} == {"the connection was reset instead of an answer"}
