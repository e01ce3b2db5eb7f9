"""Writes Authorization as over HTTP/1; its own library refuses."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ("META-02",)


def change(client: ClientParts) -> ClientParts:
    """Attach another entry."""
    return replace(client, metadata=lambda token: (("Authorization", f"Bearer {token}"),))
