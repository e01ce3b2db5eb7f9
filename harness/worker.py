"""A worker: the part of a run that makes calls, in each process that has users.

It knows the conductor only by messages (`Begin`, zero, the promise), so that one process, forked
workers and workers elsewhere run the same code.
"""

import logging
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent

from harness import clock, mishaps, preflight
from harness.answers import worth
from harness.auth.channel import Arrival, Attempt, AuthChannel, Client, Recorder
from harness.auth.forging import Forger, signer_of
from harness.auth.freshness import Vetted
from harness.auth.keeper import Keeper
from harness.auth.source import TokenSource
from harness.auth.sources import ClientCredentials
from harness.auth.token import Token
from harness.auth.trace import AuthTrace, redact
from harness.begin import Begin
from harness.call_journal import Journal, told_apart
from harness.calls import MAX_US, NO_LIFE, ROW, Cause, Flag, Kind, Origin
from harness.endpoint.repertoire import Repertoire, find_methods
from harness.errors import HarnessError, TokenError
from harness.faults import Metadata
from harness.health import LoopMeter
from harness.made import Made
from harness.pacer import Pacer, Seat
from harness.scenario import Scenario
from harness.so_far import Tallied
from harness.timeline import CallFaults
from harness.transport import TransportSettings, await_all_ready, open_channels
from harness.transport_choice import TRANSPORT, maker
from harness.variants import client_parts

if TYPE_CHECKING:
    from harness.declared import DeclaredCalls

logger = logging.getLogger("jwtstorm")

FLUSH_S = 0.05
TOKEN_METHOD = "token"  # noqa: S105 - the name of a row's method
NO_METHOD = "not sent"
POISONED = "poisoned/"
"""How the live counts of poisoned calls begin."""


@dataclass(frozen=True)
class Watchers:
    """Who is told of what happens: Locust's live page, and the conductor when recording fails."""

    on_call: Callable[[Attempt], None]
    on_calls: Callable[[str, Sequence[float]], None]
    """Good calls of one method that the transport made by itself: their response times in seconds."""
    on_fetch: Callable[[float, TokenError | None], None]
    on_error: Callable[[HarnessError], None]


