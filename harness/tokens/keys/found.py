"""What was found: a private key, or why there is none."""

from dataclasses import dataclass, field
from typing import Any, NoReturn

PRIVATE_WANTED = "which cannot sign; give the private key"
DECRYPT = "is encrypted; give it decrypted (openssl pkey -in FILE -out NEW_FILE)"


class NoKeyError(ValueError):
    """There is no private key; the message says what is there instead, with the way out, and quotes nothing."""


@dataclass(frozen=True)
class FoundKey:
    """A private key of cryptography's (or a secret's bytes), and what its file says of it: both may be empty."""

    secret: Any = field(repr=False)
    key_id: str = ""
    algorithm: str = ""


def refuse(text: str) -> NoReturn:
    """Raise `NoKeyError`."""
    raise NoKeyError(text)
