"""Sends again for as long as it is turned away."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ("TIME-21",)


def change(client: ClientParts) -> ClientParts:
    """Send without end."""
    return replace(client, attempts=1_000)