class Worker:
    """The calls of one process in one run: clients for its users, arrivals, rows.

    Raises `HarnessError` where the run cannot begin here.
    """

    def __init__(self, scenario: Scenario, begin: Begin, watchers: Watchers) -> None:
        self.scenario = scenario
        self.begin = begin
        self.live: Counter[str] = Counter()
        """Final calls by ``origin/cause``, poisoned ones by their worth, and ``fetches``, so far."""
        self._tallied = Tallied()
        self._watchers = watchers
        self._zero_ns = 0
        self._journal = Journal(Path(begin.run), begin.worker)
        self._trace = AuthTrace(Path(begin.run), begin.worker)
        self.repertoire: Repertoire | None = None
        self._methods: dict[tuple[str, str], int] = {}
        self._token_method = self._journal.method(TOKEN_METHOD)
        self._no_method = self._journal.method(NO_METHOD)
        self._broken: HarnessError | None = None
        self._lost = 0
        self._mishaps = mishaps.Mishaps()
        self._faults = CallFaults(scenario.steps, scenario.seed)
        self._parts = client_parts(scenario)
        self._keepers: list[Keeper] = []
        self._seats = count()
        self._clients: list[Client] = []
        made_by = maker(
            scenario.calls_by, begin.transport, declared=bool(scenario.calls), right_clients=not scenario.clients
        )
        self._transport = TransportSettings(scenario.endpoint_at(begin.target), begin.users, begin.transport, made_by)
        self._channels = open_channels(self._transport)
        self._forge = Forger(signer_of(begin.key, scenario.lab.algorithm), self._leeway_s())
        self._source = self._open_source()  # after the channels: a source that makes calls needs grpc ready
        self.pacer: Pacer | DeclaredCalls = Pacer(
            scenario.load, scenario.seed, begin.worker, begin.workers, scenario.lag_bound_s, self._not_sent
        )
        self._meter = LoopMeter()
        self._flusher = gevent.spawn(self._flush_for_ever)

    def start(self, zero_ns: int) -> None:
        """Begin the warm-up that ends at ``zero_ns`` (monotonic)."""
        self._zero_ns = zero_ns
        self._meter.start()
        self.pacer.start(zero_ns)

    def new_user(self) -> tuple[AuthChannel, Client, Seat]:
        """Return channel, client and seat of one more user; users share keepers and connections in turn."""
        seat = next(self._seats)
        place = (seat + self.begin.worker) % len(self._channels)  # not all workers begin with the same replica
        if seat >= self.begin.users:  # the page's user count was raised: more calls may be in flight
            self._transport.prepare(seat + 1)
        tokens = self._parts.tokens
        if seat // tokens.callers >= len(self._keepers):
            self._keepers.append(self._new_keeper(len(self._keepers)))
        client = Client(
            keeper=self._keepers[seat // tokens.callers],
            tokens=tokens,
            faults=self._faults,
            recorder=self._recorder(place),
            deadline_s=self.scenario.deadline_s,
            zero_ns=lambda: self._zero_ns,
            ended_ns=self._transport.ended_ns,
            parts=self._parts,
            forge=self._forge,
        )
        self._clients.append(client)
        return AuthChannel(self._channels[place], client), client, self._seat(seat // tokens.callers, place)

    def _seat(self, group: int, place: int) -> Seat:
        """Return where a user of a group that shares a keeper takes its arrivals from."""
        if isinstance(self.pacer, Pacer):
            return self.pacer
        assert self.repertoire is not None  # noqa: S101 - without one there are no declared calls
        address = self._address(place)
        methods = [self._method(payload.method.path, address) for payload in self.repertoire.payloads]
        return self.pacer.sit(group, self._keepers[group], self._parts.metadata, place, methods)

    def _recorder(self, place: int) -> Recorder:
        """Return where a user's attempts go: with several addresses, they are told apart by the user's."""
        address = self._address(place)
        return _AtAddress(self, address) if address else self

    def _address(self, place: int) -> str:
        """Return the address of a channel by its place, where a target has several."""
        addresses = self._transport.endpoint.addresses
        return "" if len(addresses) == 1 else addresses[place % len(addresses)]

    def _method(self, path: str, address: str) -> int:
        """Return the journal's number of a method at an address."""
        number = self._methods.get((path, address))
        if number is None:
            number = self._journal.method(told_apart(path.lstrip("/"), address))
            self._methods[path, address] = number
        return number

    def attempt(self, attempt: Attempt, *, final: bool, address: str = "") -> None:
        """Record an attempt that has ended (see `harness.auth.channel.Recorder`)."""
        arrival = attempt.arrival
        arrival.finals += final
        method = self._method(attempt.method, address)
        taken_ns, sent_ns, life_ms = arrival.taken_ns, attempt.sent_ns, attempt.life_ms()
        self._add(
            arrival.intended_ns,
            arrival.call_id,
            _us(taken_ns - arrival.intended_ns),
            _us(sent_ns - taken_ns),
            _us(attempt.end_ns - sent_ns),
            life_ms,
            attempt.steps,
            attempt.messages,
            Kind.CALL,
            attempt.nth,
            attempt.number,
            arrival.flags | final,
            method,
            attempt.code,
            attempt.origin,
            attempt.cause,
        )
        if arrival.intended_ns >= self._zero_ns:
            self._tallied.attempt(attempt, life_ms, final=final)
        if attempt.notable or self._trace.wants():
            self._write_trace(attempt)
        if final:
            self._count(attempt)
            self._watchers.on_call(attempt)

    def since_zero(self) -> dict[str, int]:
        """Return the counters that measures so far are made of (`harness.so_far`)."""
        return self._tallied.counts(self._clients)

    def preflight(self) -> None:
        """Fetch one token and wait for the target; raises `HarnessError` where no call could succeed."""
        preflight.fly(self._source, partial(await_all_ready, self._transport, self._channels), self._transport.address)
        if self.scenario.calls:
            found = find_methods(self.scenario.methods, self._transport.endpoint, self._credentials)
            self.repertoire = Repertoire(found, self.scenario.calls, self.scenario.seed)
            if self._transport.maker == TRANSPORT:
                self._declare(self.repertoire)

    def _declare(self, repertoire: Repertoire) -> None:
        """Let the transport make the calls."""
        from harness.declared import DeclaredCalls  # numpy and the native package, where they are needed

        share = self.begin.worker, self.begin.workers
        self.pacer = DeclaredCalls(self.scenario, share, self._channels, repertoire, self._no_method, self._not_sent)

    def mishap(self, task: str, error: Exception, *, called: bool) -> None:
        """Count what a task raised that was no failed call, and log the first of each kind."""
        first = self._mishaps.note(task, error, called=called)
        if first is not None:
            logger.error("%s", mishaps.sentence(first, 1))

    def finish(self) -> dict[str, Any]:
        """Close everything; return the promise: rows in the journal, losses, health."""
        self._flusher.kill()
        self.pacer.close()
        self._flush()
        for closable in (self._journal, self._trace):
            self._guard(closable.close)
        for channel in self._channels:
            channel.close()
        return {
            "worker": self.begin.worker,
            "rows": self._journal.written,
            "lost": self._lost + self._journal.pending,
            "planned": self.pacer.planned,
            "error": str(self._broken) if self._broken else None,
            "mishaps": self._mishaps.to_json(),
            "transport": self._transport.to_json(),
            **self._meter.stop(),
        }

    def _open_source(self) -> TokenSource:
        if self.scenario.issuer is not None:
            opened = self.scenario.issuer.open()
            self._forge = Forger(getattr(opened, "signer", None), self._leeway_s())
            return Vetted(opened)
        begin = self.begin
        return ClientCredentials(begin.token_url, begin.client_id).open_with(begin.secret)

    def _leeway_s(self) -> float:
        """Return what the verifier forgives: what is wrong by less is no defect. Of a target of your own 0 is meant."""
        return self.scenario.lab.leeway_s if self.scenario.target is None else 0.0

    def _credentials(self) -> Metadata:
        """Return metadata with a token of its own, for server reflection."""
        tokens = self.scenario.tokens
        return ((tokens.key, f"{tokens.scheme} {self._source.fetch()}".lstrip()),)

    def _new_keeper(self, place: int) -> Keeper:
        dice = random.Random(f"{self.scenario.seed}/keeper/{self.begin.worker}/{place}")
        renewal = self._parts.renewal(self._parts.tokens, dice)
        of_user = getattr(self._source, "for_user", None)
        source = of_user(f"{self.begin.worker}-{place}") if of_user else self._source
        return Keeper(renewal, source, self._fetched, gevent.spawn)

    def _fetched(self, start_ns: int, end_ns: int, error: TokenError | None) -> None:
        origin, cause = (Origin.TOKEN_SOURCE, Cause[error.cause]) if error else (Origin.NONE, Cause.OK)
        self._add(
            start_ns, -1, 0, 0, _us(end_ns - start_ns), NO_LIFE, 0, 0,
            Kind.FETCH, 0, 0, Flag.FINAL, self._token_method, -1, origin, cause,
        )  # fmt: skip
        self.live["fetches"] += 1
        self._tallied.fetches += start_ns >= self._zero_ns
        self._watchers.on_fetch((end_ns - start_ns) / 1e9, error)

    def _not_sent(self, arrival: Arrival, cause: Cause) -> None:
        lag_us = _us((arrival.taken_ns or clock.monotonic_ns()) - arrival.intended_ns)
        self._add(
            arrival.intended_ns, arrival.call_id, lag_us, 0, 0, NO_LIFE, 0, 0,
            Kind.NOT_SENT, 0, 0, arrival.flags | Flag.FINAL, self._no_method, -1, Origin.GENERATOR, cause,
        )  # fmt: skip
        self.live[f"generator/{cause.name.lower()}"] += 1

    def _add(self, *row: int) -> None:
        if self._broken is not None:
            self._lost += 1
            return
        try:
            self._journal.add(*row)
        except HarnessError as error:
            self._break(error)

    def _count(self, attempt: Attempt) -> None:
        origin, cause = attempt.origin, attempt.cause
        if attempt.expects:
            self.live[f"{POISONED}{worth(attempt.code, attempt.expects)}"] += 1
        else:
            self.live["ok" if cause is Cause.OK else f"{origin.name.lower()}/{cause.name.lower()}"] += 1

    def _write_trace(self, attempt: Attempt) -> None:
        token = attempt.token
        now_s = clock.monotonic()
        self._trace.add(
            attempt.sent_ns,
            token,
            call_id=attempt.arrival.call_id,
            nth=attempt.nth,
            attempt=attempt.number,
            method=attempt.method.lstrip("/"),
            code=attempt.code,
            origin=attempt.origin.name.lower(),
            cause=attempt.cause.name.lower(),
            details=redact(attempt.details),
            life_s=_finite(token.life_s(attempt.now_s)) if token else None,
            token_age_s=round(now_s - token.obtained_s, 3) if token else None,
            decision=attempt.decision,
            latency_s=(attempt.end_ns - attempt.sent_ns) / 1e9,
            steps=attempt.steps,
            **attempt.of_poison(),
            **attempt.of_stream(),
        )

    def _flush_for_ever(self) -> None:
        while self._broken is None:
            gevent.sleep(FLUSH_S)
            self._flush()

    def _flush(self) -> None:
        if not isinstance(self.pacer, Pacer):
            self._absorb(*self.pacer.take())
        self._guard(self._journal.flush)
        self._guard(self._trace.flush)

    def _absorb(self, rows: bytes, samples: Sequence[tuple[int, Token]]) -> None:
        """Record what the transport made by itself: rows, live counts, page and trace."""
        if not rows:
            return
        if self._broken is None:
            self._guard(partial(self._journal.append, rows))
        if self._broken is not None:
            self._lost += len(rows) // ROW.size
        names = {number: path.lstrip("/") for (path, _), number in self._methods.items()}
        made = Made(rows, names)
        self.live.update(made.live())
        self._tallied.good(*made.good_since(self._zero_ns))
        for name, seconds in made.response_s():
            self._watchers.on_calls(name, seconds)
        for row, token in samples:
            self._write_trace(made.attempt(row, token))

    def _guard(self, step: Callable[[], None]) -> None:
        try:
            step()
        except HarnessError as error:
            self._break(error)

    def _break(self, error: HarnessError) -> None:
        if self._broken is None:
            self._broken = error
            self._watchers.on_error(error)


@dataclass(frozen=True)
class _AtAddress:
    """Record the attempts of a user under the address that it calls."""

    worker: Worker
    address: str

    def attempt(self, attempt: Attempt, *, final: bool) -> None:
        """Record an attempt that has ended."""
        self.worker.attempt(attempt, final=final, address=self.address)


def _finite(seconds: float) -> float | None:
    return round(seconds, 3) if math.isfinite(seconds) else None


def _us(ns: int) -> int:
    return min(max(ns // 1000, 0), MAX_US)
