"""Attaches the token in an interceptor and in a plugin."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ("META-23",)


def change(client: ClientParts) -> ClientParts:
    """Attach two entries."""
    return replace(client, metadata=lambda token: (("authorization", f"Bearer {token}"),) * 2)
