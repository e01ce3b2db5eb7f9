"""Spoiling: a token that looks like a good one, and that no verifier may take."""

import binascii

from harness.tokens.base64url import decode, encode


def spoilt(token: str) -> str:
    """Return a token whose signature has one bit turned over; of an opaque one, whose first character is another."""
    message, dot, signature = token.rpartition(".")
    try:
        raw = bytearray(decode(signature) or b"\0")
    except (binascii.Error, ValueError):
        dot = ""
    if not dot:
        return ("x" if token[:1] != "x" else "y") + token[1:]
    raw[0] ^= 1
    return f"{message}.{encode(bytes(raw))}"
