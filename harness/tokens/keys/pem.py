"""Private keys in PEM, however its lines were lost on the way: in an environment file, in YAML, in JSON. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from harness.tokens.keys.found import DECRYPT, PRIVATE_WANTED, NoKeyError, refuse

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_OTHERS = (
    ("CERTIFICATE REQUEST", f"holds a request for a certificate, {PRIVATE_WANTED}"),
    ("CERTIFICATE", f"holds a public key or certificate, {PRIVATE_WANTED}"),
    ("PUBLIC KEY", f"holds a public key or certificate, {PRIVATE_WANTED}"),
    ("PGP", "is a PGP key, which signs no JWT; give an RSA, EC or Ed25519 key in PEM"),
    ("PARAMETERS", f"holds parameters alone, {PRIVATE_WANTED}"),
)


def has_pem(text: str) -> bool:
    """Tell whether there is any PEM in a text."""
    return bool(_BEGIN.search(text))


def from_pem(text: str) -> Any:
    """Return the one private key in a text; raises `NoKeyError`."""
    text = text.replace("\\r", "").replace("\\n", "\n")  # as one line of an environment file or of JSON has them
    blocks = [(match[1], match[2]) for match in _BLOCK.finditer(text)]
    private = list(dict.fromkeys(block for block in blocks if block[0].endswith("PRIVATE KEY")))
    if len(private) > 1:
        refuse(f"holds {len(private)} private keys; keep the one that signs")
    if private:
        return _load(*private[0])
    labels = _BEGIN.findall(text)
    if not blocks or any(label.endswith("PRIVATE KEY") for label in labels):
        refuse("is cut short: its END line is missing; copy it whole")
    raise NoKeyError(_other(labels))


def _other(labels: Sequence[str]) -> str:
    return next(
        (said for word, said in _OTHERS if any(word in label for label in labels)), f"holds PEM, {PRIVATE_WANTED}"
    )


def _load(label: str, body: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    if label.startswith("ENCRYPTED") or "ENCRYPTED" in body:
        refuse(DECRYPT)
    base64 = re.sub(r"[^A-Za-z0-9+/=]", "", body)
    lines = "\n".join(base64[place : place + 64] for place in range(0, len(base64), 64))
    block = f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()
    return opened(load_ssh_private_key if label.startswith("OPENSSH") else load_pem_private_key, block)


def opened(load: Callable[..., Any], data: bytes) -> Any:
    """Return what a loader of cryptography's makes of bytes; raises `NoKeyError`."""
    try:
        return load(data, None)
    except TypeError:
        refuse(DECRYPT)
    except Exception as error:  # noqa: BLE001 - the library's errors are many, and some quote what they read
        if "password" in str(error).lower():
            refuse(DECRYPT)
        refuse(f"holds a private key that cannot be read ({type(error).__name__}); export it anew")
