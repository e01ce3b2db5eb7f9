"""Lets each caller fetch a token of its own at the same moment."""

from dataclasses import replace

from harness.tokens.client_parts import ClientParts

FINDS = ("LIFE-08",)


def change(client: ClientParts) -> ClientParts:
    """Share no renewal."""
    return replace(client, tokens=replace(client.tokens, single_flight=False))
