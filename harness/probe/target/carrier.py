"""The carrier: under which metadata key a token travels, and behind which word."""

from dataclasses import dataclass

from harness.defects.bench import Metadata
from harness.endpoint.metadata import carrying, key_mistakes, text_mistakes
from harness.errors import UsageError


@dataclass(frozen=True)
class Carrier:
    """Where a target looks for a token; an empty ``scheme`` sends the token alone, as etcd wants it."""

    key: str = "authorization"
    scheme: str = "Bearer"

    def __post_init__(self) -> None:
        for mistake in (*key_mistakes("--metadata-key", self.key), *text_mistakes("--scheme", self.scheme)):
            raise UsageError(mistake)

    def metadata(self, token: str) -> Metadata:
        """Return the metadata of a call that carries a token."""
        return carrying(self.key, self.scheme, token)
