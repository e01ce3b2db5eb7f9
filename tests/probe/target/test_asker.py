"""What an answer stands for, at a target with its own ways."""

import asyncio

import pytest

from harness.defects.bench import Answer
from harness.endpoint import Endpoint
from harness.probe.target.asker import Asker, Subject
from harness.probe.target.refusals import Refusals


@pytest.mark.parametrize(
    ("answer", "code", "seen"),
    [
        (Answer("NOT_FOUND", "no account 7"), "OK", "NOT_FOUND"),
        (Answer("1010", "missing bearer token"), "UNAUTHENTICATED", "1010"),
        (Answer("UNAUTHENTICATED", "no"), "UNAUTHENTICATED", "UNAUTHENTICATED"),
        (Answer("UNKNOWN", "boom"), "UNKNOWN", "UNKNOWN"),
        (Answer("NOT_FOUND", "no such page"), "NOT_FOUND", "NOT_FOUND"),
        (Answer("OK"), "OK", "OK"),
    ],
)
def test_an_answer_stands_for_what_it_means_at_this_target(answer: Answer, code: str, seen: str) -> None:
    refusals = Refusals()
    refusals.learn(Answer("1010", "missing bearer token"), "no token")

    async def judge() -> Answer:
        asker = Asker(Endpoint(("127.0.0.1:1",)), "127.0.0.1:1", Subject("/a.B/C"), refusals=refusals)
        assert asker.settles(Answer("NOT_FOUND", "no account 8"))
        return asker.judged(answer)

    judged = asyncio.run(judge())
    assert (judged.code, judged.seen) == (code, seen)
