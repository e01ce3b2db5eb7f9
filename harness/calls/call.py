"""One call, from its first attempt to its last: token, per-call faults, rows. No library of RPCs here."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from harness import clock
from harness.calls.attempt import Attempt, Client
from harness.endpoint.further import merged
from harness.endpoint.metadata import Metadata
from harness.errors import TokenError
from harness.faults.per_call import CallView
from harness.faults.per_call.dice import CallStep
from harness.results.classify import CANCELLED, classify
from harness.results.failure_details import FailureDetails
from harness.results.row import Cause, Origin
from harness.tokens.client_parts import MOST_ATTEMPTS
from harness.tokens.keeper import Grant
from harness.tokens.refresh import Decision
from harness.tokens.token import Token

NEVER_READ = "stream never read; iterate over it in the task that opened it"


class LogicalCall:
    """What a channel asks before and after each attempt.

    Errors of the library are anything with ``code()`` and ``details()``.
    """

    __slots__ = (
        *("_arrival", "_attempt", "_client", "_deadline_s", "_due_s", "_first", "_metadata", "_method", "_nth"),
        "_number",
    )

    def __init__(self, client: Client, method: str, timeout: float | None, metadata: Metadata | None) -> None:
        self._client = client
        self._method = method
        self._arrival, self._nth = client.begin()
        self._metadata = merged(client.further(self._arrival.call_id), tuple(metadata) if metadata else ())
        self._deadline_s = clock.monotonic() + (client.deadline_s if timeout is None else timeout)
        self._due_s = (self._arrival.intended_ns - client.zero_ns()) / 1e9
        self._number = 0
        self._first: Token | None = None
        self._attempt = self._new_attempt()

    @property
    def attempt(self) -> Attempt:
        """Return the attempt at hand."""
        return self._attempt

    def prepare(self) -> tuple[Metadata, float]:
        """Return metadata and time-out of the next attempt; raises `TokenError`, recorded."""
        client, attempt = self._client, self._attempt
        touching = self._touching()
        now = partial(self._now, touching) if touching else client.now
        try:
            grant = self._grant(touching, now)
        except TokenError as error:
            attempt.sent_ns = attempt.end_ns = clock.monotonic_ns()
            attempt.origin, attempt.cause = Origin.TOKEN_SOURCE, Cause[error.cause]
            attempt.details = str(error)
            client.recorder.attempt(attempt, final=True)
            raise
        attempt.token, attempt.decision = grant
        metadata = (
            self._chaos(touching, grant.token) if touching else self._metadata + client.metadata(grant.token.text)
        )
        attempt.now_s = now()
        attempt.sent_ns = sent_ns = clock.monotonic_ns()
        return metadata, max(self._deadline_s - sent_ns / 1e9, 0.001)

    def resume(self) -> Any | None:
        """Take over the first attempt where the transport made it; return its failure, or None."""
        arrival, attempt = self._arrival, self._attempt
        tried, arrival.tried = arrival.tried, None
        if tried is None:
            return None
        self._deadline_s = arrival.taken_ns / 1e9 + self._client.deadline_s
        self._first = attempt.token = tried.token
        attempt.decision = Decision.USE
        attempt.now_s = self._client.now() - (clock.monotonic_ns() - tried.sent_ns) / 1e9
        attempt.sent_ns, attempt.end_ns = tried.sent_ns, tried.end_ns
        return tried.error

    def ended(self) -> None:
        """Note when the attempt ended, where the transport knows; else recording it tells the time."""
        if self._client.ended_ns is not None:
            self._attempt.end_ns = max(self._client.ended_ns(), self._attempt.sent_ns)

    def succeeded(self, messages: int, code: int = 0) -> None:
        """Record the last attempt as good."""
        attempt, client = self._attempt, self._client
        attempt.end_ns = attempt.end_ns or clock.monotonic_ns()
        attempt.messages, attempt.code = messages, code
        client.recorder.attempt(attempt, final=True)
        if messages or not code:
            self._prove(attempt)

    def failed(self, error: Any, messages: int = 0, *, replay: bool) -> bool:
        """Record a failed attempt; return whether to send once more."""
        attempt = self._attempt
        attempt.end_ns, attempt.messages = attempt.end_ns or clock.monotonic_ns(), messages
        attempt.code, attempt.details = _number(error), error.details() or ""
        attempt.failure_details = _failure_details(error)
        attempt.origin, attempt.cause = classify(attempt.code, attempt.details, attempt.failure_details)
        if attempt.outlived:
            attempt.messages = attempt.requests
        if attempt.messages:
            self._prove(attempt)  # a stream that was cut had been let in
        again = self._again(attempt, replay=replay)
        self._client.recorder.attempt(attempt, final=not again)
        if again:
            self._number += 1
            self._attempt = self._new_attempt()
        return again

    def late(self, attempt: Attempt) -> None:
        """Note a message of an attempt's stream whose token had expired."""
        client = self._client
        if attempt.sent_ns >= client.zero_ns():
            client.late_streams += not attempt.after_expiry
            client.late_messages += 1
        attempt.after_expiry = (attempt.after_expiry or 0) + 1

    def unread(self) -> None:
        """Record a stream that nobody ever read: it was sent, and it is no call."""
        attempt = self._attempt
        attempt.end_ns, attempt.code = clock.monotonic_ns(), CANCELLED
        attempt.origin, attempt.cause, attempt.details = Origin.LOCAL, Cause.NO_CALL, NEVER_READ
        self._client.recorder.attempt(attempt, final=True)

    def _prove(self, attempt: Attempt) -> None:
        """Note that a server took the attempt's token."""
        client, token = self._client, attempt.token
        if client.proven is not token and token is not None and not attempt.forged:
            client.proven = token
            client.keeper.taken(token)

    def _again(self, attempt: Attempt, *, replay: bool) -> bool:
        parts = self._client.parts
        if attempt.expects or attempt.token is None or not parts.refusals.hold(attempt.code, attempt.details):
            return False
        renewable = self._client.keeper.refused(attempt.token) or not parts.patient
        left = self._number + 1 < min(parts.attempts, MOST_ATTEMPTS)
        return renewable and left and replay and attempt.messages == 0

    def _new_attempt(self) -> Attempt:
        return Attempt(self._arrival, self._nth, self._number, self._method, 0)

    def _touching(self) -> tuple[CallStep, ...]:
        return self._client.faults.touching(self._due_s, self._arrival.call_id, self._nth, self._number)

    def _grant(self, touching: Sequence[CallStep], now: Callable[[], float]) -> Grant:
        if self._first is not None and self._client.parts.frozen:
            return Grant(self._first, Decision.USE)
        override = partial(self._override, touching) if touching else None
        grant = self._client.keeper.get(now, self._deadline_s, override)
        self._first = self._first or grant.token
        return grant

    # --- per-call faults ---------------------------------------------------------------------

    def _now(self, touching: Sequence[CallStep]) -> float:
        now_s = self._client.now()
        for step in touching:
            shown_s = step.fault.on_clock(now_s, self._due_s - step.at_s)
            self._mark(step, changed=shown_s != now_s)
            now_s = shown_s
        return now_s

    def _override(self, touching: Sequence[CallStep], decision: Decision, token: Token) -> Decision:
        zero_s = self._client.zero_ns() / 1e9
        for step in touching:
            before = token.obtained_s < zero_s + step.at_s
            changed = Decision(step.fault.on_refresh(decision, before=before))
            self._mark(step, changed=changed is not decision)
            decision = changed
        return decision

    def _mark(self, step: CallStep, *, changed: bool) -> None:
        """Note in the row that a step's fault changed something about this attempt.

        The bit of a step that poisons says that it did (`_poison`), whatever else it changed: so readers know by it.
        """
        if changed and not self._client.faults.expects(step):
            self._attempt.steps |= self._client.faults.bit(step)

    def _chaos(self, touching: Sequence[CallStep], token: Token) -> Metadata:
        """Return the metadata that the faults leave; the token's text goes first, then the whole."""
        client, call_id = self._client, self._arrival.call_id
        draw = client.faults.draw(call_id, self._nth, self._number)
        view = CallView(self._method, call_id, self._number, self._due_s, draw, client.forge)
        metadata = self._metadata + self._client.metadata(self._text(touching, token, view))
        delay_s = 0.0
        for step in touching:
            sent, held_s = step.fault.on_metadata(metadata, view), step.fault.on_call(view, delay_s)
            self._mark(step, changed=(sent, held_s) != (metadata, delay_s))
            self._poison(step, token, view, changed=sent != metadata)
            metadata, delay_s = sent, held_s
        if delay_s > 0:
            time.sleep(delay_s)
        return metadata

    def _text(self, touching: Sequence[CallStep], token: Token, view: CallView) -> str:
        text = token.text
        for step in touching:
            changed = step.fault.on_token(text, view)
            self._mark(step, changed=changed != text)
            self._poison(step, token, view, changed=changed != text)
            text = changed
        return text

    def _poison(self, step: CallStep, token: Token, view: CallView, *, changed: bool) -> None:
        """Note that a step's fault changed the credentials, and which answers are right then."""
        if not changed:
            return
        attempt, faults = self._attempt, self._client.faults
        attempt.forged = True
        if expects := faults.expects(step):
            attempt.steps |= faults.bit(step)
            attempt.expects, attempt.specimen = expects, step.fault.specimen(token.text, view)


def _failure_details(error: Any) -> FailureDetails:
    """Return what came in the metadata of a failed call; the trailing one counts first."""
    read = (getattr(error, name, None) for name in ("trailing_metadata", "initial_metadata"))
    return FailureDetails.of([pair for ask in read if ask is not None for pair in ask() or ()])


def _number(error: Any) -> int:
    """Return a failure's status as the server sent it, where the transport tells: grpcio makes UNKNOWN of odd ones."""
    number: Callable[[], int] | None = getattr(error, "number", None)
    code: int = error.code().value[0] if number is None else number()
    return code
