"""Formats a variable that holds no token."""

from dataclasses import replace

from harness.defects.bench import Metadata
from harness.tokens.client_parts import ClientParts

FINDS = ("META-16",)


def change(client: ClientParts) -> ClientParts:
    """Attach a word."""
    return replace(client, metadata=_undefined)


def _undefined(token: str) -> Metadata:
    del token
    return (("authorization", "Bearer undefined"),)
