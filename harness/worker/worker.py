"""A worker: the part of a run that makes calls, in each process that has users.

It knows the conductor only by messages (`Begin`, zero, the promise), so that one process, forked
workers and workers elsewhere run the same code.
"""

import logging
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import gevent

from harness.calls.channel import AuthChannel, Client
from harness.defects.forging import Forger, signer_of
from harness.endpoint.further import Further
from harness.endpoint.metadata import Metadata, carrying
from harness.endpoint.names import spread
from harness.endpoint.repertoire import Repertoire, find_methods
from harness.faults.per_call.dice import CallFaults
from harness.preflight import Mark, PreflightStep, StepResult
from harness.preflight.course import first_call, of_address
from harness.preflight.credentials import tried
from harness.preflight.network import steps
from harness.protocol import task_errors
from harness.protocol.messages import Begin
from harness.results.promise import Promise
from harness.scenario.scenario import Scenario
from harness.scenario.variants import client_parts
from harness.tokens.freshness import Vetted
from harness.tokens.keeper import Keeper
from harness.tokens.source import TokenSource, guard_alone
from harness.tokens.sources.client_credentials import ClientCredentials
from harness.transport.channels import TransportSettings, await_all_ready, open_channels
from harness.transport.choice import TRANSPORT, maker
from harness.transport.peers import connected_to, most
from harness.worker import preflight
from harness.worker.loop_lag import LoopMeter
from harness.worker.pacer import ArrivalFeed, Pacer
from harness.worker.recorder import Recording, Watchers

if TYPE_CHECKING:
    from harness.worker.declared_calls import DeclaredCalls

logger = logging.getLogger("jwtstorm")

FLUSH_S = 0.05


