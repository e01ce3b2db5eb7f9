"""The bench that procedures run on: what they may do to a target, and what they see of it. No gRPC here.

A bench is one target that trusts one issuer, both in our hands: its key set, its clock, its revocations.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from harness.defects.good import Good
from harness.results.failure_details import NO_DETAILS, FailureDetails

Metadata = tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True)
class Shape:
    """A kind of call, and whether its first message is sent before the answer is awaited."""

    name: str
    method: str
    many_requests: bool = False
    many_responses: bool = False
    silent: bool = False


@dataclass(frozen=True)
class Answer:
    """How a call ended: the name of its status (its number, where gRPC defines none), its text, and what came before.

    ``local`` is whether the client itself refused to send it; ``in_silence`` whether the answer came
    without a first message.
    """

    code: str
    text: str = ""
    messages: int = 0
    local: bool = False
    in_silence: bool = False
    carried_out: bool = False
    """Whether the side effect was there when it was looked for, with a good token."""
    neighbour: str = ""
    """The status of the good call that followed, where that failed: then nothing is proven."""
    took_s: float = 0.0
    failure_details: FailureDetails = NO_DETAILS
    """What came in its metadata that tells the cause."""
    own_words: bool = False
    """Whether the text is the caller's: no server answered."""
    sent: str = ""
    """The status that came, where ``code`` is what it stands for here: accepted, or turned away."""

    @property
    def seen(self) -> str:
        """Return the status that came."""
        return self.sent or self.code


@dataclass(frozen=True)
class Observation:
    """What a procedure saw: an answer to judge by its status, or a problem in words (empty: none)."""

    variant: str
    code: str = ""
    expected: str = ""
    problem: str = ""
    text: str = ""


Observations = AsyncIterator[Observation]


class BenchStream(Protocol):
    """An open bidi call."""

    async def ask(self, nonce: str) -> bool:
        """Send a message and return whether its answer came; False when the call has ended."""

    async def ending(self) -> Answer:
        """Half-close, and return how the call ended."""


class Bench(Protocol):
    """One target, with the levers that procedures need."""

    good: Good
    shapes: Sequence[Shape]
    methods: Mapping[str, Sequence[str]]
    """Full method names by shape: ``unary``, ``server stream``, ``client stream``, ``bidi``."""
    declared: frozenset[str]
    cooldown_s: float
    keys_lifetime_s: float

    async def call(
        self,
        metadata: Metadata,
        shape: str = "unary",
        *,
        method: str = "",
        raw: bool = False,
        patient: bool = True,
        alone: bool = False,
    ) -> Answer:
        """Make one call; its side effect is looked for after, but for one that stands ``alone``.

        ``method`` replaces the shape's own; ``raw`` sends what gRPC clients refuse; a silent call that
        is not ``patient`` half-closes at once.
        """

    async def control(self) -> Answer:
        """Make one call with a good token."""

    def stream(self, metadata: Metadata) -> AbstractAsyncContextManager[BenchStream]:
        """Open a bidi call."""

    async def with_plugin(self, metadata: Metadata, *, secure: bool) -> Answer:
        """Make a call whose client adds a good token by a credentials plugin."""

    async def publish(self, jwks: Mapping[str, Any], trouble: str = "") -> None:
        """Publish another key set, with ``trouble`` error, hang, empty or garbage; the issuer's own ends it."""

    def fetches(self) -> int:
        """Return how often the key set was asked for."""

    def canary_hits(self) -> int:
        """Return how often the canary was asked for."""

    async def freeze(self, at_s: float | None) -> None:
        """Stop the target's clock at a time in seconds since the epoch; None lets it go on, and right."""

    async def revoke(self, generation: int | None) -> None:
        """Revoke the tokens of a generation (``jti`` is ``<generation>-…``); None revokes none."""

    async def pause(self, seconds: float) -> None:
        """Let time pass where a cache must age."""
