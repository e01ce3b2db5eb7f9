"""What an answer means: right, allowed, wrong, or nothing. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from harness.defects import Defect, Specimen
from harness.defects.bench import Answer, Observation
from harness.defects.leaks import leak
from harness.results.classify import classify
from harness.results.grpc_status import status_number
from harness.results.row import Origin

Verdict = Literal["passed", "allowed", "failed", "void"]


@dataclass(frozen=True)
class Judgement:
    """What came of one specimen in one kind of call, or of one look of a procedure.

    ``void`` means that a good call beside it failed, so that the answer proves nothing.
    """

    row: str
    variant: str
    shape: str
    algorithm: str
    verdict: Verdict
    text: str = ""
    local: bool = False
    """Whether a gRPC client refuses to send it, so that it went over raw HTTP/2."""


def judge(row: Defect, expected: str, code: str, declared: Collection[str], variant: str = "") -> tuple[Verdict, str]:
    """Return what a status means as the answer of a row, and why; ``declared`` are the server's policies."""
    if code == expected:
        return "passed", ""
    for allowed in row.allowed:
        if allowed.covers(code, variant, declared):
            return "allowed", allowed.why
    return "failed", wrong_code(code, expected)


def wrong_code(code: str, expected: str) -> str:
    """Return the sentence of a code that neither the row expects nor its owner allows."""
    return f"{code} instead of {expected}"


def judge_answer(
    row: Defect, specimen: Specimen, shape: str, algorithm: str, answer: Answer, declared: Collection[str]
) -> Iterator[Judgement]:
    """Yield what an answer to a specimen says of its row, and of what holds for every rejection."""

    def outcome(identity: str, verdict: Verdict, text: str) -> Judgement:
        return Judgement(identity, specimen.variant, shape, algorithm, verdict, text, specimen.local)

    if answer.neighbour:
        yield outcome(row.id, "void", f"the good call after it ended {answer.neighbour}")
        return
    yield outcome(row.id, *judge(row, specimen.expected, answer.code, declared, specimen.variant))
    if answer.code == "OK":
        return
    if answer.carried_out:
        yield outcome("WIRE-09", "failed", f"the handler ran for {row.id}, and the caller read {answer.code}")
    sent = " ".join(value for _, value in specimen.metadata if isinstance(value, str))
    if _of_server(answer) and (found := leak(answer.text, sent)):
        yield outcome("WIRE-13", "failed", f"the text of {row.id}'s rejection holds {found}")


def _of_server(answer: Answer) -> bool:
    """Return whether an answer's text came from the other side: what the client writes itself tells nobody anything."""
    if answer.own_words or answer.local:
        return False
    origin, _ = classify(status_number(answer.seen), answer.text, answer.failure_details)
    return origin not in {Origin.LOCAL, Origin.TRANSPORT}


def judge_observation(row: Defect, seen: Observation, algorithm: str, declared: Collection[str]) -> Judgement:
    """Return what a procedure's look says of its row."""
    if seen.problem:
        return Judgement(row.id, seen.variant, "procedure", algorithm, "failed", seen.problem)
    if not seen.code:
        return Judgement(row.id, seen.variant, "procedure", algorithm, "passed")
    verdict, text = judge(row, seen.expected or row.expected, seen.code, declared, seen.variant)
    return Judgement(row.id, seen.variant, "procedure", algorithm, verdict, text)
