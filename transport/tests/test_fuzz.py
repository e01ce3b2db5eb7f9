"""The fuzzer: a short seeded run of it, and that it plays what it says."""

from itertools import islice
from pathlib import Path
from random import Random

from transport.tests.client import Client
from transport.tests.fuzz import Fuzzer, generate
from transport.tests.mutations import MUTATIONS, frames, mutate
from transport.tests.peer import Kind, frame
from transport.tests.recordings import ASKS, Recording

CASES, CASES_OF_GRPCIO = 300, 100
MADE = [Recording(asked, frame(Kind.SETTINGS), frame(Kind.PING, payload=bytes(8)) * 3) for asked in ASKS]


def test_a_recorded_server_plays_and_its_mutations_break_nothing(client: Client, tmp_path: Path) -> None:
    fuzzer = Fuzzer(client.transport, 1, tmp_path / "client.log")
    fuzzer.verify()
    cases = CASES if client.native else CASES_OF_GRPCIO
    summary = fuzzer.run(cases=cases)
    if client.native:  # grpcio is here to try the fuzzer: some mutations do end its process
        assert summary.broken == []
    assert sum(summary.codes.values()) == summary.cases == cases
    assert len(summary.codes) > 3, summary.text()


def test_the_same_seed_gives_the_same_cases_and_another_seed_others() -> None:
    first, again, other = (list(islice(generate(seed, MADE), 50)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_case_does_not_depend_on_those_before_it() -> None:
    alone = next(islice(generate(3, MADE), 40, None))
    assert alone == list(islice(generate(3, MADE), 50))[40]


def test_every_mutation_takes_any_bytes() -> None:
    dice = Random(5)
    for mutation in MUTATIONS:
        for data in (b"", b"\0", bytes(5), frame(Kind.PING, payload=bytes(8)), dice.randbytes(300)):
            assert isinstance(mutation(dice, data, [b"", b"other"]), bytes)


def test_mutations_change_bytes() -> None:
    data = frame(Kind.SETTINGS) + frame(Kind.PING, payload=bytes(8)) * 20
    changed = sum(mutate(Random(at), data, [data]) != data for at in range(100))
    assert changed > 90


def test_bytes_are_their_frames_together() -> None:
    data = frame(Kind.SETTINGS) + frame(Kind.PING, payload=bytes(8)) + b"\0\0"
    assert [len(part) for part in frames(data)] == [9, 17, 2]
    assert b"".join(frames(data)) == data
