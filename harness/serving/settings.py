"""What ``jwtstorm serve`` is told, as settings: what is served, to whom, and what is told of it."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.conductor.staging import target_settings
from harness.errors import UsageError
from harness.lab import zoo as animals
from harness.lab.issuer.keys import IssuerKey
from harness.lab.place import LabPlace
from harness.lab.plan import IssuerSettings, LabPlan
from harness.scenario.scenario import LabSettings
from harness.serving.clients import ServedClient, served_clients
from harness.serving.timeline import ServedTimeline, read_timeline
from harness.tokens.sources.claims_file import read_claims


@dataclass(frozen=True)
class ServeSettings:
    """What is served, and what is told of it.

    ``timeline`` is what goes wrong while it is served, from the first call that is let in, or ``at_once``.
    ``write_key`` is a file to write the issuer's private key to, for this user alone, with the claims of its tokens
    beside it; ``write_ca`` one for the authority's certificate; ``language`` is what to print a client in, one of
    `harness.serving.options.LANGUAGES`; ``quiet`` leaves out the line per second.
    """

    plan: LabPlan
    clients: tuple[ServedClient, ...]
    write_key: Path | None = None
    write_ca: Path | None = None
    language: str = ""
    quiet: bool = False
    timeline: ServedTimeline | None = None
    at_once: bool = False
    key: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for option, path in (("--write-key", self.write_key), ("--write-ca", self.write_ca)):
            if path and path.exists():
                raise UsageError(f"{option} {path}: there is such a file; name one that is not there yet")
        if self.write_ca and not self.plan.place.tls:
            raise UsageError("--write-ca: there is an authority with --tls alone; give --tls, too")

    @property
    def zoo(self) -> tuple[str, ...]:
        """Return the defects in the target."""
        return self.plan.target.zoo if self.plan.target else ()


def settings(options: Namespace) -> ServeSettings:
    """Return what the options ask for; raises `UsageError`."""
    if strange := animals.mistakes(options.zoo, "servers"):
        raise UsageError(strange[0])
    clients = served_clients(options.client, options.client_key)
    timeline = read_timeline(options.timeline) if options.timeline else None
    lab = timeline.lab if timeline else LabSettings(work_s=0.0)
    algorithm = options.algorithm or lab.algorithm
    place = LabPlace(options.host, options.target_port, options.issuer_port, options.tls)
    key = _key(algorithm) if options.write_key else {}
    plan = LabPlan(
        issuer=IssuerSettings(
            algorithm=algorithm,
            lifetime_s=_life_s(options.token_life, timeline),
            audience=options.audience,
            client_ids=tuple(client.client_id for client in clients),
            scope=options.scope,
            claims=_claims(options.claims),
            refresh_tokens=options.refresh_tokens,
            fetch_failure_ratio=lab.fetch_failure_ratio,
        ),
        target=replace(target_settings(lab), audience=options.audience, zoo=(*lab.zoo, *options.zoo)),
        links=timeline.links() if timeline else frozenset(),
        issuer_key=key or None,
        clients=tuple(client.credential for client in clients),
        place=place.with_ports() if timeline and timeline.links() else place,
    )
    if timeline:
        timeline.guard(algorithm)
    return ServeSettings(
        plan,
        clients,
        options.write_key,
        options.write_ca,
        options.snippet,
        options.quiet,
        timeline,
        options.at_once,
        key,
    )


def _life_s(asked_s: float | None, timeline: ServedTimeline | None) -> float:
    if asked_s is not None:
        return asked_s
    return timeline.lifetime_s if timeline else IssuerSettings.lifetime_s


def _claims(path: Path | None) -> dict[str, Any]:
    return dict(read_claims(path).members) if path else {}


def _key(algorithm: str) -> dict[str, str]:
    if algorithm == "HS256":
        raise UsageError("--write-key writes the private key of a pair; HS256 has none, so give another --algorithm")
    IssuerSettings(algorithm=algorithm)  # says which ones there are
    key = IssuerKey.generate(algorithm, serial=1)
    return {"kid": key.kid, "pem": key.pem()}
