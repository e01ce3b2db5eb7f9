"""Takes the first UNAUTHENTICATED for an answer."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ("LIFE-05", "TIME-21")


def change(client: ClientParts) -> ClientParts:
    """Send once."""
    return replace(client, attempts=1)
