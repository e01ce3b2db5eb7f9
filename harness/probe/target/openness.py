"""Openness: which methods the user declares public, and which are to be left alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import UsageError

HEALTH = "grpc.health.v1.Health"
REFLECTION = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
INFRASTRUCTURE = (HEALTH, *REFLECTION)
"""Services of gRPC itself, which many servers leave open on purpose."""


@dataclass(frozen=True)
class Openness:
    """Names of services and methods: ``pkg.Service`` is all of a service, ``pkg.Service/Method`` one."""

    public: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def is_public(self, path: str) -> bool:
        """Return whether a method (``/pkg.Service/Method``) is declared open to everybody."""
        return _named(path, self.public)

    def skips(self, path: str) -> bool:
        """Return whether a method must not be called."""
        return _named(path, self.skipped)

    def require_known(self, paths: Sequence[str]) -> None:
        """Refuse a name that no method bears: a typing error would declare nothing public, in silence.

        Raises `UsageError`.
        """
        infrastructure = ("/grpc.health.v1.Health/", "/grpc.reflection.")
        for option, names in (("--public", self.public), ("--skip", self.skipped)):
            for name in names:
                known = any(_named(path, (name,)) for path in paths)
                if not known and not f"/{name.lstrip('/')}/".startswith(infrastructure):
                    known_services = sorted({path.split("/")[1] for path in paths})
                    services = ", ".join(known_services[:8])
                    raise UsageError(f"{option} {name}: the target serves no such service or method; it has {services}")


def _named(path: str, names: Sequence[str]) -> bool:
    return any(path == f"/{plain}" or path.startswith(f"/{plain}/") for plain in (name.strip("/") for name in names))
