"""Messages: all that conductor and workers tell each other, and the names under which Locust carries them. Pure.

Locust's channel takes what msgpack can hold, so a message is plain data on the way: `packed` where it leaves,
`unpacked` where it arrives. What does not fit, as from another build, is refused there in one sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.errors import RunError
from harness.preflight import StepResult
from harness.records import plain, record_of
from harness.results.problem import Problem
from harness.results.promise import Promise
from harness.transport.choice import GRPCIO


@dataclass(frozen=True)
class Begin:
    """What a worker is told before its users start.

    ``run`` is the run's folder on the conductor's host, ``boot_id`` tells that host (`harness.protocol.file_shipping`).
    ``secret`` is the lab client's, ``key`` the lab issuer's where faults need it to forge tokens; they travel over
    Locust's channel and are stored nowhere. ``transport`` is the name of the one that the conductor chose.
    """

    run: str
    worker: int
    workers: int
    users: int
    target: str
    fingerprint: str
    boot_id: str = ""
    token_url: str = ""
    client_id: str = ""
    secret: str = field(default="", repr=False)
    key: Mapping[str, str] = field(default_factory=dict, repr=False)
    transport: str = GRPCIO


@dataclass(frozen=True)
class Ping:
    """Read your clock."""

    number: int


@dataclass(frozen=True)
class Zero:
    """The warm-up ends at ``zero_ns``, by the worker's own monotonic clock."""

    zero_ns: int


@dataclass(frozen=True)
class Stored:
    """So much of a worker's file is in the run's folder."""

    name: str
    size: int
    run: str = ""


@dataclass(frozen=True)
class _OfWorker:
    """What a worker tells, of the run that it takes part in."""

    run: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Joined(_OfWorker):
    """The worker is ready; a remote one has another clock, or does not see the run's folder."""

    remote: bool
    preflight: tuple[StepResult, ...] = ()
    """What was seen of a target that is the user's own."""


@dataclass(frozen=True)
class Pong(_OfWorker):
    """The worker's monotonic clock, read between ping and pong."""

    number: int
    at_ns: int


@dataclass(frozen=True)
class Live(_OfWorker):
    """Counts so far (`harness.protocol.live_measures`), and whether every arrival of the load has ended."""

    counts: Mapping[str, int]
    since_zero: Mapping[str, int]
    finished: bool


@dataclass(frozen=True)
class FileChunk(_OfWorker):
    """A piece of one of the worker's files, from ``offset`` on."""

    name: str
    offset: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Promised(_OfWorker):
    """The worker has ended."""

    promise: Promise


@dataclass(frozen=True)
class ProblemFound(_OfWorker):
    """Something makes the run invalid, and ends it."""

    problem: Problem


@dataclass(frozen=True)
class JoinRefused(_OfWorker):
    """No run can begin here."""

    text: str
    exit_code: int


ToWorker = Begin | Ping | Zero | Stored
ToConductor = Joined | Pong | Live | FileChunk | Promised | ProblemFound | JoinRefused

TO_WORKER: Mapping[str, type[ToWorker]] = {
    "jwtstorm-begin": Begin,
    "jwtstorm-ping": Ping,
    "jwtstorm-zero": Zero,
    "jwtstorm-stored": Stored,
}
TO_CONDUCTOR: Mapping[str, type[ToConductor]] = {
    "jwtstorm-joined": Joined,
    "jwtstorm-pong": Pong,
    "jwtstorm-live": Live,
    "jwtstorm-chunk": FileChunk,
    "jwtstorm-promise": Promised,
    "jwtstorm-problem": ProblemFound,
    "jwtstorm-refused": JoinRefused,
}

_NAMES: Mapping[type, str] = {kind: name for kinds in (TO_WORKER, TO_CONDUCTOR) for name, kind in kinds.items()}
Message = TypeVar("Message")


def packed(message: ToWorker | ToConductor) -> tuple[str, dict[str, Any]]:
    """Return a message's name and its plain data."""
    return _NAMES[type(message)], plain(message)


def unpacked(name: str, data: Any, known: Mapping[str, type[Message]]) -> Message:
    """Return the message that was packed; ``known`` are `TO_WORKER` or `TO_CONDUCTOR`.

    Raises `RunError` for data that is no such message.
    """
    try:
        return record_of(data, known[name])
    except ValueError as error:
        raise RunError(f"{name} cannot be read ({error}); start conductor and workers with one build") from error
