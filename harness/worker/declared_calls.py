"""Declared calls, made by the native transport: arrivals, token, deadline and row without Python in between.

What needs a decision comes back here, to the user whose seat it is: an arrival in the window of a fault of calls,
a token that is due for renewal, a message that each call makes anew, and an attempt that failed. From there on a
call is made as any other (`harness.tokens`), by the same policies and the same dice.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import gevent
import numpy as np
import numpy.typing as npt
from gevent.event import Event
from gevent.queue import Queue

from harness import clock
from harness.calls.attempt import Arrival, Tried
from harness.endpoint.metadata import Metadata
from harness.endpoint.repertoire import Repertoire
from harness.faults.per_call.dice import is_per_call
from harness.results.row import Cause
from harness.scenario.scenario import Scenario
from harness.tokens.keeper import Keeper
from harness.tokens.token import Token
from harness.worker.pacer import OnUnsent

if TYPE_CHECKING:
    from jwtstorm_transport import HandedOver

AHEAD_S = 1.0
"""Arrivals are planned so long before they are due."""
CHUNK = 2048
FEED_S = 0.05
TOKENS_KEPT = 4
"""Of the tokens of one group of users, so many are known by their number: calls in flight may carry older ones."""
FOR_EVER = 2**63 - 1


class Slot:
    """The token of one group of users, as the transport holds it."""

    def __init__(self, number: int, keeper: Keeper, metadata: Callable[[str], Metadata], fleet: Any) -> None:
        self.keeper = keeper
        self.number = number
        self._metadata = metadata
        self._fleet = fleet
        self._tokens: deque[tuple[int, Token]] = deque(maxlen=TOKENS_KEPT)
        self._numbers = count(1)
        keeper.on_change = self.sync
        self.sync()

    def sync(self) -> None:
        """Give the transport the token that the keeper would give unasked, or none."""
        granted = self.keeper.granted()
        if granted is None:
            self._fleet.set_slot(self.number, 0, None, 0, 0)
            return
        token, use_until_s = granted
        behind_ns = clock.monotonic_ns() - round(clock.wall() * 1e9)
        until_ns, ends_ns = (_ns(wall_s, behind_ns) for wall_s in (use_until_s, token.ends_s))
        self._fleet.set_slot(self.number, self._number(token), self._metadata(token.text), until_ns, ends_ns)

    def token(self, number: int) -> Token | None:
        """Return a token by its number, unless it is long gone."""
        return next((token for known, token in self._tokens if known == number), None)

    def _number(self, token: Token) -> int:
        for number, known in self._tokens:
            if known is token:
                return number
        number = next(self._numbers)
        self._tokens.append((number, token))
        return number


class DeclaredUser:
    """One user's place: what is handed over to it, and its account of that."""

    def __init__(self, calls: "DeclaredCalls", place: int, slot: Slot) -> None:
        self.place = place
        self.slot = slot
        self.handed_over: Queue[Arrival] = Queue()
        self._calls = calls
        self._left = False

    def take(self) -> Arrival:
        """Return the next call that Python makes for this user; blocks until there is one."""
        return self.handed_over.get()

    def done(self, arrival: Arrival) -> None:
        """Note that an arrival's task has ended; one without a final row is reported as not sent."""
        self._calls.done(self, arrival)

    def leave(self) -> None:
        """Give the seat up: its user has gone."""
        if not self._left:
            self._left = True
            self._calls.fleet.stand(self.place)


