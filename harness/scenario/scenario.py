"""Scenario: a load, a timeline, tokens and checks, as one value in one file.

A scenario file is a plain locustfile with one module-level ``scenario``. Building it starts
nothing; all its mistakes are reported at once.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.checks import Check
from harness.comparison.statistics.matters import Matters
from harness.endpoint import Endpoint, endpoint_of, further
from harness.endpoint.call import Call, MethodSource, Reflection
from harness.errors import ScenarioError
from harness.faults import timeline as timelines
from harness.faults.fault import Surroundings
from harness.faults.timeline import Planned, Step
from harness.lab import zoo
from harness.lab.plan import ALGORITHMS
from harness.lab.processes.launch import Launch
from harness.lab.target.verdict import CHECKED_ONCE, STREAM_POLICIES
from harness.scenario import requirements
from harness.scenario.load import Load
from harness.scenario.mutants import Hunts, mistakes_of
from harness.tokens import refresh
from harness.tokens.refresh import Tokens
from harness.tokens.source import SourceSettings
from harness.transport.choice import AUTO, MAKERS, TRANSPORTS
from harness.validation import is_number, list_of, not_negative, of_kind, one_of, positive, whole


@dataclass(frozen=True)
class LabSettings:
    """What the lab's issuer and target are like, when a scenario brings none of its own.

    ``leeway_s`` is the skew that the verifier forgives; ``work_s`` the handler's service time; the verifier
    reads the key set again after ``keys_lifetime_s``, or for an unknown key once per ``keys_cooldown_s``, and
    waits ``keys_timeout_s`` for it; ``streams`` is what the target declares of streams that outlive their token
    (``checked once`` or ``cut at expiry``); the issuer answers ``fetch_failure_ratio`` of all token requests with
    503; ``zoo`` names defects to let loose in the target (`harness.lab.zoo`).
    """

    algorithm: str = "ES256"
    leeway_s: float = 0.0
    work_s: float = 0.005
    keys_lifetime_s: float = 300.0
    keys_cooldown_s: float = 1.0
    keys_timeout_s: float = 2.0
    streams: str = CHECKED_ONCE
    fetch_failure_ratio: float = 0.0
    zoo: tuple[str, ...] = ()

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        found = one_of("lab", "algorithm", self.algorithm, ALGORITHMS)
        found += one_of("lab", "streams", self.streams, STREAM_POLICIES)
        found += not_negative("lab", leeway_s=self.leeway_s, work_s=self.work_s)
        found += not_negative("lab", keys_lifetime_s=self.keys_lifetime_s, keys_cooldown_s=self.keys_cooldown_s)
        found += positive("lab", keys_timeout_s=self.keys_timeout_s)
        if not is_number(self.fetch_failure_ratio) or not 0 <= self.fetch_failure_ratio <= 1:
            found.append(f"lab: fetch_failure_ratio={self.fetch_failure_ratio!r} is no share; give 0 to 1")
        return found + (list_of("lab: zoo", str, '"NAME"', self.zoo) or zoo.mistakes(self.zoo, "servers"))


@dataclass(frozen=True)
class Scenario:
    """One experiment.

    ``target`` is the address of your own service (``127.0.0.1:50051``), an `Endpoint` with TLS,
    replicas and more, or a `Launch`, which starts it; ``issuer`` where its
    tokens come from (a setting of `harness.tokens.source`); without them the lab serves both.
    ``deadline_s`` bounds each call, retry and token included; ``max_lag_s`` (default: the deadline)
    how long an arrival waits for a free user; ``connections`` is the number of TCP connections of
    one worker process (an `Endpoint` has its own); ``transport`` is what carries the calls, ``grpcio``,
    ``native``, or ``auto``, which says in the run why it took which (`harness.transport.choice`); ``calls`` are
    what a `harness.users.CallUser` makes, and ``methods`` where their definitions come from; ``calls_by`` says
    who makes these, ``python``, the native ``transport`` by itself (`harness.worker.declared_calls`), or ``auto``,
    which lets it wherever it can; ``matters`` says what a comparison of builds rests on. ``clients`` names defects of
    the zoo that the users have; ``short`` is the share of its length that ``--short`` runs, as short as its numbers
    still mean something; ``hunts`` says, by animal of the zoo, which checks must fail on it and no others. Raises
    `ScenarioError` with all mistakes.
    """

    load: Load
    tokens: Tokens = field(default_factory=Tokens)
    timeline: Sequence[Planned] = ()
    checks: Sequence[Check] = ()
    seed: int = 1
    target: requirements.Target = None
    issuer: SourceSettings | None = None
    deadline_s: float = 1.0
    max_lag_s: float | None = None
    connections: int = 1
    transport: str = AUTO
    calls: Sequence[Call] = ()
    calls_by: str = AUTO
    methods: MethodSource = field(default_factory=Reflection)
    lab: LabSettings = field(default_factory=LabSettings)
    matters: Matters = field(default_factory=Matters)
    clients: tuple[str, ...] = ()
    short: float = 0.4
    hunts: Hunts = field(default_factory=dict)
    scale: float = field(default=1.0, repr=False)
    """The share of its length that a shortened scenario has."""

    def __post_init__(self) -> None:
        if found := self.mistakes():
            raise ScenarioError("scenario", found)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the timeline's steps, sorted, each with its id."""
        return timelines.number(self.timeline)

    @property
    def lag_bound_s(self) -> float:
        """Return how long an arrival may wait for a free user, in seconds."""
        return self.deadline_s if self.max_lag_s is None else self.max_lag_s

    @property
    def longest_call_s(self) -> float:
        """Return how long a call may last, in seconds: its deadline, and how long its stream is read."""
        return self.deadline_s + max((call.end_after_s or 0.0 for call in self.calls), default=0.0)

    @property
    def endpoint(self) -> Endpoint | None:
        """Return your own service's endpoint; None where the lab serves."""
        if isinstance(self.target, Launch):
            return self.target.endpoint(connections=self.connections)
        return None if self.target is None else endpoint_of(self.target, self.connections)

    @property
    def launch(self) -> Launch | None:
        """Return the server of yours that the run starts, where it does."""
        return self.target if isinstance(self.target, Launch) else None

    def endpoint_at(self, address: str) -> Endpoint:
        """Return how users reach the target, which a run has at ``address``: the lab's, a launched one, or a proxy."""
        if self.launch is not None:
            return self.launch.endpoint(address, self.connections)
        endpoint = self.endpoint
        return endpoint.behind(address) if endpoint else endpoint_of(address, self.connections)

    def mistakes(self) -> list[str]:
        """Return everything that is wrong, one sentence each with its way out."""
        misfits = self._misfits()
        found = [*misfits, *self._of_parts()]
        found += positive("scenario", deadline_s=self.deadline_s)
        found += whole("scenario", 1, connections=self.connections)
        found += whole("scenario", 0, seed=self.seed)
        found += one_of("scenario", "transport", self.transport, TRANSPORTS)
        found += one_of("scenario", "calls_by", self.calls_by, MAKERS)
        if self.max_lag_s is not None:
            found += not_negative("scenario", max_lag_s=self.max_lag_s)
        if not is_number(self.short) or not 0 < self.short <= 1:
            found.append(f"scenario: short={self.short!r} must be above 0 and at most 1; 0.4 means 40 % of the length")
        found += list_of("clients", str, '"NAME"', self.clients) or zoo.mistakes(self.clients, "clients")
        if misfits or not is_number(self.load.duration_s):
            return found  # what follows looks at how the parts fit together
        steps = self.steps
        names = {step.id: step.fault.name() for step in steps}
        found += timelines.mistakes(steps, self.load.duration_s)
        found += self.matters.mistakes(names)
        found += mistakes_of(self.hunts, self.checks)
        found += [sentence for check in self.checks for sentence in check.mistakes(names)]
        ends_s = {step.id: step.at_s if step.until_s is None else step.until_s for step in steps}
        found += [text for check in self.checks for text in check.misfits(ends_s, names, self.load.duration_s)]
        around = self.surroundings()
        found += [f"{step.id}: {text}" for step in steps for text in step.fault.misfits(around)]
        return found + self._missing_parts(steps)

    def surroundings(self) -> Surroundings:
        """Return what the scenario offers its faults."""
        bearer = (self.tokens.key, self.tokens.scheme) == ("authorization", "Bearer")
        if self.issuer is None:
            return Surroundings(self.lab.algorithm, signs=True, bearer=bearer)
        ask = getattr(self.issuer, "signs_by", None)
        algorithm = ask() if callable(ask) else ""
        return Surroundings(algorithm, signs=bool(algorithm), bearer=bearer)

    def links(self) -> frozenset[str]:
        """Return the links that the timeline touches and the proxy must serve."""
        requirements = frozenset[str]().union(*(step.fault.needs() for step in self.steps))
        return frozenset(need.removeprefix("link:") for need in requirements if need.startswith("link:"))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as ``run.json`` holds them."""
        return {
            "seed": self.seed,
            "load": asdict(self.load),
            "tokens": refresh.settings(self.tokens),
            "steps": [step.to_json() for step in self.steps],
            "checks": [check.to_json() for check in self.checks],
            "deadline_s": self.deadline_s,
            "max_lag_s": self.lag_bound_s,
            "connections": self.connections,
            "matters": asdict(self.matters),
            "lab": asdict(self.lab) if self.target is None or self.issuer is None else None,
            **self._own_target(),
            **self._variant(),
        }

    def fingerprint(self) -> str:
        """Return a hash of what two runs must share to be comparable."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:16]

    def _misfits(self) -> list[str]:
        """Return which parts are of another kind than they must be."""
        loads = "give constant_rate(…), ramp_rate(…), poisson_rate(…) or closed_users(…)"
        found = of_kind("scenario", Load, loads, load=self.load)
        found += of_kind("scenario", Tokens, "give Tokens(…)", tokens=self.tokens)
        found += of_kind("scenario", LabSettings, "give LabSettings(…)", lab=self.lab)
        found += of_kind("scenario", Matters, "give Matters(…)", matters=self.matters)
        if self.target is not None:
            kind = type(self.target) if isinstance(self.target, Endpoint | Launch) else str
            found += of_kind(
                "scenario",
                kind,
                'give an address, target="127.0.0.1:50051", Endpoint(…) or Launch(…)',
                target=self.target,
            )
        if self.issuer is not None and not (hasattr(self.issuer, "open") and not isinstance(self.issuer, type)):
            found.append(
                f"scenario: issuer={self.issuer!r} is no source of tokens; give ClientCredentials(…), SigningKey(…), "
                "TokenFile(…), TokenCommand(…), or anything with open()"
            )
        found += timelines.misfits(self.timeline)
        found += list_of("calls", Call, 'Call("pkg.Service/Method", {})', self.calls)
        return found + list_of("checks", Check, "failure_ratio(below=0.01)", self.checks)

    def _of_parts(self) -> Iterator[str]:
        """Yield what is wrong inside the parts that can be asked."""
        kinds = ((self.load, Load), (self.tokens, Tokens), (self.lab, LabSettings))
        for part, kind in kinds:
            if isinstance(part, kind):
                yield from part.mistakes()
        if isinstance(self.target, str | Endpoint):
            yield from endpoint_of(self.target).mistakes()
        yield from self._clashes()
        if self.launch is not None:
            yield from self.launch.mistakes()
        for call in self.calls:
            if isinstance(call, Call):
                yield from call.mistakes()
        ask = getattr(self.issuer, "mistakes", None)
        if callable(ask) and not isinstance(self.issuer, type):
            yield from ask()

    def _clashes(self) -> Iterator[str]:
        """Yield what of the further metadata would take the token's place."""
        key = self.tokens.key if isinstance(self.tokens, Tokens) else ""
        given = {"target": self.target.metadata} if isinstance(self.target, Endpoint) else {}
        given |= {f"call {call.method}": call.metadata for call in self.calls if isinstance(call, Call)}
        for what, metadata in given.items():
            yield from further.clashes(what, metadata, key)

    def _missing_parts(self, steps: Sequence[Step]) -> list[str]:
        own_issuer = self.issuer is not None
        asked = [(step.id, need) for step in steps for need in sorted(step.fault.needs())]
        refused = [(step, requirements.refusal(need, self.target, own_issuer=own_issuer)) for step, need in asked]
        found = [f"{step}: {why}" for step, why in refused if why]
        return [
            *found,
            *requirements.unproxied(self.endpoint, self.links()),
            *requirements.misfits(self.target, own_issuer=own_issuer),
        ]

    def _own_target(self) -> dict[str, Any]:
        """Return what two runs must share of an endpoint and its calls; not where it is, which builds differ in."""
        own: dict[str, Any] = {}
        if isinstance(self.target, Endpoint):
            own["endpoint"] = {**self.target.to_json(), "addresses": len(self.target.addresses)}
        if self.launch is not None:
            own["launch"] = self.launch.to_json()
        if self.calls:
            own["calls"] = [call.to_json() for call in self.calls]
        return own

    def _variant(self) -> dict[str, Any]:
        """Return what makes a variant of a scenario, where it is one."""
        variant: dict[str, Any] = {"clients": list(self.clients)} if self.clients else {}
        return {**variant, "scale": self.scale} if self.scale != 1 else variant
