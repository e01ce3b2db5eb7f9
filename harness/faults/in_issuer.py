"""Faults inside the lab's issuer: a fault with a control of its own, in one file.

The issuer is told the fault's class and settings over its control port, and asks its seams at each request until the
step ends. Several may be in force: they are asked in the order in which they began.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple

from harness.errors import UsageError
from harness.faults.fault import Surroundings
from harness.faults.of_lab import LabControls, LabFault, Reading, Site
from harness.results.fault_events import Command

FOLDER = "harness.faults."
"""Where the issuer finds the classes of its faults."""


class TokenRefusal(NamedTuple):
    """What the token endpoint answers in a token's place: an HTTP status, and in how many seconds to ask again."""

    status: int
    retry_after_s: int = 0


class KeysAnswer(NamedTuple):
    """What the endpoint of the key set answers in its place."""

    status: int
    text: str
    media_type: str = "application/json"


@dataclass(frozen=True)
class Minting:
    """A token that is about to be minted: its claims, and the last one of that client while it lives (else empty)."""

    claims: Mapping[str, Any]
    last: str = field(repr=False)
    sign: Callable[[Mapping[str, Any]], str] = field(repr=False)


class IssuerSeams:
    """Where a fault can act in the issuer's process; each seam changes nothing unless it is overridden."""

    async def on_token_request(self) -> TokenRefusal | None:
        """Let a token request wait, or refuse it, before it is read."""
        return None

    def on_mint(self, minting: Minting) -> str:
        """Return a token for claims: by ``minting.sign``, of other claims, or another token."""
        return minting.sign(minting.claims)

    async def on_keys(self, keys: Mapping[str, Any]) -> Mapping[str, Any] | KeysAnswer:
        """Return the key set (RFC 7517) that is published, late or changed, or what is answered in its place."""
        return keys


class IssuerFault(LabFault, IssuerSeams, registered=False):
    """A fault of the lab's own issuer that acts by `IssuerSeams`."""

    def begin(self) -> IssuerSeams:
        """Return what is asked while the fault is in force: itself, or an object that also remembers."""
        return self

    def misfits(self, around: Surroundings) -> list[str]:
        """Return why the issuer would not know the fault."""
        del around
        if type(self).__module__.startswith(FOLDER):
            return []
        return [f"{self.name()}: the issuer, a process of its own, loads its faults from harness/faults/; put it there"]

    def needs(self) -> frozenset[str]:
        """Return the part: it must be the lab's own."""
        return frozenset({"issuer"})

    def holds(self) -> str | None:
        """Return what two steps of one kind would mean at once: nothing that anybody could read."""
        return f"{self.name().replace('_', ' ')} of the issuer"

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the order to end it."""
        return (Command("issuer", "end_fault", {"step": site.step}),)

    def apply(self, lab: LabControls, site: Site) -> int:
        """Hand the fault to the issuer."""
        return int(lab.do(Command("issuer", "begin_fault", {"step": site.step, **self.order()}))["at_ns"])

    def order(self) -> dict[str, Any]:
        """Return the fault as the issuer is told it: where its class is, and its settings."""
        return {"fault": f"{type(self).__module__}:{type(self).__name__}", "settings": self.settings()}

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Ask the issuer for the faults in force."""
        told = lab.state("issuer")["faults"].get(site.step)
        return Reading(told == json.loads(json.dumps(self.order())), dict(told["settings"]) if told else {})


def issuer_fault(fault: str, settings: Mapping[str, Any]) -> IssuerFault:
    """Return the fault that `IssuerFault.order` tells; raises `UsageError` for what is none of the package."""
    module, _, name = fault.partition(":")
    kind = getattr(import_module(module), name, None) if module.startswith(FOLDER) else None
    if not (isinstance(kind, type) and issubclass(kind, IssuerFault)):
        raise UsageError(f"{fault!r} is no fault of the issuer; give module:Class of one in {FOLDER[:-1]}")
    made: IssuerFault = kind(**settings)
    if mistakes := made.mistakes():
        raise UsageError(mistakes[0])
    return made
