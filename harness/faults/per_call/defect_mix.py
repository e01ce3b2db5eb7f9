"""Defect mix: some calls carry bad credentials, each made by another row of the defect catalogue."""

from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

from harness.defects import DEFECTS, DENY, REJECT, Defect
from harness.defects.forging import why_not
from harness.endpoint.metadata import Metadata
from harness.faults.fault import Surroundings
from harness.faults.per_call import CallFault, CallView
from harness.faults.per_call.token_defect import TokenDefect
from harness.validation import list_of, one_of

FAMILIES = ("META", "SIGN", "HEAD", "TIME", "CLM")
"""The families of rows that one call can carry."""
_TOO_LARGE = "RESOURCE_EXHAUSTED"
_REJECTIONS = (REJECT, DENY, _TOO_LARGE)


@dataclass(frozen=True)
class DefectMix(CallFault):
    """Poison calls with every row of the defect catalogue that a client can send; the dice draw one for each call.

    ``families`` are those of the catalogue. Rows whose credentials some servers may accept, or may answer with
    INTERNAL, are left out: any verifier must turn away what is left. Rows that are signed with the issuer's key
    need it at hand, as the lab's or a `SigningKey` is; elsewhere their calls carry the good token. What every row
    was answered stands in the summary, so that `jwtstorm compare` names each answer that another build changed.
    """

    partial: ClassVar[bool] = True
    families: tuple[str, ...] = FAMILIES

    def __post_init__(self) -> None:
        if isinstance(self.families, list):  # as JSON brings it
            object.__setattr__(self, "families", tuple(self.families))

    def text(self) -> str:
        """Return the line for people."""
        return f"calls carry defects of {', '.join(self.families)}"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        if found := list_of("defect_mix: families", str, '"SIGN"', self.families):
            return found
        if not self.families:
            return [f"defect_mix: families=() is empty; give some of {', '.join(FAMILIES)}"]
        return [sentence for name in self.families for sentence in one_of("defect_mix", "families", name, FAMILIES)]

    def misfits(self, around: Surroundings) -> list[str]:
        """Return why the rows cannot be sent here."""
        if "META" in self.families and not around.bearer:
            return ["defect_mix: META writes authorization: Bearer, and tokens= says otherwise; leave META out"]
        return []

    def keyed(self) -> bool:
        """Return True: most rows must be signed with the issuer's key."""
        return True

    def prepare(self) -> None:
        """Read the catalogue, and rehearse each row: a third of a second."""
        rows_of(self.families)

    def expects(self) -> tuple[str, ...]:
        """Return the rejections."""
        return _REJECTIONS

    def on_token(self, text: str, call: CallView) -> str:
        """Return the bad token, where the token is what is bad."""
        row, view = self._drawn(call)
        return row.on_token(text, view)

    def on_metadata(self, metadata: Metadata, call: CallView) -> Metadata:
        """Return the bad metadata, where more than the token is bad."""
        row, view = self._drawn(call)
        return row.on_metadata(metadata, view)

    def specimen(self, text: str, call: CallView) -> str:
        """Return which row and variant a call gets."""
        row, view = self._drawn(call)
        return row.specimen(text, view)

    def _drawn(self, call: CallView) -> tuple[TokenDefect, CallView]:
        """Return the row of a call; what the draw leaves over picks the row's variant."""
        rows = rows_of(self.families)
        place = call.draw * len(rows)
        return TokenDefect(rows[int(place)]), replace(call, draw=place % 1)


@cache
def rows_of(families: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids of a mix: of each family those rows that every verifier must turn away."""
    return tuple(row.id for row in DEFECTS.values() if row.family in families and _judged(row))


def _judged(row: Defect) -> bool:
    answers = {row.expected, *(one.code for one in row.allowed if not one.when)}
    return answers <= {REJECT, DENY} and any(not why_not(row, algorithm) for algorithm in row.algorithms)
