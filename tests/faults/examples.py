"""One or more instances of every fault.

Those of a fault that has a test file of its own stand there, as ``EXAMPLES``; those that the contract tests are enough
for stand here.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from harness import faults
from harness.faults import CallFault, Fault, LabFault
from tests.contract import declared

Kind_co = TypeVar("Kind_co", bound=Fault, covariant=True)


@dataclass(frozen=True)
class Example(Generic[Kind_co]):
    """A fault, settings that `Fault.mistakes` must name, and, per call, the seams that it touches."""

    fault: Kind_co
    wrong: tuple[tuple[str, Any], ...] = ()
    touches: frozenset[str] = frozenset()


def label(example: Example[Fault]) -> str:
    """Return a test's id."""
    settings = ",".join(f"{value}" for value in example.fault.settings().values())
    return f"{example.fault.name()}({settings})"


_HERE: tuple[Example[Fault], ...] = (
    Example(faults.Bandwidth("target", 50), wrong=(("link", "moon"), ("kb_per_s", 0), ("toward", "sideways"))),
    Example(faults.Blackhole("target"), wrong=(("link", "moon"),)),
    Example(
        faults.ClientClockDrift(500.0),
        touches=frozenset({"on_clock"}),
        wrong=(("rate_ppm", 0.0), ("rate_ppm", float("nan"))),
    ),
    Example(faults.ClientClockSkew(-30.0), touches=frozenset({"on_clock"}), wrong=(("skew_s", 0.0), ("skew_s", "1"))),
    Example(faults.ClockSkew("issuer", 2.5), wrong=(("of", "moon"), ("skew_s", 0.0), ("skew_s", float("nan")))),
    Example(faults.ClockSkew("verifier", -90.0), wrong=(("skew_s", "90"),)),
    Example(faults.ClockDrift("verifier", -200.0), wrong=(("of", "moon"), ("rate_ppm", 0.0), ("rate_ppm", None))),
    Example(faults.ConnectionChurn("target", 2.0), wrong=(("link", "moon"), ("every_s", 0))),
    Example(
        faults.DefectMix(("SIGN", "META")),
        touches=frozenset({"on_token", "on_metadata"}),
        wrong=(("families", ()), ("families", ("LIFE",)), ("families", "SIGN")),
    ),
    Example(faults.Down("issuer"), wrong=(("link", "moon"),)),
    Example(faults.EarlyExpiry(3.0), wrong=(("life_s", 0.0), ("life_s", float("inf")), ("life_s", "3"))),
    Example(faults.ExpireAll()),
    Example(faults.ForceRefresh(), touches=frozenset({"on_refresh"})),
    Example(faults.IssuerDown()),
    Example(faults.IssuerErrors(503), wrong=(("status", 200), ("status", "503"), ("status", True))),
    Example(faults.IssuerSlow(5.0), wrong=(("delay_s", 0.0), ("delay_s", "5"))),
    Example(faults.JwksDown("html"), wrong=(("answer", "empty"),)),
    Example(faults.JwksEmpty()),
    Example(faults.JwksSlow(1.5), wrong=(("delay_s", 0.0), ("delay_s", None))),
    Example(faults.Latency("jwks", 0.4, 0.1), wrong=(("link", "moon"), ("delay_s", -1.0), ("jitter_s", None))),
    Example(faults.Latency("target", 0.4, toward="upstream"), wrong=(("toward", "sideways"),)),
    Example(faults.LimitData("target", 2000), wrong=(("link", "moon"), ("limit_bytes", -1), ("toward", "sideways"))),
    Example(faults.PauseTarget()),
    Example(faults.PublishKey()),
    Example(faults.RefreshOff(), touches=frozenset({"on_refresh"})),
    Example(faults.ResetPeer("target", 0.25), wrong=(("link", "moon"), ("after_s", -0.1))),
    Example(faults.RestartTarget()),
    Example(faults.RetireKey()),
    Example(faults.RevokeAll()),
    Example(faults.RotateKeys(overlap=False, publish=False), wrong=(("overlap", "yes"), ("publish", 1))),
    Example(faults.SameTokenAgain()),
    Example(
        faults.Slicer("target", 10, 5, 0.001),
        wrong=(
            ("link", "moon"),
            ("piece_bytes", 0),
            ("vary_bytes", 11),
            ("vary_bytes", -1),
            ("pause_s", -1.0),
            ("toward", "sideways"),
        ),
    ),
    Example(faults.SlowClose("issuer", 0.8), wrong=(("link", "moon"), ("delay_s", -0.1), ("toward", "sideways"))),
    Example(
        faults.TokenDefect("META-03", "jwt", ("other-keys",)),
        touches=frozenset({"on_metadata"}),
        wrong=(("row", "SIGN-99"), ("row", 12), ("variant", "cookie"), ("declared", ("moon",)), ("declared", "moon")),
    ),
    Example(faults.TokenBloat(9_000), wrong=(("size_bytes", 0), ("size_bytes", 70_000), ("size_bytes", 9e3))),
    Example(faults.UnknownKidFlood(), touches=frozenset({"on_token"})),
)

EXAMPLES: tuple[Example[Fault], ...] = (*_HERE, *declared("faults", "EXAMPLES"))
OF_LAB = [Example(one.fault, one.wrong) for one in EXAMPLES if isinstance(one.fault, LabFault)]
PER_CALL = [Example(one.fault, one.wrong, one.touches) for one in EXAMPLES if isinstance(one.fault, CallFault)]
