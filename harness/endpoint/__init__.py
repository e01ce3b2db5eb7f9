"""An endpoint: a gRPC service of yours, where it is and how to reach it.

Plain settings without grpc; `harness.endpoint.opening` opens channels to it, `harness.endpoint.methods`
finds out what it serves, and `harness.endpoint.payload` makes messages for it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.endpoint import address as addresses
from harness.endpoint import further
from harness.endpoint import proxy as proxies
from harness.foreign_files import read_bytes
from harness.validation import not_negative, one_of, positive, whole

FIRST, ROUND_ROBIN = "first", "round-robin"
BALANCES = (FIRST, ROUND_ROBIN)
COMPRESSIONS = ("none", "deflate", "gzip")
RETRYABLE = (
    "CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "NOT_FOUND", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
)  # fmt: skip
"""Status codes that a retry policy may name; a refused token is the token policy's business."""


@dataclass(frozen=True)
class Tls:
    """TLS to a server.

    ``ca`` is a PEM file of roots to trust, None the system's; ``certificate`` and ``key`` (PEM files,
    both or neither, or one file that holds both) are the client's own, for mutual TLS; ``server_name``
    is the name that the server's certificate must bear and that is asked for, where it is not the
    address's host.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""

    def pair(self) -> tuple[Path | None, Path | None]:
        """Return where the client's certificate and its key are: one file may hold both."""
        certificate, key = self.certificate, self.key
        if certificate is not None and key is None and _holds(certificate, b"PRIVATE KEY-----"):
            return certificate, certificate
        if key is not None and certificate is None and _holds(key, b"CERTIFICATE-----"):
            return key, key
        return certificate, key

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        certificate, key = self.pair()
        if (certificate is None) != (key is None):
            given, missing = ("certificate", "key") if key is None else ("key", "certificate")
            path = certificate or key
            return [f"tls: {given}= without {missing}=, and {path} does not hold it; mutual TLS needs both"]
        return []


@dataclass(frozen=True)
class Retry:
    """grpc's own retry policy (gRFC A6), beneath what is recorded: an attempt here may be several on the wire.

    ``attempts`` counts the first one, too, and is 2 to 5; ``codes`` are the statuses that are tried again.
    """

    attempts: int = 3
    first_backoff_s: float = 0.1
    max_backoff_s: float = 1.0
    multiplier: float = 2.0
    codes: tuple[str, ...] = ("UNAVAILABLE",)

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        found = [] if 2 <= self.attempts <= 5 else [f"retry: attempts={self.attempts!r} must be 2 to 5, as grpc wants"]
        found += positive(
            "retry",
            first_backoff_s=self.first_backoff_s,
            max_backoff_s=self.max_backoff_s,
            multiplier=self.multiplier,
        )
        found += [] if self.codes else ["retry: codes=() tries nothing again; name a status, or drop retry="]
        return found + [text for code in self.codes for text in one_of("retry", "code", code, RETRYABLE)]


@dataclass(frozen=True)
class Endpoint:
    """A gRPC service.

    Several ``addresses`` are replicas: users are dealt out over them in turn, and results are told
    apart by address. ``connections`` is the number of TCP connections to each address of one worker
    process. ``keepalive_s`` pings an idle connection so often, and gives it up without an answer
    within ``keepalive_timeout_s``; ``max_message_bytes`` bounds messages both ways (grpc's 4 MiB
    for answers where it is None); ``wait_for_ready`` lets a call wait for a connection instead of
    failing at once; ``authority`` is the ``:authority`` that is sent, where it is not the address; ``proxy``
    is an HTTP proxy, ``http://host:port``, through which connections are made (a proxy of the environment
    is never used). ``metadata`` is what every call carries beside its token, ``{"x-tenant-id": "acme"}``, with
    the placeholders of data: ``{{env NAME}}`` and ``{{file PATH}}`` for secrets (`harness.endpoint.further`).
    A name of several addresses is reached at the ``first`` that answers; with ``balance="round-robin"`` each of them
    has its connections, as replicas do.
    """

    addresses: tuple[str, ...]
    tls: Tls | None = None
    connections: int = 1
    keepalive_s: float | None = None
    keepalive_timeout_s: float = 20.0
    max_message_bytes: int | None = None
    compression: str = "none"
    wait_for_ready: bool = False
    retry: Retry | None = None
    authority: str = ""
    proxy: str = ""
    metadata: further.Given = field(default=(), repr=False)
    balance: str = FIRST

    def __post_init__(self) -> None:
        if not isinstance(self.addresses, str):
            object.__setattr__(self, "addresses", tuple(map(addresses.plain, self.addresses)))

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each with its way out."""
        if isinstance(self.addresses, str):
            return [f"target: addresses={self.addresses!r} must be a tuple; write ({self.addresses!r},)"]
        found = [text for address in self.addresses for text in addresses.mistakes(address)]
        if not self.addresses:
            found.append("target: addresses=() is empty; give one host:port or more")
        if len(set(self.addresses)) < len(self.addresses):
            found.append("target: an address is given twice; give connections= for more connections to it")
        found += whole("target", 1, connections=self.connections)
        found += one_of("target", "balance", self.balance, BALANCES)
        if self.balance == ROUND_ROBIN and len(self.addresses) > 1:
            found.append("target: users are dealt out over several addresses anyway; give one name, or drop balance=")
        if self.keepalive_s is not None:
            found += positive("target", keepalive_s=self.keepalive_s)
        if self.max_message_bytes is not None:
            found += whole("target", 1, max_message_bytes=self.max_message_bytes)
        found += not_negative("target", keepalive_timeout_s=self.keepalive_timeout_s)
        found += one_of("target", "compression", self.compression, COMPRESSIONS)
        found += proxies.mistakes("target", self.proxy) + further.mistakes("target", self.metadata)
        found += self.tls.mistakes() if self.tls else []
        return found + (self.retry.mistakes() if self.retry else [])

    def behind(self, proxied: str) -> "Endpoint":
        """Return the endpoint as a proxy at ``proxied`` shows it: same names on the wire, another address."""
        if len(self.addresses) != 1 or proxied == self.addresses[0]:
            return self
        original = self.addresses[0]
        tls = self.tls and replace(self.tls, server_name=self.tls.server_name or addresses.host_of(original))
        return replace(self, addresses=(proxied,), tls=tls, authority=self.authority or ("" if tls else original))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as ``run.json`` holds them: paths of keys, hashes of metadata, never what is in them."""
        settings = {**asdict(self), "metadata": further.shown(self.metadata)}
        for name in ("proxy", "metadata", "balance"):  # without them as in the files of runs before there were any
            if settings[name] in ((), "", {}, FIRST):
                del settings[name]
        if self.tls is not None:
            settings["tls"] = {name: str(value) if value else None for name, value in asdict(self.tls).items()}
        return settings


def endpoint_of(target: "str | Sequence[str] | Endpoint", connections: int = 1) -> Endpoint:
    """Return the endpoint of a scenario's ``target=``: an address alone is reached in plaintext."""
    if isinstance(target, Endpoint):
        return target
    return Endpoint((target,) if isinstance(target, str) else tuple(target), connections=connections)


def _holds(path: Path, mark: bytes) -> bool:
    try:
        return mark in read_bytes(path)
    except OSError:
        return False  # whoever opens it says why
