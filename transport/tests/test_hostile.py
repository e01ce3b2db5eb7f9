"""Hostile peers: whatever a server sends, the call ends in time and with a code, and the process lives on.

The cases are `transport.tests.hostile`; the `client` fixture asserts that nothing panicked.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from transport.tests.calling import Target, ask
from transport.tests.client import Client
from transport.tests.differences import DIFFERENCES
from transport.tests.hostile import CRASH, LONG_S, Case, cases
from transport.tests.peer import Peer
from transport.tests.server import Server

CASES = cases()
SLACK_S = 10.0
"""How late an end may be on a busy machine; what matters is that there is one."""
LEAK_ROUNDS = 3
ALLOWED_KB = 8_000
"""Growth of memory that is no leak: allocators keep some of what they had."""


@pytest.fixture(scope="module")
def good() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.mark.parametrize("name", CASES)
def test_a_call_on_a_hostile_peer_ends_with_a_code_and_the_next_one_is_well(
    client: Client, good: Server, name: str
) -> None:
    case = CASES[name]
    if CRASH in case.expected(native=client.native):
        pytest.skip("this aborts a process that uses grpcio")
    outcome = case.face(client)
    assert outcome.code in case.expected(native=client.native), outcome
    assert outcome.took_s < LONG_S + SLACK_S
    assert client.run(ask, Target(good.address), b"next").messages == (b"next",)


def test_native_may_not_crash_and_each_difference_is_one() -> None:
    assert all(CRASH not in case.expected(native=True) for case in CASES.values())
    named = [name for difference in DIFFERENCES for name in difference.names]
    assert len(named) == len(set(named))
    assert all(CASES[name].expected(native=True) != CASES[name].expected(native=False) for name in named)


def quick(case: Case, *, native: bool) -> bool:
    """Return whether a case needs no deadline to end."""
    return not {"DEADLINE_EXCEEDED", CRASH} & set(case.expected(native=native))


def face_all(client: Client, times: int) -> int:
    """Let a client face every quick case, several times; return how many connections that were."""
    faced = [case for case in CASES.values() if quick(case, native=client.native) and "without end" not in case.name]
    for _ in range(times):
        for case in faced:
            assert case.face(client).code
    return times * len(faced)


def open_files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def threads(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


def test_hundreds_of_hostile_connections_leave_nothing_behind(client: Client, new_client: Callable[[], Client]) -> None:
    alone = new_client()
    face_all(alone, 1)
    before = open_files(alone.pid), threads(alone.pid), alone.memory_kb()
    faced = face_all(alone, LEAK_ROUNDS if client.native else 1)
    after = open_files(alone.pid), threads(alone.pid), alone.memory_kb()
    assert faced > (300 if client.native else 100)
    assert after[0] <= before[0] + 4, (before, after)
    if client.native:  # grpcio's threads and memory come and go as it pleases, and are not on trial here
        assert after[1] == before[1], (before, after)
        assert after[2] <= before[2] + ALLOWED_KB, (before, after)


def test_many_calls_at_once_on_a_peer_that_drops_every_connection_all_end(client: Client, good: Server) -> None:
    peer = Peer(CASES["closes after the call"].play)
    running = [client.start(ask, Target(peer.address), b"request", timeout_s=LONG_S) for _ in range(50)]
    codes = {one.result().code for one in running}
    peer.stop()
    assert codes == {"UNAVAILABLE"}
    assert client.run(ask, Target(good.address), b"next").code == "OK"
