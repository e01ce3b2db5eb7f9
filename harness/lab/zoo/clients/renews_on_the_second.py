"""Renews at a fixed age, without jitter: clients that started together come back together."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ()
UNSEEN = "a rehearsal has one client, and a herd takes many; refresh-herd finds it"


def change(client: ClientParts) -> ClientParts:
    """Leave the jitter out."""
    return replace(client, tokens=replace(client.tokens, jitter_s=0.0))
