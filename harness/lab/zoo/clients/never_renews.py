"""Fetches one token when it starts, and no other."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ("LIFE-05", "LIFE-06", "LIFE-07", "LIFE-08", "TIME-21")


def change(client: ClientParts) -> ClientParts:
    """Never look at the clock, and never send twice."""
    return replace(client, attempts=1, tokens=replace(client.tokens, refresh="reactive"))
