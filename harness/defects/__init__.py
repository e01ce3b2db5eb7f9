"""The catalogue of defects: what goes wrong with a JWT over gRPC, each row as data and a small function.

A row registers itself by being defined, and every module of ``catalogue/`` is loaded with this package, so that
adding one changes one place. A *specimen* row makes bad credentials from good ones: tokens or
metadata of one call. A *procedure* row needs more than one call, a key set, a clock or a client, and
runs against a `harness.defects.bench.Bench`. What must wait says why. The function's docstring
says what the defect looks like on the wire; ``docs/defects.md`` is made from all of it.

A row's answer is the name of a gRPC status. ``expected`` is what a correct server says; an `Allowed`
answer is right as well, always or ``when`` the server declares a policy.
"""

import difflib
import inspect
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from harness.defects.bench import Metadata, Observation
from harness.defects.good import Good
from harness.endpoint.metadata import sendable
from harness.errors import UsageError

ACCEPT = "OK"
REJECT = "UNAUTHENTICATED"
DENY = "PERMISSION_DENIED"

ALGORITHMS = frozenset({"ES256", "RS256", "PS256", "EdDSA", "HS256"})
KEY_PAIRS = ALGORITHMS - {"HS256"}
RSA = frozenset({"RS256", "PS256"})

FAMILIES = {
    "OK": ("controls", "what must be accepted, or the run is void"),
    "META": ("metadata", "the metadata key, or the form of the bearer token"),
    "SIGN": ("signature", "the key, or the algorithm"),
    "HEAD": ("header", "the key, or the algorithm"),
    "TIME": ("time", "clocks that disagree"),
    "CLM": ("claims", "the key, or the algorithm"),
    "WIRE": ("wiring", "an interceptor that is not applied"),
    "KEY": ("keys", "the key, or the algorithm"),
    "LIFE": ("life-cycle", "tokens that are not renewed, and calls that do not recover"),
}
"""Families by the first part of an id: name, and the pitfall that most of its rows belong to."""


@dataclass(frozen=True)
class Allowed:
    """An answer that is right as well; ``when`` names the policy that the server must declare for it.

    ``variants`` are those of the row that it holds for, or none where it holds for all.
    """

    code: str
    why: str
    when: str = ""
    variants: tuple[str, ...] = ()

    def covers(self, code: str, variant: str, declared: Collection[str]) -> bool:
        """Return whether a variant may end so at a server that declares these policies."""
        named = not self.variants or variant in self.variants
        return named and self.code == code and (not self.when or self.when in declared)


@dataclass(frozen=True)
class DefectCase:
    """Credentials whose expected answer is their own, not the row's."""

    token: str = field(repr=False)
    expected: str


Made = Mapping[str, "str | Metadata | DefectCase"]
"""What a specimen row makes, by variant: a token, a call's metadata, or a `DefectCase`."""


@dataclass(frozen=True)
class Specimen:
    """Bad credentials, ready to send."""

    row: str
    variant: str
    metadata: Metadata = field(repr=False)
    expected: str

    @property
    def local(self) -> bool:
        """Return whether a gRPC client refuses to send it, so that only raw HTTP/2 can."""
        return not sendable(self.metadata)


@dataclass(frozen=True)
class Defect:
    """A row of the catalogue; one of ``make``, ``procedure`` and ``later`` is set."""

    id: str
    name: str
    expected: str
    allowed: tuple[Allowed, ...]
    source: str
    wire: str
    fails: str
    fix: str
    pitfall: str
    algorithms: frozenset[str]
    make: Callable[[Good], Made] | None = None
    procedure: Callable[[Any], AsyncIterator[Observation]] | None = None
    later: str = ""
    subject: str = "server"
    """Who is tried: a ``server`` on a `Bench`, or a ``client`` by its `harness.tokens.client_parts.ClientParts`."""

    @property
    def family(self) -> str:
        """Return the first part of the id."""
        return self.id.partition("-")[0]

    def specimens(self, good: Good) -> tuple[Specimen, ...]:
        """Return the row's bad credentials, made from good ones; none for a procedure."""
        made = self.make(good) if self.make and good.signer.algorithm in self.algorithms else {}
        return tuple(self._specimen(variant, credentials) for variant, credentials in made.items())

    def _specimen(self, variant: str, credentials: "str | Metadata | DefectCase") -> Specimen:
        if isinstance(credentials, DefectCase):
            return Specimen(self.id, variant, bearer(credentials.token), credentials.expected)
        metadata = bearer(credentials) if isinstance(credentials, str) else credentials
        return Specimen(self.id, variant, metadata, self.expected)


DEFECTS: dict[str, Defect] = {}
"""All rows by id; filled by their definition."""


def bearer(token: str, key: str = "authorization") -> Metadata:
    """Return the metadata of a call that carries a token as it should."""
    return ((key, f"Bearer {token}"),)


def defect(  # noqa: PLR0913 - a row has that many columns
    identity: str,
    name: str,
    *,
    source: str,
    fails: str,
    fix: str,
    expected: str = REJECT,
    allowed: tuple[Allowed, ...] = (),
    pitfall: str = "",
    algorithms: frozenset[str] = ALGORITHMS,
    later: str = "",
    subject: str = "server",
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Register a row: an asynchronous generator is a procedure, any other function makes specimens.

    ``later`` says why the row cannot be run yet; its function is only its docstring then.
    """

    def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        procedure = inspect.isasyncgenfunction(function)
        DEFECTS[identity] = Defect(
            identity,
            name,
            expected,
            allowed,
            source,
            " ".join((function.__doc__ or "").split()),
            fails,
            fix,
            pitfall or FAMILIES[identity.partition("-")[0]][1],
            algorithms,
            make=None if procedure or later else function,
            procedure=function if procedure and not later else None,
            later=later,
            subject=subject,
        )
        return function

    return register


def rows() -> list[Defect]:
    """Return all rows, by family and number."""
    families = list(FAMILIES)
    return sorted(DEFECTS.values(), key=lambda row: (families.index(row.family), row.id))


def find(identity: str) -> Defect:
    """Return a row; raises `UsageError` that names the nearest ones."""
    row = DEFECTS.get(identity.upper())
    if row is None:
        near = difflib.get_close_matches(identity.upper(), DEFECTS, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "`jwtstorm docs defects` lists them"
        raise UsageError(f"no defect is called {identity!r}; {hint}")
    return row


for _module in iter_modules([f"{_folder}/catalogue" for _folder in __path__]):
    import_module(f"{__name__}.catalogue.{_module.name}")
