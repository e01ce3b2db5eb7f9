"""Reckons with a clock that is ten minutes behind, and never sends twice."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ("LIFE-05", "LIFE-06", "LIFE-07", "LIFE-08", "TIME-21")


def change(client: ClientParts) -> ClientParts:
    """Set the clock back."""
    return replace(client, attempts=1, clock=lambda now_s: now_s - 600)
