"""Base64url without padding. Source: RFC 7515, section 2."""

import base64

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encode(data: bytes) -> str:
    """Return the text of bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of a text."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def respelt(text: str) -> str:
    """Return another text of the same bytes: the bits that the last character has to spare are set."""
    spare_bits = {2: 4, 3: 2}[len(text) % 4]
    place = ALPHABET.index(text[-1])
    return text[:-1] + ALPHABET[place ^ ((1 << spare_bits) - 1)]
