"""Faults of the gateway: what may happen to calls that go through it.

One file per fault; a fault registers itself by being defined, and every module of this package is loaded with it.
A fault is frozen data. It adds its part to the `Treatment` of each call that it touches, or sets limits of
connections, or acts on a connection when it begins; the relay does the work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Protocol

from harness.lab.gateway.agreement import Limits
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.treatment import Treatment

GATEWAY_FAULTS: dict[str, type["GatewayFault"]] = {}
"""All faults of the gateway by their kind; filled by their definition."""

LONGEST_S = 3600.0
MOST_CODE = (1 << 32) - 1


class GatewayConnection(Protocol):
    """A client's connection, as a fault sees it."""

    serial: int
    copy: int

    def soon(self, act: Callable[[], None]) -> None:
        """Do something to the connection after the frame that is being looked at."""

    def drain(self) -> None:
        """Ask the client to leave; its calls go on to their end."""

    def go_away(self, code: int, text: str, *, looked_at: bool) -> None:
        """End the connection at once, and say whether its calls may have been looked at."""


@dataclass(frozen=True)
class Opening:
    """A call that begins; ``memory`` is what the fault itself keeps as long as it is in force."""

    connection: GatewayConnection
    stream_id: int
    method: str
    fields: Fields
    memory: dict[Any, Any]


@dataclass(frozen=True, kw_only=True)
class GatewayFault:
    """Base of all faults of the gateway; subclasses name their kind: ``class Delay(GatewayFault, kind="delay")``.

    ``share`` is the chance that a call is touched; ``methods`` (``/package.Service/Method``) and ``copies`` name which
    ones may be, all where they are empty.
    """

    kind: ClassVar[str]
    share: float = 1.0
    methods: tuple[str, ...] = ()
    copies: tuple[int, ...] = ()

    def __init_subclass__(cls, kind: str) -> None:
        cls.kind = kind
        GATEWAY_FAULTS[kind] = cls

    def __post_init__(self) -> None:
        if mistakes := [*self._common_mistakes(), *self.mistakes()]:
            raise ValueError(f"gateway fault {self.kind}: {'; '.join(mistakes)}")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "GatewayFault":
        """Return the fault that a JSON object describes; raises ValueError with all that is wrong with it."""
        given = dict(data)
        kind = given.pop("kind", None)
        fault = GATEWAY_FAULTS.get(kind) if isinstance(kind, str) else None
        if fault is None:
            raise ValueError(f"no gateway fault {kind!r}; there are {', '.join(sorted(GATEWAY_FAULTS))}")
        known = {one.name for one in fields(fault)}
        if strange := sorted(given.keys() - known):
            text = f"no setting {strange[0]!r}; there are {', '.join(sorted(known))}"
            raise ValueError(f"gateway fault {kind}: {text}")
        try:
            settings: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
            }
            return fault(**settings)
        except TypeError as error:
            raise ValueError(f"gateway fault {kind}: a setting is of the wrong kind: {error}") from error

    def may_touch(self, copy: int, method: str) -> bool:
        """Tell whether a call is among those that the fault may touch."""
        return (not self.methods or method in self.methods) and (not self.copies or copy in self.copies)

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        return []

    def touch(self, opening: Opening, treatment: Treatment) -> None:
        """Add the fault's part to a call's treatment."""

    def strike(self, connection: GatewayConnection) -> None:
        """Act on a connection: one that is open when the fault begins, or that opens while it is in force."""

    def limits(self) -> Limits:
        """Return what the fault allows clients."""
        return Limits()

    def _common_mistakes(self) -> list[str]:
        wrong = [f"method {name!r} is not /package.Service/Method" for name in self.methods if name[:1] != "/"]
        return [*wrong, *within("share", self.share, 0, 1)]


def within(name: str, value: float | None, least: float, most: float) -> list[str]:
    """Return what is wrong with a number that must lie in a range; None is none."""
    if value is None:
        return []
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return [f"{name}={value!r} is not from {least:g} to {most:g}"]
    return []


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
