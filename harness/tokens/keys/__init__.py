"""The forms in which a private key lies in a file, and what lies there in its place.

PEM (alone, beside certificates, on one line, indented), DER, JWK, a JWKS with one that signs, OpenSSH's own form, the
JSON that clouds hand out for service accounts, base64 of any of them. What cannot sign is called by its name.
"""

from harness.tokens.keys.found import FoundKey, NoKeyError
from harness.tokens.keys.search import find_key

__all__ = ["FoundKey", "NoKeyError", "find_key"]
