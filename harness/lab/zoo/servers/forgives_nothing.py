"""Has no leeway, whatever was declared: half a second between two clocks turns good tokens away."""

from dataclasses import replace

from harness.lab.target.assembly import Assembly

FINDS = ()
UNSEEN = "the catalogue's target declares no leeway either; drift-ramp and fast-network find it"


def change(target: Assembly) -> None:
    """Take the leeway away."""
    target.demands = replace(target.demands, leeway_s=0.0)
