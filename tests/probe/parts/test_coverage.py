"""Coverage over a channel that is scripted: what is asked, and what is made of the answers."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.defects.bench import Answer, Metadata, Shape
from harness.endpoint.methods import Methods, from_stubs
from harness.errors import UsageError
from harness.probe.parts.coverage import NOWHERE, Coverage, CoveragePlan
from harness.probe.result import Finding, Outcome
from harness.probe.target.credentials import Credential
from harness.probe.target.messages import Messages
from harness.probe.target.openness import Openness
from harness.probe.target.proof import SideEffectProof

LEDGER = "jwtstorm.lab.v1.Ledger"
METHODS: Methods = from_stubs("harness.lab.proto.ledger_pb2")
KNOCKS = (Credential("no token", ()), Credential("rubbish", (("authorization", "Bearer x"),)))
GOOD: Metadata = (("authorization", "Bearer good"),)
REJECTED = Answer("UNAUTHENTICATED", in_silence=True)
Script = Callable[[str, Metadata], Answer]


class Scripted:
    """A channel whose answers a script makes; ``calls`` keeps what was asked."""

    def __init__(self, script: Script) -> None:
        self.script, self.calls = script, list[tuple[str, bool]]()

    async def call(
        self, shape: Shape, method: str, metadata: Metadata, request: bytes, within_s: float, *, patient: bool = True
    ) -> Answer:
        assert patient, (request, within_s)
        self.calls.append((method, shape.silent))
        return self.script(method, metadata)


def plan(**changes: object) -> CoveragePlan:
    messages = Messages(METHODS, {f"{LEDGER}/Transfer": '{"nonce": "$NONCE"}'})
    return replace(CoveragePlan(METHODS, KNOCKS, messages.make), **changes)  # type: ignore[arg-type]


def findings(plan: CoveragePlan, script: Script) -> tuple[list[Finding], Scripted]:
    caller = Scripted(script)

    async def collect() -> list[Finding]:
        return [finding async for finding in Coverage(plan, caller, lambda: asyncio.sleep(0)).ask()]

    return asyncio.run(collect()), caller


def closed(method: str, metadata: Metadata) -> Answer:
    return Answer("OK") if metadata == GOOD and method else REJECTED


def test_a_guarded_service_has_no_finding_that_fails() -> None:
    found, _ = findings(plan(), closed)
    assert [one for one in found if one.found] == []


def test_every_method_is_knocked_at_with_every_credential_and_streams_in_silence_too() -> None:
    _, caller = findings(plan(), closed)
    asked = [call for call in caller.calls if call[0].startswith(f"/{LEDGER}/") and NOWHERE not in call[0]]
    unary = [call for call in asked if not call[1]]
    assert sorted(unary) == sorted((method.path, False) for method in METHODS for _ in KNOCKS)
    streams = [method.path for method in METHODS if method.takes_many]
    assert sorted(set(asked) - set(unary)) == [(path, True) for path in sorted(streams)]


def test_a_method_that_answers_is_naked_and_named() -> None:
    found, _ = findings(plan(), lambda method, _: Answer("OK", messages=1) if "GetBalance" in method else REJECTED)
    naked = [one for one in found if one.outcome is Outcome.NAKED]
    assert {(one.subject, one.row) for one in naked} == {(f"{LEDGER}/GetBalance", "WIRE-01")}
    assert {one.variant for one in naked} == {"no token", "rubbish"}


def test_a_bad_token_that_opens_what_is_shut_without_one_is_a_false_accept() -> None:
    found, _ = findings(plan(), lambda _, metadata: Answer("OK", messages=1) if metadata else REJECTED)
    assert {(one.outcome, one.variant) for one in found if one.failing} == {
        (Outcome.FALSE_ACCEPT, "rubbish"),
        (Outcome.FALSE_ACCEPT, "rubbish, no first message"),
    }


def early(method: str, metadata: Metadata) -> Answer:
    """Answer as a server does that looks at messages before it looks at tokens."""
    return (
        Answer("INVALID_ARGUMENT", f"invalid {method.rpartition('/')[2]}Request.Account: too short")
        if method
        else REJECTED
    )


def test_what_is_answered_before_any_check_is_not_proven_and_asked_once() -> None:
    controlled = plan(good=lambda: GOOD, with_good=lambda method: method.reads)
    found, caller = findings(controlled, early)
    of_methods = [one for one in found if one.method.startswith(f"/{LEDGER}/")]
    assert {one.outcome for one in of_methods} == {Outcome.NOT_CHECKED}
    assert {one.variant.partition(",")[0] for one in of_methods} == {"no token"}
    read = [one for one in of_methods if "a good token gets the same answer" in one.text]
    assert {one.subject for one in read} == {method.path.lstrip("/") for method in METHODS if method.reads}
    assert all("--data" in one.way_out for one in of_methods)
    assert len([method for method, _ in caller.calls if method.endswith("/GetBalance")]) == 2


def test_a_good_token_tries_only_methods_that_read_or_have_a_message() -> None:
    tried: list[str] = []

    def script(method: str, metadata: Metadata) -> Answer:
        tried.extend([method] if metadata == GOOD else [])
        return early(method, metadata)

    findings(plan(good=lambda: GOOD, with_good=lambda method: method.reads), script)
    assert set(tried) == {method.path for method in METHODS if method.reads}


def test_another_answer_to_a_good_token_makes_the_bare_one_a_rejection_in_the_wrong_code() -> None:
    def script(method: str, metadata: Metadata) -> Answer:
        if "GetBalance" not in method:
            return closed(method, metadata)
        return Answer("OK", messages=1) if metadata == GOOD else Answer("NOT_FOUND", "nothing here")

    found, _ = findings(plan(good=lambda: GOOD, with_good=lambda method: method.reads), script)
    of_method = [one for one in found if one.subject == f"{LEDGER}/GetBalance"]
    assert {(one.outcome, one.variant) for one in of_method} == {
        (Outcome.WRONG_CODE, "no token"),
        (Outcome.WRONG_CODE, "rubbish"),
    }


def test_a_rejection_that_waits_for_the_client_is_a_problem_of_its_own() -> None:
    found, _ = findings(plan(), lambda *_: replace(REJECTED, in_silence=False))
    late = [one for one in found if one.row == "WIRE-04"]
    assert {one.outcome for one in late} == {Outcome.PROBLEM}
    assert all("no first message" in one.variant for one in late)


def test_what_is_skipped_is_never_called_and_says_so() -> None:
    found, caller = findings(plan(openness=Openness(skipped=(f"{LEDGER}/Transfer",))), closed)
    assert f"/{LEDGER}/Transfer" not in {method for method, _ in caller.calls}
    assert [one.text for one in found if one.outcome is Outcome.NOT_CHECKED] == ["left out with --skip"]


def proof(read: Callable[[], str]) -> tuple[CoveragePlan, Script]:
    found = METHODS.find(f"{LEDGER}/FindTransfer")
    with_proof = plan(
        proof=SideEffectProof(found, str.encode, lambda: GOOD), makes_effect=frozenset({f"/{LEDGER}/Transfer"})
    )
    return with_proof, lambda method, metadata: Answer(read()) if metadata == GOOD and method else REJECTED


def test_a_handler_that_runs_behind_a_rejection_is_proved_by_its_side_effect() -> None:
    reads = iter(["NOT_FOUND", *["OK"] * 9])
    with_proof, script = proof(lambda: next(reads))
    found, _ = findings(with_proof, script)
    assert {(one.row, one.seen) for one in found if one.outcome is Outcome.NAKED} == {("WIRE-09", "UNAUTHENTICATED")}


def test_a_read_back_that_finds_what_nobody_did_proves_nothing() -> None:
    with_proof, script = proof(lambda: "OK")
    found, _ = findings(with_proof, script)
    assert not any(one.outcome is Outcome.NAKED for one in found)
    assert "finds what nobody did" in found[-1].text


def test_open_reflection_is_worth_a_look_unless_it_is_declared_public() -> None:
    def script(method: str, _: Metadata) -> Answer:
        return Answer("OK", messages=1) if "Reflection" in method else REJECTED

    declared = Openness(public=("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"))
    outcomes = [
        {one.outcome for one in findings(plan(openness=openness), script)[0] if one.row == "WIRE-07"}
        for openness in (Openness(), declared)
    ]
    assert outcomes == [{Outcome.PROBLEM}, {Outcome.PASSED}]


def test_health_that_is_declared_public_must_not_want_a_token() -> None:
    found, _ = findings(plan(openness=Openness(public=("grpc.health.v1.Health",))), closed)
    assert [one.outcome for one in found if one.row == "WIRE-06"] == [Outcome.FALSE_REJECT]


def test_a_name_that_is_not_served_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--public pkg\.Typo: the target serves no such"):
        Openness(public=("pkg.Typo",)).require_known([method.path for method in METHODS])


def test_a_message_that_does_not_fit_is_refused_before_the_first_call() -> None:
    with pytest.raises(
        UsageError, match=r"Ledger/Transfer: no field 'nonsense' in .*TransferRequest; did you mean 'nonce'"
    ):
        Messages(METHODS, {f"{LEDGER}/Transfer": '{"nonsense": 1}'})
