"""Spoiling: a token that looks like a good one, and that no verifier may take."""

import base64
import binascii


def spoilt(token: str) -> str:
    """Return a token whose signature has one bit turned over; of an opaque one, whose first character is another."""
    message, dot, signature = token.rpartition(".")
    try:
        raw = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)) or b"\0")
    except (binascii.Error, ValueError):
        dot = ""
    if not dot:
        return ("x" if token[:1] != "x" else "y") + token[1:]
    raw[0] ^= 1
    return f"{message}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
