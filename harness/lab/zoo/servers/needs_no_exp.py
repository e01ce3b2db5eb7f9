"""Compares `exp` where it is there, as most libraries do by default."""

from dataclasses import replace

from harness.lab.target.assembly import Assembly

FINDS = ("TIME-03", "TIME-13")


def change(target: Assembly) -> None:
    """Require all but the end."""
    required = tuple(name for name in target.demands.required if name != "exp")
    target.demands = replace(target.demands, required=required)
