"""Private keys in DER, and the containers of keys that need a password. Pure."""

from typing import Any

from harness.tokens.keys.found import DECRYPT, PRIVATE_WANTED, NoKeyError, refuse

_JAVA = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_SEQUENCE = 0x30
_PKCS12 = b"\x02\x01\x03"
"""The version that a PKCS 12 file begins with, within its sequence. Source: RFC 7292, section 4."""
_FROM_JAVA = "keytool -importkeystore -srckeystore FILE -destkeystore NEW_FILE -deststoretype PKCS12"
_CONVERT = "take the key out of it (openssl pkcs12 -in FILE -nocerts -nodes -out NEW_FILE)"


def is_binary(data: bytes) -> bool:
    """Tell whether bytes are DER or a key store."""
    return data[:1] == bytes([_SEQUENCE]) or data.startswith(_JAVA)


def from_binary(data: bytes) -> Any:
    """Return the private key in DER; raises `NoKeyError`."""
    if data.startswith(_JAVA):
        refuse(f"is a Java key store; convert it ({_FROM_JAVA}), then {_CONVERT}")
    if _PKCS12 in data[:8]:
        return _from_pkcs12(data)
    return _from_der(data)


def _from_pkcs12(data: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    try:
        key, _, _ = load_key_and_certificates(data, None)
    except Exception:  # noqa: BLE001 - the library's errors are many, and tell a password from rubbish only in words
        refuse(f"is a PKCS 12 store with a password, or a damaged one; {_CONVERT}")
    return key or refuse(f"is a PKCS 12 store without a private key, {PRIVATE_WANTED}")


def _from_der(data: bytes) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

    try:
        return load_der_private_key(data, None)
    except TypeError:
        refuse(DECRYPT)
    except Exception:  # noqa: BLE001, S110 - it may be something else yet
        pass
    for load in (load_der_public_key, x509.load_der_x509_certificate):
        try:
            load(data)
        except Exception:  # noqa: BLE001, S112 - it may be something else yet
            continue
        refuse(f"holds a public key or certificate, {PRIVATE_WANTED}")
    raise NoKeyError("is DER without a private key in it; give one in PEM")
