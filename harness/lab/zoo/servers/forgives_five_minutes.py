"""Has a leeway of five minutes that nobody declared: a default of one framework."""

from dataclasses import replace

from harness.lab.target.assembly import Assembly

FINDS = ("TIME-02", "TIME-15", "TIME-22")


def change(target: Assembly) -> None:
    """Set the leeway."""
    target.demands = replace(target.demands, leeway_s=300.0)
