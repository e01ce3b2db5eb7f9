"""Sends the bare token."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ("META-07",)


def change(client: ClientParts) -> ClientParts:
    """Attach another entry."""
    return replace(client, metadata=lambda token: (("authorization", token),))
