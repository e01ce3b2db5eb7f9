"""What a lab is made of: settings of its issuer and its target, and which links are proxied."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.errors import UsageError
from harness.lab import zoo
from harness.lab.place import LabPlace
from harness.lab.processes.launch import Launch
from harness.lab.target.verdict import CHECKED_ONCE, STREAM_POLICIES

ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA", "HS256")
"""Signature algorithms that the issuer can use."""

LINKS = {"target": "users to target", "issuer": "users to issuer", "jwks": "target to issuer"}
"""The links that a proxy can stand on."""


DATED = ("iat", "exp", "jti")
"""Claims that the issuer sets for each token, and that faults act on."""


@dataclass(frozen=True)
class ClientCredential:
    """Credentials of one client of the issuer: a secret, public keys (JWK) of its assertions, or both."""

    client_id: str
    secret: str = field(default="", repr=False)
    keys: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class IssuerSettings:
    """The lab's token issuer.

    ``lifetime_s`` is how long its tokens live; ``client_ids`` who may ask for one (each gets a
    random secret, where the plan names no `LabPlan.clients`); ``scope`` what it grants, space-separated; ``claims``
    what tokens say beside that. With ``refresh_tokens`` it gives these, too, and rotates them. It answers
    ``fetch_failure_ratio`` of all token requests with 503, evenly spread: for 0.01 every hundredth.
    """

    algorithm: str = "ES256"
    lifetime_s: float = 300.0
    audience: str = "ledger"
    client_ids: tuple[str, ...] = ("storm",)
    scope: str = "ledger.read ledger.write"
    claims: Mapping[str, Any] = field(default_factory=dict)
    refresh_tokens: bool = False
    fetch_failure_ratio: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.fetch_failure_ratio <= 1:
            raise UsageError(f"issuer: fetch_failure_ratio={self.fetch_failure_ratio:g} is no share; give 0 to 1")
        if self.algorithm not in ALGORITHMS:
            raise UsageError(f"issuer: algorithm={self.algorithm!r} is unknown; give one of {', '.join(ALGORITHMS)}")
        if not self.lifetime_s >= 1:
            raise UsageError(f"issuer: lifetime_s={self.lifetime_s:g} is under a second; give 1 or more")
        if dated := [name for name in DATED if name in self.claims]:
            raise UsageError(f"issuer: claims={dated[0]!r} is set anew for each token; leave it out")
        if not self.client_ids:
            raise UsageError("issuer: client_ids is empty, so nobody could ask for a token; name one")


@dataclass(frozen=True)
class TargetSettings:
    """The lab's reference service and its verifier.

    ``issuer`` and ``jwks_url`` are the lab's own issuer's where they are None. The verifier forgives
    ``leeway_s`` of clock skew; it reads the key set again after ``keys_lifetime_s``, or for an
    unknown key once per ``keys_cooldown_s``, and waits ``keys_timeout_s`` for it. ``work_s`` is the
    service time of every handler;
    ``scopes`` says whether methods ask for ``ledger.read`` or ``ledger.write``, which the lab's issuer grants;
    ``streams`` is what it declares of streams that outlive their token (`STREAM_POLICIES`);
    ``zoo`` names defects of `harness.lab.zoo` that are put into it.
    """

    audience: str = "ledger"
    issuer: str | None = None
    jwks_url: str | None = None
    algorithms: tuple[str, ...] = ("ES256", "RS256", "PS256", "EdDSA")
    required: tuple[str, ...] = ("iss", "sub", "aud", "exp", "iat")
    leeway_s: float = 0.0
    keys_lifetime_s: float = 300.0
    keys_cooldown_s: float = 1.0
    keys_timeout_s: float = 2.0
    work_s: float = 0.0
    reflection: bool = True
    scopes: bool = True
    streams: str = CHECKED_ONCE
    zoo: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("leeway_s", "keys_lifetime_s", "keys_cooldown_s", "keys_timeout_s", "work_s"):
            if not getattr(self, name) >= 0:
                raise UsageError(f"target: {name}={getattr(self, name):g} is negative; give 0 or more")
        if self.streams not in STREAM_POLICIES:
            raise UsageError(f"target: streams={self.streams!r} is unknown; give one of {', '.join(STREAM_POLICIES)}")
        if strange := zoo.mistakes(self.zoo):
            raise UsageError(f"target: {strange[0]}")
        if (self.issuer is None) != (self.jwks_url is None):
            raise UsageError("target: issuer and jwks_url belong together; give both or neither")


@dataclass(frozen=True)
class LabPlan:
    """Which parts to start and which links to proxy.

    ``foreign`` tells ``host:port`` of a target or issuer of your own, by the name of its link; the
    part itself is None then. ``launch`` is a target of your own that the lab starts. ``environ`` is looked
    through for a Toxiproxy to use, instead of this process's environment; ``seed`` is for the embedded proxy's
    dice; ``issuer_key`` is a key pair of the caller's making (``kid`` and ``pem``) for the issuer to sign with;
    ``clients`` are the issuer's where their credentials are given; ``place`` is where its own parts listen.
    """

    issuer: IssuerSettings | None = field(default_factory=IssuerSettings)
    target: TargetSettings | None = field(default_factory=TargetSettings)
    links: frozenset[str] = frozenset()
    foreign: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] | None = None
    seed: int | None = None
    issuer_key: Mapping[str, str] | None = field(default=None, repr=False)
    launch: Launch | None = None
    clients: tuple[ClientCredential, ...] = ()
    place: LabPlace = field(default_factory=LabPlace)

    def __post_init__(self) -> None:
        for link in sorted({*self.links, *self.foreign} - LINKS.keys()):
            raise UsageError(f"link {link!r} is unknown; give one of {', '.join(LINKS)}")
        for part in sorted(self.foreign):
            if part == "jwks" or getattr(self, part) is not None:
                raise UsageError(f"foreign: {part!r} is the lab's own or no part; set {part}=None, or leave it out")
        if self.target and self.target.jwks_url is None and self.issuer is None:
            raise UsageError("target: whose tokens? give TargetSettings(issuer=…, jwks_url=…), or an issuer to the lab")
        for link in sorted(self.links):
            self._require_upstream(link)

    def _require_upstream(self, link: str) -> None:
        part = (self.target or self.launch) if link in {"target", "jwks"} else self.issuer
        if part is None and link not in self.foreign:
            raise UsageError(
                f"link {link!r} ({LINKS[link]}): the lab has no such end; give foreign={{{link!r}: 'host:port'}}"
            )
