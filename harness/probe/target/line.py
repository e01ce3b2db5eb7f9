"""The line to a target: its connections, and how fast calls may leave on them."""

import asyncio
import ssl
from dataclasses import replace

from harness.clock import monotonic
from harness.defects.bench import Answer, Metadata, Shape
from harness.defects.caller import Caller
from harness.defects.raw_caller import RawCaller
from harness.endpoint import Endpoint, Tls
from harness.endpoint.further import Further
from harness.endpoint.opening import open_aio_channel
from harness.errors import UsageError
from harness.probe.target.text_shape import text_shape

CEILING_PER_S = 1000.0
"""The most calls a second that a probe may make."""
_UNKNOWN = "UNKNOWN"


class TargetLine(Caller):
    """One connection by grpcio, and one by hand for what that does not send, or does not tell.

    grpcio makes UNKNOWN of every number that gRPC does not define. What the server sent instead is asked for by hand,
    once for each kind of text.
    """

    def __init__(self, endpoint: Endpoint, address: str) -> None:
        self.beside = Further(endpoint.metadata)
        super().__init__(open_aio_channel(endpoint, address), self.beside)
        tls = endpoint.tls
        self._raw = RawCaller(address, _context(tls) if tls else None, tls.server_name if tls else "", endpoint.proxy)
        self._sent: dict[str, str] = {}

    async def close(self) -> None:
        """Close the connections."""
        await super().close()
        await self._raw.close()

    async def call(
        self, shape: Shape, method: str, metadata: Metadata, request: bytes, within_s: float, *, patient: bool = True
    ) -> Answer:
        """Make one call; return how it ended, with the number that the server sent."""
        answer = await super().call(shape, method, metadata, request, within_s, patient=patient)
        if answer.code != _UNKNOWN or answer.local:
            return answer
        kind = text_shape(answer.text)
        if kind not in self._sent:
            again = await self.by_hand(shape, method, metadata, request, within_s)
            if text_shape(again.text) != kind:
                return answer
            self._sent[kind] = again.code
        return replace(answer, code=self._sent[kind])

    async def by_hand(self, shape: Shape, method: str, metadata: Metadata, request: bytes, within_s: float) -> Answer:
        """Make one call over HTTP/2 by hand, which sends any metadata."""
        return await self._raw.call(shape, method, self.beside.at(0) + metadata, request, within_s)


def open_line(endpoint: Endpoint, address: str) -> TargetLine:
    """Open a line; it connects with its first call.

    Raises `UsageError` where a certificate or key cannot be read.
    """
    return TargetLine(endpoint, address)


def _context(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca else None)
        certificate, key = tls.pair()
        if certificate:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"tls: its files cannot be read ({type(error).__name__}); give PEM files") from error
    context.set_alpn_protocols(["h2"])
    return context


class ProbePace:
    """Let calls go one after another, evenly spaced; idle time is not saved up."""

    def __init__(self, per_s: float) -> None:
        if not 0 < per_s <= CEILING_PER_S:
            raise UsageError(
                f"--per-s {per_s:g} must be above 0 and at most {CEILING_PER_S:g}: a probe is no load test"
            )
        self._apart_s = 1.0 / per_s
        self._next_s = 0.0

    async def pause(self) -> None:
        """Wait until the next call may leave."""
        now_s = monotonic()
        wait_s = self._next_s - now_s
        self._next_s = max(self._next_s, now_s) + self._apart_s
        if wait_s > 0:
            await asyncio.sleep(wait_s)
