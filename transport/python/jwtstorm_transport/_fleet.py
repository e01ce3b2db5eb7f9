"""The fleet: declared calls that the calls' own thread makes, from their arrival to their row."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import grpc

from jwtstorm_transport import _native
from jwtstorm_transport._channel import Channel
from jwtstorm_transport._loop import current
from jwtstorm_transport._outcome import Failed


class Tried(NamedTuple):
    """An attempt that failed: the number of its token, monotonic times, and its failure."""

    token: int
    sent_ns: int
    end_ns: int
    error: grpc.RpcError


class HandedOver(NamedTuple):
    """An arrival whose call, or the rest of it, is somebody else's to make; then its seat is released."""

    seat: int
    call_id: int
    intended_ns: int
    taken_ns: int
    flags: int
    tried: Tried | None


class Course(NamedTuple):
    """How declared calls are made; ``messages`` has one for each call, or None where each arrival needs its own."""

    open_model: bool
    deadline_s: float
    max_lag_s: float
    think_s: float
    no_method: int
    """The journal's number for arrivals that never leave."""
    messages: Sequence[bytes | None]


class Fleet:
    """Seats, tokens by slot, and a schedule; rows come back packed, as `harness.results.row` packs them.

    ``hand_over`` takes what needs a decision, ``proven`` hears of a slot and its token's number when a server
    took it, ``finished`` when the last arrival is over. All are called on gevent's hub: they must not block.
    """

    def __init__(
        self,
        channels: Sequence[Any],
        course: Course,
        hand_over: Callable[[HandedOver], None],
        proven: Callable[[int, int], None],
        finished: Callable[[], None],
    ) -> None:
        self._channels: list[Channel] = list(channels)
        self._told: dict[str, Callable[..., None]] = {
            "hand over": self._hand_over,
            "proven": proven,
            "finished": finished,
        }
        self._take_over = hand_over
        loop = current()
        self._native = _native.Fleet(loop.native, self._tell, self._channels[0].native, *course)

    def start(self, end_ns: int, windows: Sequence[tuple[int, int]]) -> None:
        """Begin: calls end being due at ``end_ns``. Those due within a window (monotonic, from and to) are yours."""
        self._native.start(end_ns, list(windows))

    def feed(self, numbers: bytes, dues_ns: bytes, picks: bytes, *, complete: bool) -> int:
        """Plan arrivals, in order: numbers and times (int64; 0 in the closed model) and the call of each (uint16).

        Return how many are planned and not yet due; ``complete`` says that no more will be.
        """
        return self._native.feed(numbers, dues_ns, picks, complete)

    def set_slot(self, slot: int, token: int, metadata: Any, use_until_ns: int, ends_ns: int) -> None:
        """Give a slot its token by a number of yours; after ``use_until_ns`` calls are handed over."""
        self._native.set_slot(slot, token, metadata, use_until_ns, ends_ns)

    def stand(self, seat: int) -> None:
        """Take a seat away, once its call is over."""
        self._native.stand(seat)

    def release(self, seat: int) -> None:
        """Note that what a seat handed over is done."""
        self._native.release(seat)

    def planned(self) -> int:
        """Return how many arrivals have come due."""
        return self._native.planned()

    def take(self) -> tuple[bytes, list[tuple[int, int, int]]]:
        """Return the rows since the last time; and of some good ones which they are, their slot and token's number."""
        return self._native.take()

    def close(self) -> None:
        """Stop; what is queued or in flight says in its row that it was not sent."""
        self._native.close()

    def sit(self, channel: int, slot: int, calls: Iterable[tuple[str, int]]) -> int:
        """Return the seat of one more user, on a channel by its place; of each call its path and journal number."""
        return self._native.sit(self._channels[channel].native, slot, list(calls))

    def _tell(self, told: tuple[str, tuple[Any, ...]]) -> None:
        what, about = told
        self._told[what](*about)

    def _hand_over(
        self, seat: int, call_id: int, intended_ns: int, taken_ns: int, flags: int, made: tuple[Any, ...] | None
    ) -> None:
        tried = None
        if made is not None:
            token, sent_ns, end_ns, outcome = made
            tried = Tried(token, sent_ns, end_ns, Failed(outcome))
        self._take_over(HandedOver(seat, call_id, intended_ns, taken_ns, flags, tried))
