"""Hostile peers: a registry of what a broken or malicious server can send, and what grpcio makes of it.

Each case names the status code that a call on grpcio ends with; where native ends with another, and why,
stands in `transport.tests.differences`. A file of this folder holds the cases of one layer, and is found by
being there.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from transport.tests.calling import Outcome, Target, ask
from transport.tests.client import Client
from transport.tests.differences import DIFFERENCES, Difference
from transport.tests.peer import Peer, Play, Wire

SHORT_S, LONG_S = 0.4, 10.0
"""Deadlines: of calls that nothing but their deadline can end, and of all others."""

CRASH = "crash"
"""For a code: the client's process ends. Only grpcio's may."""

Reply = Callable[[Wire], bytes]


@dataclass(frozen=True)
class Case:
    """A hostile peer; ``code`` is what grpcio says, and ``differs`` what native says instead, where it does.

    A code may be two, ``UNKNOWN or UNAVAILABLE``, where it depends on what was being written just then.
    """

    name: str
    code: str
    play: Play
    options: tuple[tuple[str, Any], ...] = ()
    request: bytes = b"request"
    differs: Difference | None = None

    def expected(self, *, native: bool) -> list[str]:
        """Return the codes that a transport may end the call with."""
        return (self.differs.code if native and self.differs else self.code).split(" or ")

    def face(self, client: Client) -> Outcome:
        """Let a client call this peer; return how the call ended."""
        timeout_s = SHORT_S if self.expected(native=client.native) == ["DEADLINE_EXCEEDED"] else LONG_S
        peer = Peer(self.play)
        try:
            target = Target(peer.address, self.options)
            return client.run(ask, target, self.request, timeout_s=timeout_s)
        finally:
            peer.stop()


def replying(reply: Reply) -> Play:
    """Return a script that is honest until a call came, sends its reply to each, and waits for the client to go."""

    def play(wire: Wire) -> None:
        wire.greet()
        while True:
            wire.await_call()
            wire.send(reply(wire))

    return play


def answering(name: str, code: str, reply: Reply, **how: Any) -> Case:
    """Return a case that is honest until a call came; ``how`` is what a `Case` takes beside it."""
    return Case(name, code, replying(reply), **how)


def cases() -> dict[str, Case]:
    """Return every case by its name, with its difference."""
    found = list(_found())
    by_name = {case.name: case for case in found}
    assert len(by_name) == len(found), "two cases have one name"
    for difference in DIFFERENCES:
        for name in difference.names:
            by_name[name] = replace(by_name[name], differs=difference)
    return by_name


def _found() -> Iterator[Case]:
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        yield from importlib.import_module(module.name).CASES
