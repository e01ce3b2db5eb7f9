"""A wrong client in a storm: the channel does what its parts say."""

import grpc
import pytest

from harness import clock
from harness.lab import zoo
from harness.tokens.client_parts import MOST_ATTEMPTS, ClientParts
from harness.tokens.refresh import Tokens
from tests.calls.fake_transport import Bench, Failure, Transport


def bench_of(animal: str, *answers: object) -> Bench:
    bench = Bench(Transport(*answers))
    bench.client.parts = zoo.find(animal).release(ClientParts.of(Tokens()))
    return bench


def sent_tokens(bench: Bench) -> list[object]:
    return [sent.metadata[0][1] for sent in bench.transport.sent]


def test_a_right_client_sends_once_more_with_a_new_token() -> None:
    bench = Bench(Transport(Failure(), "reply"))
    bench.call()
    first, second = sent_tokens(bench)
    assert first != second


def test_one_that_gives_up_at_once_sends_once() -> None:
    bench = bench_of("gives-up-at-once", Failure(), "reply")
    with pytest.raises(grpc.RpcError):
        bench.call()
    assert bench.finals() == [True]


def test_one_that_keeps_its_first_token_sends_it_again() -> None:
    bench = bench_of("keeps-the-token-of-its-creation", Failure(), "reply")
    bench.call()
    first, second = sent_tokens(bench)
    assert first == second


def test_one_that_sends_for_ever_is_stopped() -> None:
    bench = bench_of("sends-for-ever", Failure())
    with pytest.raises(grpc.RpcError):
        bench.call()
    assert len(bench.transport.sent) == MOST_ATTEMPTS


def test_one_that_attaches_twice_sends_two_entries() -> None:
    bench = bench_of("attaches-twice", "reply")
    bench.call()
    (sent,) = bench.transport.sent
    assert [key for key, _ in sent.metadata] == ["authorization", "authorization"]


def test_one_whose_clock_is_behind_sees_more_life() -> None:
    bench = bench_of("trusts-its-clock", "reply")
    bench.call()
    ((row, _),) = bench.rows
    assert row.now_s < clock.wall() - 599
