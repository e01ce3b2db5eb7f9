"""The carrier: under which metadata key a token travels, and behind which word."""

from dataclasses import dataclass

from harness.defects import sendable
from harness.defects.bench import Metadata
from harness.errors import UsageError


@dataclass(frozen=True)
class Carrier:
    """Where a target looks for a token; an empty ``scheme`` sends the token alone, as etcd wants it."""

    key: str = "authorization"
    scheme: str = "Bearer"

    def __post_init__(self) -> None:
        if not sendable(((self.key, self.scheme),)):
            raise UsageError(f"--metadata-key {self.key}: gRPC sends keys of a-z, 0-9, '_', '-' and '.' alone")

    def metadata(self, token: str) -> Metadata:
        """Return the metadata of a call that carries a token."""
        return ((self.key, f"{self.scheme} {token}" if self.scheme else token),)
