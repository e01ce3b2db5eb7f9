"""Count the messages in a gRPC body as its bytes go by.

Each begins with a byte of flags and four of length. Source: gRPC over HTTP2, "Length-Prefixed-Message".
"""

_PREFIX_BYTES = 5


class MessageCounter:
    """Count whole messages of one direction of one call; keeps at most a prefix that is not whole yet."""

    __slots__ = ("_missing_bytes", "_prefix", "messages")

    def __init__(self) -> None:
        self.messages = 0
        self._missing_bytes = 0
        self._prefix = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if not self._missing_bytes and not self._prefix and len(data) == _PREFIX_BYTES + int.from_bytes(data[1:5]):
            self.messages += 1
        else:
            self._walk(data)

    def _walk(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if self._missing_bytes:
                taken = min(self._missing_bytes, len(data) - at)
                self._missing_bytes -= taken
                at += taken
                self.messages += not self._missing_bytes
            else:
                taken = _PREFIX_BYTES - len(self._prefix)
                self._prefix += data[at : at + taken]
                at += taken
                self._begin()

    def _begin(self) -> None:
        if len(self._prefix) == _PREFIX_BYTES:
            self._missing_bytes = int.from_bytes(self._prefix[1:])
            self._prefix = b""
            self.messages += not self._missing_bytes
