"""Token defect: some calls carry bad credentials, made of the good ones by a row of the defect catalogue."""

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.defects import DEFECTS, Defect, Specimen
from harness.defects.forging import beyond_token, large, needs_key, text_of, variants, why_not
from harness.endpoint.metadata import Metadata
from harness.faults.fault import Surroundings
from harness.faults.per_call import CallFault, CallView
from harness.validation import list_of

_PLAIN = "authorization"


@dataclass(frozen=True)
class TokenDefect(CallFault):
    """Poison calls with row ``row`` of the defect catalogue (``SIGN-12``); the step's toxicity says how many.

    ``variant`` names one of the row's variants; else the dice draw one for each call. ``declared`` are the
    policies that your server declares, for rows that allow an answer only then. Poisoned calls are negative
    probes: they are judged by `false_accepts`, and are no part of any failure ratio or response time.
    """

    partial: ClassVar[bool] = True
    row: str
    variant: str = ""
    declared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.declared, list):  # as JSON brings it
            object.__setattr__(self, "declared", tuple(self.declared))

    def text(self) -> str:
        """Return the line for people."""
        row = self._row()
        what = f"{row.id}, {row.name}" if row else str(self.row)
        return f"calls carry {what}{f' ({self.variant})' if self.variant else ''}"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        row = self._row()
        if row is None:
            return [f"token_defect: row={self.row!r} is in no catalogue; `jwtstorm docs defects` lists all rows"]
        found = list_of("token_defect: declared", str, '"NAME"', self.declared)
        policies = {allowed.when for allowed in row.allowed if allowed.when}
        if not found and (strange := [name for name in self.declared if name not in policies]):
            ways = ", ".join(sorted(policies)) or "none"
            found.append(f"token_defect: declared={strange[0]!r} is no policy of {row.id}; it knows {ways}")
        if self.variant and not any(self.variant in variants(row, algorithm) for algorithm in row.algorithms):
            ways = ", ".join(name or '""' for name in variants(row, min(row.algorithms))) or "none that can be sent"
            found.append(f"token_defect: variant={self.variant!r} is none of {row.id}'s; there are {ways}")
        return found

    def misfits(self, around: Surroundings) -> list[str]:
        """Return why the row cannot be sent here."""
        row = self._row()
        if row is None:
            return []
        name, algorithm = f"token_defect {row.id}", around.algorithm or min(row.algorithms)
        if why := why_not(row, algorithm):
            return [f"{name}: {why}; choose another row"]
        if needs_key(row, algorithm) and not around.signs:
            ways = "give issuer=SigningKey(…), drop issuer= so that the lab serves, or choose a row that needs no key"
            return [f"{name}: it is signed with the issuer's key, which nobody here has; {ways} (META-01, SIGN-12)"]
        if row.family == "META" and not around.bearer:
            return [f"{name}: it writes authorization: Bearer, and tokens= says otherwise; drop key= and scheme="]
        return []

    def keyed(self) -> bool:
        """Tell whether the row's credentials must be signed with the issuer's key."""
        row = self._row()
        return row is not None and any(needs_key(row, algorithm) for algorithm in row.algorithms)

    def expects(self) -> tuple[str, ...]:
        """Return the row's answer, and those that are allowed beside it."""
        row = self._row()
        if row is None:
            return ()
        allowed = [one.code for one in row.allowed if one.covers(one.code, "", self.declared)]
        # Over a server's limit of metadata the library answers, before any verifier.
        limit = ["RESOURCE_EXHAUSTED"] if large(row) else []
        return tuple(dict.fromkeys([row.expected, *allowed, *limit]))

    def on_token(self, text: str, call: CallView) -> str:
        """Return the bad token, where the token is what is bad."""
        specimen = self._specimen(text, call)
        bad = text_of(specimen) if specimen else None
        return text if bad is None else bad

    def on_metadata(self, metadata: Metadata, call: CallView) -> Metadata:
        """Return the bad metadata, where more than the token is bad; by now the token may be bad already."""
        row = self._row()
        if row is None or not beyond_token(row):
            return metadata
        good = next((value for key, value in metadata if key == _PLAIN and isinstance(value, str)), None)
        specimen = self._specimen(good.partition(" ")[2], call) if good else None
        if specimen is None or text_of(specimen) is not None:
            return metadata
        return (*(entry for entry in metadata if entry[0] != _PLAIN), *specimen.metadata)

    def specimen(self, text: str, call: CallView) -> str:
        """Return which variant a call gets, for the trace."""
        found = self._specimen(text, call)
        return f"{self.row} {found.variant}".strip() if found else ""

    def settings(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        return {"row": self.row, "variant": self.variant, "declared": list(self.declared)}

    def _row(self) -> Defect | None:
        return DEFECTS.get(self.row) if isinstance(self.row, str) else None

    def _specimen(self, text: str, call: CallView) -> Specimen | None:
        made = call.forge.specimens(self.row, text) if call.forge is not None else ()
        if self.variant:
            made = tuple(one for one in made if one.variant == self.variant)
        return made[int(call.draw * len(made))] if made else None
