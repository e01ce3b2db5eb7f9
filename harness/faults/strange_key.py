"""Strange key: the published key set holds, beside the good keys, one that a verifier does not know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.faults.in_issuer import IssuerFault
from harness.validation import of_kind, one_of

_POINT = {
    "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
    "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
}
"""The base point of P-256, a public key whose private one is 1. Source: FIPS 186-4, D.1.2.3."""
_MODULUS = "v" * 342
"""An odd number of 2,048 bits."""

KINDS: Mapping[str, Mapping[str, Any]] = {
    "new algorithm": {"kty": "AKP", "alg": "ML-DSA-65", "use": "sig", "pub": "AAAA"},
    "new curve": {"kty": "EC", "crv": "brainpoolP256r1", "use": "sig", **_POINT},
    "for encryption": {"kty": "RSA", "alg": "RSA-OAEP", "use": "enc", "n": _MODULUS, "e": "AQAB"},
    "missing member": {"kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB"},
    "broken member": {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": "AAAA", "y": "!"},
    "without id": {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", **_POINT},
    "same id": {"kty": "RSA", "alg": "RSA-OAEP", "use": "enc", "n": _MODULUS, "e": "AQAB"},
}
"""Keys that a verifier has no use for; it should leave each out and keep the others. Source: RFC 7517, section 5."""
_NAME = "strange"


@dataclass(frozen=True)
class StrangeKey(IssuerFault):
    """The key set holds one key more, of a kind that a verifier does not know or cannot use.

    It may be of a ``new algorithm`` (ML-DSA, of key type AKP) or a ``new curve``, ``for encryption``, have a
    ``missing member`` or a ``broken member``, stand ``without id``, or be for encryption under the ``same id`` as the
    first good one. It is the first key of the set, or the last. A verifier leaves it out (RFC 7517, section 5); one
    that gives the whole set up fails with the next new key.
    """

    kind: str = "new algorithm"
    first: bool = True

    def text(self) -> str:
        """Return the line for people."""
        return f"key set holds a strange key ({self.kind})"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        found = one_of("strange_key", "kind", self.kind, tuple(KINDS))
        return found + of_kind("strange_key", bool, "give True or False", first=self.first)

    async def on_keys(self, keys: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the key set with the strange key in it."""
        good = list(keys["keys"])
        strange = {**KINDS[self.kind], **self._id(good)}
        return {**keys, "keys": [strange, *good] if self.first else [*good, strange]}

    def _id(self, good: list[Mapping[str, Any]]) -> dict[str, Any]:
        if self.kind == "without id":
            return {}
        return {"kid": good[0].get("kid", _NAME) if good and self.kind == "same id" else _NAME}