class DeclaredCalls:
    """The arrivals of one worker, which the transport takes; users in Python have a `Pacer` instead."""

    def __init__(
        self,
        scenario: Scenario,
        share: tuple[int, int],
        channels: Sequence[Any],
        repertoire: Repertoire,
        no_method: int,
        on_unsent: OnUnsent,
    ) -> None:
        from jwtstorm_transport import Course, Fleet

        load = scenario.load
        self.finished = Event()
        """Set when the last arrival is over."""
        self._load = load
        self._seed = scenario.seed
        self._worker, self._workers = share
        self._steps = [step for step in scenario.steps if is_per_call(step)]
        self._repertoire = repertoire
        self._on_unsent = on_unsent
        self._seats: dict[int, DeclaredUser] = {}
        self._slots: list[Slot] = []
        self._held: dict[int, tuple[DeclaredUser, Arrival]] = {}
        self._feeder: gevent.Greenlet[..., None] | None = None
        messages = repertoire.packed()
        course = Course(
            load.model == "open", scenario.deadline_s, scenario.lag_bound_s, load.think_s, no_method, messages
        )
        self.fleet = Fleet(channels, course, self._hand_over, self._proven, self.finished.set)

    @property
    def planned(self) -> int:
        """Return how many arrivals have come due."""
        return self.fleet.planned()

    def start(self, zero_ns: int) -> None:
        """Begin the warm-up that ends at ``zero_ns`` (monotonic)."""
        windows = [
            (zero_ns + _ns(step.at_s), FOR_EVER if step.until_s is None else zero_ns + _ns(step.until_s))
            for step in self._steps
        ]
        self.fleet.start(zero_ns + _ns(self._load.duration_s), windows)
        self._feeder = gevent.spawn(self._feed, zero_ns)

    def sit(
        self, slot: int, keeper: Keeper, metadata: Callable[[str], Metadata], place: int, methods: list[int]
    ) -> DeclaredUser:
        """Return the seat of one more user, in a group that shares a keeper, on a channel by its place.

        ``methods`` has the journal's number of each declared call.
        """
        if slot == len(self._slots):
            self._slots.append(Slot(slot, keeper, metadata, self.fleet))
        paths = [payload.method.path for payload in self._repertoire.payloads]
        number = self.fleet.sit(place, slot, list(zip(paths, methods, strict=True)))
        seat = self._seats[number] = DeclaredUser(self, number, self._slots[slot])
        return seat

    def done(self, seat: DeclaredUser, arrival: Arrival) -> None:
        """Note that a task has ended which made what was handed over."""
        if self._held.pop(seat.place, None) is None:
            return
        arrival.end()
        if not arrival.finals:
            self._on_unsent(arrival, Cause.STOPPED if arrival.calls else Cause.NO_CALL)
        self.fleet.release(seat.place)

    def close(self) -> None:
        """Stop, and report what is still queued or in flight as not sent."""
        if self._feeder is not None:
            self._feeder.kill()
        for _, arrival in self._held.values():
            if not arrival.finals:
                self._on_unsent(arrival, Cause.STOPPED)
        self._held.clear()
        self.fleet.close()
        for slot in self._slots:
            slot.keeper.on_change = None
        self.finished.set()

    def take(self) -> tuple[bytes, list[tuple[int, Token]]]:
        """Return the rows since the last time, and of some good ones which they are and their token."""
        rows, samples = self.fleet.take()
        found = ((row, self._slots[slot].token(number)) for row, slot, number in samples)
        return rows, [(row, token) for row, token in found if token is not None]

    # --- what the transport tells: called on the hub, so none of it may block --------------------

    def _hand_over(self, told: "HandedOver") -> None:
        seat = self._seats[told.seat]
        arrival = Arrival(told.call_id, told.intended_ns, told.taken_ns, told.flags)
        if told.tried is not None:
            token = seat.slot.token(told.tried.token)
            if token is not None:
                arrival.tried = Tried(token, told.tried.sent_ns, told.tried.end_ns, told.tried.error)
        self._held[told.seat] = seat, arrival
        seat.handed_over.put_nowait(arrival)

    def _proven(self, slot: int, number: int) -> None:
        token = self._slots[slot].token(number)
        if token is not None:
            self._slots[slot].keeper.taken(token)

    # --- the schedule -----------------------------------------------------------------------------

    def _feed(self, zero_ns: int) -> None:
        if self._load.model == "open":
            self._feed_open(zero_ns)
        else:
            self._feed_closed()

    def _feed_open(self, zero_ns: int) -> None:
        own = islice(self._load.starts(self._seed), self._worker, None, self._workers)
        numbers = count(self._worker, self._workers)
        while True:
            dues_ns = zero_ns + np.rint(np.fromiter(islice(own, CHUNK), float) * 1e9).astype(np.int64)
            more = len(dues_ns) == CHUNK
            self._plan(list(islice(numbers, len(dues_ns))), dues_ns, complete=not more)
            if not more:
                return
            gevent.sleep(max((int(dues_ns[-1]) - clock.monotonic_ns()) / 1e9 - AHEAD_S, 0.0))

    def _feed_closed(self) -> None:
        numbers = count(self._worker, self._workers)
        wanted, left = CHUNK, 0
        while True:
            fresh = max(wanted - left, 0)
            held = self._plan(list(islice(numbers, fresh)), np.zeros(fresh, np.int64), complete=True)
            gevent.sleep(FEED_S)
            left = self.fleet.feed(b"", b"", b"", complete=True)
            wanted = max(CHUNK, 4 * (held - left))

    def _plan(self, numbers: list[int], dues_ns: npt.NDArray[np.int64], *, complete: bool) -> int:
        picks = np.fromiter(map(self._repertoire.pick, numbers), np.uint16, len(numbers))
        return self.fleet.feed(
            np.array(numbers, np.int64).tobytes(), dues_ns.tobytes(), picks.tobytes(), complete=complete
        )


def _ns(seconds: float, shift_ns: int = 0) -> int:
    """Return seconds as nanoseconds, shifted; infinity is `FOR_EVER`."""
    return round(seconds * 1e9) + shift_ns if math.isfinite(seconds) else FOR_EVER if seconds > 0 else 0
