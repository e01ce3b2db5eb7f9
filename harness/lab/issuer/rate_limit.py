"""A token bucket: so many requests per second, one second's worth at once."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class RateLimit:
    """Grant ``per_s`` requests a second; ``clock`` is monotonic, in seconds."""

    per_s: float
    retry_after_s: int
    clock: Callable[[], float]
    _left: float = field(init=False)
    _seen_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._seen_s = max(self.per_s, 1.0), self.clock()

    def grants(self) -> bool:
        """Take one request from the bucket; tell whether there was one left."""
        now_s = self.clock()
        self._left = min(max(self.per_s, 1.0), self._left + (now_s - self._seen_s) * self.per_s)
        self._seen_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
