"""Attaches the token when the call is created, and never again."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ("LIFE-05", "TIME-21")


def change(client: ClientParts) -> ClientParts:
    """Freeze the token."""
    return replace(client, frozen=True)
