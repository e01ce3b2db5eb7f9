"""Status: the gateway answers a call in the upstream's place, as a gRPC server would."""

import base64
from dataclasses import dataclass
from urllib.parse import quote

from harness.lab.gateway.faults import LONGEST_S, GatewayFault, Opening, within
from harness.lab.gateway.header_codec import Field, Fields, Indexing
from harness.lab.gateway.treatment import GatewayAnswer, Treatment

_TYPES = "type.googleapis.com/google.rpc."
_MOST_MS = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Status(GatewayFault, kind="status"):
    """Answer with a gRPC status, and the upstream never hears of the call.

    ``retry_delay_s`` goes along as a RetryInfo; ``pushback_ms`` as gRPC's own ``grpc-retry-pushback-ms`` (-1: do not
    retry); ``reason`` and ``domain`` as an ErrorInfo. Sources: google/rpc/error_details.proto; gRFC A6.
    """

    code: int = 14
    message: str = "the gateway answers in the server's place"
    retry_delay_s: float | None = None
    pushback_ms: int | None = None
    reason: str = ""
    domain: str = ""

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return [
            *within("code", self.code, 0, 2**31 - 1),
            *within("retry_delay_s", self.retry_delay_s, 0, LONGEST_S),
            *within("pushback_ms", self.pushback_ms, -1, _MOST_MS),
        ]

    def touch(self, opening: Opening, treatment: Treatment) -> None:
        """Answer, unless another fault does."""
        treatment.answer = treatment.answer or GatewayAnswer(self.fields())

    def fields(self) -> Fields:
        """Return the whole answer: gRPC's Trailers-Only."""
        plain = [
            (b":status", b"200"),
            (b"content-type", b"application/grpc"),
            (b"grpc-status", str(self.code).encode()),
            (b"grpc-message", quote(self.message, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~").encode()),
        ]
        if self.pushback_ms is not None:
            plain.append((b"grpc-retry-pushback-ms", str(self.pushback_ms).encode()))
        if details := self._details():
            plain.append((b"grpc-status-details-bin", base64.b64encode(details).rstrip(b"=")))
        return tuple(Field(name, value, Indexing.WITHOUT) for name, value in plain)

    def _details(self) -> bytes:
        """Return a google.rpc.Status with its details, or nothing where there are none."""
        details = b""
        if self.retry_delay_s is not None:
            seconds, rest = divmod(round(self.retry_delay_s * 1e9), 10**9)
            details += _detail("RetryInfo", _message(1, _number(1, seconds) + _number(2, rest)))
        if self.reason or self.domain:
            details += _detail("ErrorInfo", _text(1, self.reason) + _text(2, self.domain))
        return _number(1, self.code) + _text(2, self.message) + details if details else b""


def _detail(name: str, message: bytes) -> bytes:
    return _message(3, _text(1, _TYPES + name) + _message(2, message))


# Protobuf by hand: its own messages of these types come with googleapis-common-protos, which nothing else here needs.
# Source: https://protobuf.dev/programming-guides/encoding/.


def _text(number: int, text: str) -> bytes:
    return _message(number, text.encode()) if text else b""


def _message(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _number(number: int, value: int) -> bytes:
    return bytes([number << 3]) + _varint(value) if value else b""


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    data.append(value)
    return bytes(data)
