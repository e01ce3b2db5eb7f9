"""Metadata of a call: pairs of key and value, in the order in which they are sent, and what gRPC sends of them.

A client library answers metadata that it cannot send in its own way: grpcio with a status, an exception, or, in
`grpc.aio`, a call that never ends. So it is looked at before.

Source: grpc/grpc doc/PROTOCOL-HTTP2.md, Custom-Metadata.
"""

import re

Metadata = tuple[tuple[str, str | bytes], ...]
"""A value is bytes where its key ends in ``-bin``, else text."""

BINARY = "-bin"
"""How a key ends whose values are bytes; they travel as base64."""
_KEY = re.compile(r"[0-9a-z_.-]+")
_TEXT = re.compile(r"[\x20-\x7e]*")
_OF_THE_PROTOCOL = frozenset({"te", "content-type", "user-agent", "host", "connection", "content-length"})


def sendable(metadata: Metadata) -> bool:
    """Return whether a gRPC client sends this metadata."""
    return not any(_unsendable(key, value) for key, value in metadata)


def unsendable(metadata: Metadata) -> str:
    """Return what a gRPC client does not send of this metadata, or an empty text; values are not quoted."""
    return next((text for key, value in metadata if (text := _unsendable(key, value))), "")


def entry(key: str, text: str) -> Metadata:
    """Return a text under a key, as bytes where the key asks for them."""
    return ((key, text.encode() if key.endswith(BINARY) else text),)


def carrying(key: str, scheme: str, token: str) -> Metadata:
    """Return what carries a token; an empty ``scheme`` sends it bare."""
    return entry(key, f"{scheme} {token}" if scheme else token)


def key_mistakes(what: str, key: object) -> list[str]:
    """Return what is wrong with a metadata key of a user's, one sentence each."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        return [f"{what}={key!r} is no metadata key; gRPC takes lower case, digits, '_', '-' and '.'"]
    if key.startswith("grpc-") or key in _OF_THE_PROTOCOL:
        return [f"{what}={key!r} is a key of gRPC's own; give another"]
    return []


def text_mistakes(what: str, text: object) -> list[str]:
    """Return what is wrong with a text that shall be sent in metadata, one sentence each."""
    if not isinstance(text, str):
        return [f"{what}={text!r} is no text; give a word in quotes"]
    return [f"{what}={text!r} holds {where}; gRPC sends printable ASCII alone"] if (where := foreign(text)) else []


def foreign(text: str) -> str:
    """Return the first character that gRPC does not send in a text, with its place; empty where there is none."""
    place = len(_TEXT.match(text)[0])  # type: ignore[index] # it matches an empty text, too
    return f"U+{ord(text[place]):04X} at character {place + 1}" if place < len(text) else ""


def _unsendable(key: str, value: str | bytes) -> str:
    if not _KEY.fullmatch(key):
        return f"key {key!r} is no metadata key"
    if isinstance(value, bytes):
        return "" if key.endswith(BINARY) else f"the value of {key} is bytes, and its key does not end in {BINARY}"
    if key.endswith(BINARY):
        return f"the value of {key} is text, and its key ends in {BINARY}"
    return f"the value of {key} holds {where}" if (where := foreign(value)) else ""
