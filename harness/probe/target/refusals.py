"""Refusals: how a target turns callers away, learned from what it answers where a good token gets in. Pure.

No list of words tells a rejection from a handler's own error: a service may speak of its models' authorization, of task
tokens, of a user's name. What tells it is a control: the same message, with a good token and without.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from harness.defects.bench import Answer
from harness.errors import UsageError
from harness.probe.target.text_shape import text_shape
from harness.results.grpc_status import CODES, status

REJECTED = "UNAUTHENTICATED"
OR = " or "
"""What stands between the statuses of a rejection that came in one of several ways."""
CRASHED = frozenset({"UNKNOWN", "INTERNAL", "DATA_LOSS"})
"""What a server's library answers where its code raised."""
_UNKNOWN = "UNKNOWN"
_MOST_CODE = 2**31 - 1


@dataclass(frozen=True)
class WayOfRefusing:
    """One way of turning away: a status, and the shape of its text; None is any text."""

    code: str
    shape: str | None = None

    def fits(self, answer: Answer) -> bool:
        """Return whether an answer is this refusal; a stream's end has lost a number that gRPC does not define."""
        same_code = answer.code == self.code or (self.code.isdecimal() and answer.code == _UNKNOWN)
        return same_code and self.shape in {None, text_shape(answer.text)}


@dataclass
class Met:
    """Where a way of turning away was met: the credentials that got it, and one text of it."""

    credentials: list[str] = field(default_factory=list)
    text: str = ""


class Refusals:
    """The ways that are known, in the order in which they were met or declared."""

    def __init__(self, declared: Iterable[WayOfRefusing] = ()) -> None:
        self._ways: dict[WayOfRefusing, Met] = {way: Met() for way in declared}

    def learn(self, answer: Answer, credential: str) -> None:
        """Note what a credential got for a call that a good token gets through with."""
        if answer.code == "OK" or answer.own_words:
            return
        known = next((met for way, met in self._ways.items() if way.fits(answer)), None)
        met = known or self._ways.setdefault(WayOfRefusing(answer.code, text_shape(answer.text)), Met())
        met.text = met.text or answer.text
        met.credentials += [credential] if credential not in met.credentials else []

    def includes(self, answer: Answer) -> bool:
        """Return whether an answer is one of the ways, or says by its status alone that the caller is not known."""
        return not answer.own_words and (
            answer.code == REJECTED or any(way.fits(answer) for way in self._ways) or self._by_number(answer)
        )

    def _by_number(self, answer: Answer) -> bool:
        """Return whether an answer's number is the server's own, and one that it turns callers away with."""
        return answer.code.isdecimal() and answer.code in self.codes

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the statuses of the ways."""
        return tuple(dict.fromkeys(way.code for way in self._ways))

    def by_code(self) -> Iterator[tuple[str, Met]]:
        """Yield each status that was met, with the credentials that got it and one text."""
        for code in self.codes:
            met = [seen for way, seen in self._ways.items() if way.code == code]
            names = list(dict.fromkeys(name for seen in met for name in seen.credentials))
            if names:
                yield code, Met(names, next((seen.text for seen in met if seen.text), ""))


def refusal(written: str) -> WayOfRefusing:
    """Read ``CODE`` or ``CODE=TEXT``, a status by its name or number; raises `UsageError`."""
    code, mark, text = written.partition("=")
    known = code.strip().upper()
    number = int(known) if known.isdecimal() else CODES.get(known, 0)
    if not 0 < number <= _MOST_CODE:
        raise UsageError(f"--refusal {written[:40]}: give a status, as in PERMISSION_DENIED or 1010=bad token")
    return WayOfRefusing(status(number), text_shape(text) if mark else None)
