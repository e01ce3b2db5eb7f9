"""The bench of a target that is not ours: the catalogue runs on it, but for what needs a lever we do not have."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from harness.defects import bearer
from harness.defects.bench import Answer, BenchStream, Metadata, Shape
from harness.defects.caller import OpenStream, call_with_plugin
from harness.defects.good import Good
from harness.endpoint import Endpoint
from harness.probe.target.asker import Asker, Subject
from harness.probe.target.beyond import NO_CLOCK, NO_KEY_SET, NO_REVOCATION, NO_STREAM, Beyond
from harness.probe.target.canary import Canary
from harness.results.classify import classify
from harness.results.grpc_status import CODES
from harness.results.row import Origin

_BY_COVERAGE = "the coverage part calls every method of every kind"
_LOCAL_ONLY = "it needs a plaintext target on loopback: call credentials travel over nothing else without TLS"


class TargetBench:
    """One replica and its good tokens; ``good`` is set anew for each row, as time goes on.

    ``stream_asker`` calls a bidi method, where the target has one that the probe may call.
    """

    cooldown_s = 1.0
    keys_lifetime_s = 0.0

    def __init__(
        self,
        endpoint: Endpoint,
        asker: Asker,
        good: Good,
        canary: Canary,
        *,
        streaming: Subject | None = None,
        declared: frozenset[str] = frozenset(),
    ) -> None:
        self.good, self.declared = good, declared
        self._endpoint, self._asker, self._canary, self._streaming = endpoint, asker, canary, streaming
        self.shapes: Sequence[Shape] = (asker.subject.shape,)
        self.methods: Mapping[str, Sequence[str]] = {"unary": (asker.subject.path,)}
        self._clear = endpoint.tls is None and asker.address.rpartition(":")[0] in {"127.0.0.1", "localhost", "[::1]"}

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
        """Make one call, then a good one beside it, but for one that stands ``alone``.

        OK is what a good call gets, and UNAUTHENTICATED how the target turns callers away.
        """
        kind = _INFRASTRUCTURE.get(shape) if method else None
        if kind is None and shape != "unary":
            raise Beyond(_BY_COVERAGE)
        answer = await self._asker.call(self._carried(metadata), shape=kind, method=method, raw=raw, patient=patient)
        if not method:
            answer = self._asker.judged(answer)
        if alone:
            return answer
        control = await self._asker.with_token(self.good.token(), raw=raw)
        return replace(answer, neighbour="" if self._asker.accepted(control) else control.code)

    async def control(self) -> Answer:
        """Make one good call."""
        return self._asker.judged(await self._asker.with_token(self.good.token()))

    @asynccontextmanager
    async def stream(self, metadata: Metadata) -> AsyncIterator[BenchStream]:
        """Open a bidi call."""
        subject = self._streaming
        if subject is None:
            raise Beyond(NO_STREAM)
        call = self._asker.open(self._carried(metadata), self._asker.deadline_s * 4, subject.path)
        try:
            yield _Stream(OpenStream(call, lambda _: subject.request), self._asker)
        finally:
            call.cancel()

    async def with_plugin(self, metadata: Metadata, *, secure: bool) -> Answer:
        """Make a call whose client adds a good token by a credentials plugin."""
        subject = self._asker.subject
        if not self._clear or subject.kind != "unary":
            raise Beyond(_LOCAL_ONLY)
        code, text = await asyncio.to_thread(
            call_with_plugin,
            self._asker.address,
            subject.path,
            self.good.token(),
            self._asker.beside.at(0) + metadata,
            subject.request,
            secure=secure,
        )
        origin, _ = classify(CODES[code.name], text)
        return self._asker.judged(Answer(code.name, text, local=origin is Origin.LOCAL))

    async def publish(self, jwks: Mapping[str, Any], trouble: str = "") -> None:
        """Raise `Beyond`: the key set is the issuer's."""
        del jwks, trouble
        raise Beyond(NO_KEY_SET)

    def fetches(self) -> int:
        """Raise `Beyond`: the issuer alone knows."""
        raise Beyond(NO_KEY_SET)

    def canary_hits(self) -> int:
        """Return how often the canary was asked for."""
        return self._canary.hits

    async def freeze(self, at_s: float | None) -> None:
        """Raise `Beyond`, but for letting a clock go on that was never stopped."""
        if at_s is not None:
            raise Beyond(NO_CLOCK)

    async def revoke(self, generation: int | None) -> None:
        """Raise `Beyond`, but for revoking nothing."""
        if generation is not None:
            raise Beyond(NO_REVOCATION)

    async def pause(self, seconds: float) -> None:
        """Raise `Beyond`: what would age is a cache of the issuer's key set."""
        del seconds
        raise Beyond(NO_KEY_SET)

    def _carried(self, metadata: Metadata) -> Metadata:
        """Return metadata under the target's own key and scheme, where it is a token as it should be."""
        if len(metadata) == 1 and isinstance(value := metadata[0][1], str):
            token = value.removeprefix("Bearer ")
            if token != value and metadata == bearer(token):
                return self._asker.carrier.metadata(token)
        return metadata


class _Stream:
    """An open bidi call whose end is judged as that of any other call."""

    def __init__(self, stream: OpenStream, asker: Asker) -> None:
        self._stream, self._asker = stream, asker

    async def ask(self, nonce: str) -> bool:
        """Send a message and return whether its answer came."""
        return await self._stream.ask(nonce)

    async def ending(self) -> Answer:
        """Half-close, and return how the call ended."""
        return self._asker.judged(await self._stream.ending())


_INFRASTRUCTURE = {
    "unary": Shape("unary", ""),
    "silent bidi": Shape("silent bidi", "", many_requests=True, many_responses=True, silent=True),
}
