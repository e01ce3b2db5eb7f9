"""The issuer's keys: one signs, some are published, one may be next."""

from dataclasses import dataclass, field
from typing import Any

from harness.lab.issuer.keys import IssuerKey


@dataclass
class KeyRing:
    """Which key signs and which ones a verifier can learn of.

    The steps of a rotation are separate, so that every order can be tried; ``spare`` is a key that
    was made for a step and is dropped where the step needs none.
    """

    signs: IssuerKey
    next: IssuerKey | None = None
    published: list[IssuerKey] = field(init=False)

    def __post_init__(self) -> None:
        self.published = [self.signs]

    def publish(self, spare: IssuerKey) -> None:
        """Publish the key that signs, where it is hidden; else the one that will sign next."""
        key = self.signs
        if key in self.published:
            key = self.next = self.next or spare
        if key not in self.published:
            self.published.append(key)

    def rotate(self, spare: IssuerKey, *, overlap: bool, publish: bool) -> None:
        """Sign with the next key.

        With ``overlap`` the published keys stay so; without, they go. The new one is published where
        ``publish``, or where it was before.
        """
        self.signs, self.next = self.next or spare, None
        known = publish or self.signs in self.published
        kept = [key for key in self.published if overlap and key != self.signs]
        self.published = [self.signs, *kept] if known else kept

    def retire(self) -> None:
        """Stop publishing keys that sign no more; the next one stays published where it was."""
        self.published = [key for key in self.published if key in (self.signs, self.next)]

    def jwks(self) -> dict[str, Any]:
        """Return the published key set."""
        return {"keys": [jwk for key in self.published if (jwk := key.public_jwk())]}

    def to_json(self) -> dict[str, Any]:
        """Return the key ids, for the control port."""
        return {"signs": self.signs.kid, "published": [key.kid for key in self.published]}
