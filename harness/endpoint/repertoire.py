"""The repertoire: a scenario's calls, bound to methods and ready to be made.

The conductor finds the methods, once, and checks every call before any load; workers get the
descriptors from it, so that they need no file of theirs and no reflection.
"""

import base64
import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from harness.endpoint import Endpoint, methods
from harness.endpoint.call import Call, DescriptorSet, MethodSource, Protos, Stubs
from harness.endpoint.further import Further, merged
from harness.endpoint.metadata import Metadata
from harness.endpoint.methods import Methods
from harness.endpoint.opening import open_channel
from harness.endpoint.payload import Payload
from harness.endpoint.rows import read_rows
from harness.endpoint.stream_end import read, require_stream


def find_methods(source: MethodSource, endpoint: Endpoint, metadata: Callable[[], Metadata]) -> Methods:
    """Return the methods that a source tells of; ``metadata`` is asked for a token if reflection is.

    Raises `UsageError`.
    """
    if isinstance(source, Protos):
        return methods.from_protos(source.paths, source.includes)
    if isinstance(source, DescriptorSet):
        return methods.from_descriptor_set(source.path)
    if isinstance(source, Stubs):
        return methods.from_stubs(source.module)
    with open_channel(endpoint, endpoint.addresses[0]) as channel:
        return methods.from_reflection(channel, metadata(), source.timeout_s)


def pack(found: Methods) -> str:
    """Return methods as text that a message can carry."""
    return base64.b64encode(found.files.SerializeToString()).decode()


def unpack(text: str) -> Methods:
    """Return the methods that `pack` made text of."""
    return Methods(FileDescriptorSet.FromString(base64.b64decode(text)))


class Repertoire:
    """Calls with their payloads; ``beside`` is what the target wants beside the token.

    Raises `UsageError` for a call that does not fit the target.
    """

    def __init__(self, found: Methods, calls: Sequence[Call], seed: int, beside: Further | None = None) -> None:
        self.beside = beside or Further()
        self.calls = tuple(calls)
        for call in self.calls:
            require_stream(call, found.find(call.method))
        rows = [read_rows(call.rows) if call.rows else () for call in calls]
        self.payloads = [
            Payload(found.find(call.method), found.pool, call.data, lines, seed)
            for call, lines in zip(calls, rows, strict=True)
        ]
        self.metadata = [Further(call.metadata, seed, lines) for call, lines in zip(calls, rows, strict=True)]
        self._seed = seed
        self._bounds = list(accumulate(call.weight for call in calls))

    def pick(self, call_id: int) -> int:
        """Return which call an arrival makes: by weight, from the seed and the arrival's number alone."""
        if len(self.payloads) == 1:
            return 0
        drawn = random.Random(f"{self._seed}/pick/{call_id}").random() * self._bounds[-1]
        return min(bisect(self._bounds, drawn), len(self.payloads) - 1)

    def carried(self, place: int, call_id: int) -> Metadata:
        """Return what one of the calls carries beside its token."""
        return merged(self.beside.at(call_id), self.metadata[place].at(call_id))

    def packed(self) -> list[bytes | None]:
        """Return, by call, the one message of all its calls; None where each has its own, or metadata of its own."""
        pairs = zip(self.payloads, self.metadata, strict=True)
        return [payload.packed() if self.beside.fixed and not own.at(0) else None for payload, own in pairs]

    def on(self, channel: Any, deadline_s: float) -> "Callers":
        """Return the calls over a channel whose calls have a deadline; time to read a stream comes on top."""
        return Callers(self, channel, deadline_s)


class Callers:
    """The calls of one user."""

    def __init__(self, repertoire: Repertoire, channel: Any, deadline_s: float) -> None:
        self._repertoire = repertoire
        self._open = [payload.method.on(channel) for payload in repertoire.payloads]
        self._timeouts_s = [call.end_after_s and call.end_after_s + deadline_s for call in repertoire.calls]

    def make(self, call_id: int) -> None:
        """Make an arrival's call and read its answer to the end; raises `grpc.RpcError`."""
        repertoire, place = self._repertoire, self._repertoire.pick(call_id)
        answer = self._open[place](
            repertoire.payloads[place].request(call_id),
            timeout=self._timeouts_s[place],
            metadata=repertoire.metadata[place].at(call_id),
        )
        if isinstance(answer, Iterator):
            read(answer, repertoire.calls[place])