class Worker:
    """The calls of one process in one run: clients for its users, arrivals, rows.

    Raises `HarnessError` where the run cannot begin here.
    """

    def __init__(self, scenario: Scenario, begin: Begin, watchers: Watchers) -> None:
        self.scenario = scenario
        self.begin = begin
        self.recording = Recording(Path(begin.run), begin.worker, watchers)
        self.repertoire: Repertoire | None = None
        self._mishaps = task_errors.TaskErrors()
        self._faults = CallFaults(scenario.steps, scenario.seed)
        self._parts = client_parts(scenario)
        self._keepers: list[Keeper] = []
        self._seats = count()
        self._clients: list[Client] = []
        made_by = maker(
            scenario.calls_by, begin.transport, declared=bool(scenario.calls), right_clients=not scenario.clients
        )
        endpoint = spread(scenario.endpoint_at(begin.target))
        self._transport = TransportSettings(endpoint, begin.users, begin.transport, made_by)
        self._peers: list[dict[str, int]] = []
        self._further = Further(self._transport.endpoint.metadata, scenario.seed)
        self._channels = open_channels(self._transport)
        self._forge = Forger(signer_of(begin.key, scenario.lab.algorithm), self._leeway_s())
        self._source = self._open_source()  # after the channels: a source that makes calls needs grpc ready
        self.pacer: Pacer | DeclaredCalls = Pacer(
            scenario.load, scenario.seed, begin.worker, begin.workers, scenario.lag_bound_s, self.recording.not_sent
        )
        self._meter = LoopMeter()
        self._flusher = gevent.spawn(self._flush_for_ever)

    def start(self, zero_ns: int) -> None:
        """Begin the warm-up that ends at ``zero_ns`` (monotonic)."""
        self.recording.zero_ns = zero_ns
        self._look_at_peers()
        self._meter.start()
        self.pacer.start(zero_ns)

    def new_user(self) -> tuple[AuthChannel, Client, ArrivalFeed]:
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
            recorder=self.recording.at(self._address(place)),
            deadline_s=self.scenario.deadline_s,
            zero_ns=lambda: self.recording.zero_ns,
            ended_ns=self._transport.ended_ns,
            parts=self._parts,
            further=self._further.at,
            forge=self._forge,
        )
        self._clients.append(client)
        return AuthChannel(self._channels[place], client), client, self._seat(seat // tokens.callers, place)

    def _seat(self, group: int, place: int) -> ArrivalFeed:
        """Return where a user of a group that shares a keeper takes its arrivals from."""
        if isinstance(self.pacer, Pacer):
            return self.pacer
        assert self.repertoire is not None  # noqa: S101 - without one there are no declared calls
        address = self._address(place)
        methods = [self.recording.method(payload.method.path, address) for payload in self.repertoire.payloads]
        return self.pacer.sit(group, self._keepers[group], self._carried, place, methods)

    def _carried(self, token: str) -> Metadata:
        """Return what calls carry that the transport makes; where it is not always the same, it makes none."""
        return self._further.at(0) + self._parts.metadata(token)

    def _address(self, place: int) -> str:
        """Return the address of a channel by its place, where a target has several."""
        addresses = self._transport.endpoint.addresses
        return "" if len(addresses) == 1 else addresses[place % len(addresses)]

    def since_zero(self) -> dict[str, int]:
        """Return the counters that measures so far are made of (`harness.protocol.live_measures`)."""
        return self.recording.since_zero(self._clients)

    def preflight(self) -> list[StepResult]:
        """Fetch one token and wait for the target; return what was seen of a target of the user's own.

        Raises `HarnessError` where no call could succeed.
        """
        alive = self._tokens_must_live()
        ready = partial(await_all_ready, self._transport, self._channels)
        token = preflight.fly(self._source, ready, partial(steps, self._transport.endpoint), alive=alive)
        if self.scenario.calls:
            found = find_methods(self.scenario.methods, self._transport.endpoint, self._credentials)
            self.repertoire = Repertoire(found, self.scenario.calls, self.scenario.seed, self._further)
            if self._transport.maker == TRANSPORT:
                self._declare(self.repertoire)
        asks = self.begin.worker == 0 and self.scenario.target is not None and alive
        return list(self._look(token)) if asks else []

    def _look(self, token: str) -> Iterator[StepResult]:
        """Yield how the target is reached, and what it makes of no token, a spoilt one and a good one."""
        for address in self._transport.endpoint.addresses:
            yield from of_address(self._transport.endpoint, address)
        if self.repertoire is None:
            yield StepResult(
                PreflightStep.BARE, Mark.SKIP, "no calls= are declared, so what the target checks is not asked"
            )
            return
        name, call, beside = first_call(self.repertoire)
        made = call(self._channels[0], self.scenario.deadline_s)
        for line in tried(made, self._parts.metadata, token, beside):
            yield replace(line, text=f"{name}: {line.text}")

    def _declare(self, repertoire: Repertoire) -> None:
        """Let the transport make the calls."""
        from harness.worker.declared_calls import DeclaredCalls  # numpy and the native package, where they are needed

        share = self.begin.worker, self.begin.workers
        unsent = self.recording.no_method, self.recording.not_sent
        self.pacer = DeclaredCalls(self.scenario, share, self._channels, repertoire, *unsent)

    def mishap(self, task: str, error: Exception, *, called: bool) -> None:
        """Count what a task raised that was no failed call, and log the first of each kind."""
        first = self._mishaps.note(task, error, called=called)
        if first is not None:
            logger.error("%s", task_errors.sentence(first))

    def finish(self) -> Promise:
        """Close everything; return the promise: rows in the journal, losses, health."""
        self._flusher.kill()
        self._look_at_peers()
        self.pacer.close()
        self._flush()
        self.recording.close()
        for channel in self._channels:
            channel.close()
        lag = self._meter.stop()
        return replace(
            self.recording.promise(),
            planned=self.pacer.planned,
            mishaps=self._mishaps.counted(),
            transport={**self._transport.to_json(), "connected_to": most(self._peers)},
            loop_lag_p50_s=lag.p50_s,
            loop_lag_p99_s=lag.p99_s,
            loop_lag_max_s=lag.max_s,
        )

    def _look_at_peers(self) -> None:
        self._peers.append(connected_to(self._transport.endpoint.addresses))

    def _open_source(self) -> TokenSource:
        if self.scenario.issuer is not None:
            guard_alone(self.scenario.issuer, self.begin.workers)
            opened = self.scenario.issuer.open()
            self._forge = Forger(getattr(opened, "signer", None), self._leeway_s())
            return Vetted(opened)
        begin = self.begin
        return ClientCredentials(begin.token_url, begin.client_id).open_with(begin.secret)

    def _tokens_must_live(self) -> bool:
        on_purpose = getattr(self.scenario.issuer, "dates_on_purpose", None)
        return not (self.scenario.tokens.allow_expired or (callable(on_purpose) and on_purpose()))

    def _leeway_s(self) -> float:
        """Return what the verifier forgives: what is wrong by less is no defect. Of a target of your own 0 is meant."""
        return self.scenario.lab.leeway_s if self.scenario.target is None else 0.0

    def _credentials(self) -> Metadata:
        """Return metadata with a token of its own, for server reflection."""
        tokens = self.scenario.tokens
        return self._further.at(0) + carrying(tokens.key, tokens.scheme, self._source.fetch())

    def _new_keeper(self, place: int) -> Keeper:
        dice = random.Random(f"{self.scenario.seed}/keeper/{self.begin.worker}/{place}")
        renewal = self._parts.renewal(self._parts.tokens, dice)
        of_user = getattr(self._source, "for_user", None)
        source = of_user(f"{self.begin.worker}-{place}") if of_user else self._source
        return Keeper(renewal, source, self.recording.fetched, gevent.spawn)

    def _flush_for_ever(self) -> None:
        while self.recording.broken is None:
            gevent.sleep(FLUSH_S)
            self._flush()

    def _flush(self) -> None:
        if not isinstance(self.pacer, Pacer):
            self.recording.absorb(*self.pacer.take())
        self.recording.flush()
