"""Metadata: a key is dropped, renamed, doubled, folded or cut on its way."""

from dataclasses import dataclass
from itertools import chain

from harness.lab.gateway.faults import GatewayFault, Opening, within
from harness.lab.gateway.header_codec import Field, Fields
from harness.lab.gateway.treatment import Treatment

_ACTIONS = ("drop", "rename", "double", "fold", "cut")
_PLACES = ("request", "headers", "trailers")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Metadata(GatewayFault, kind="metadata"):
    """Change one key of a call's request, or of its answer's headers or trailers (``of``).

    ``drop`` removes it; ``rename`` sends it under the name ``to``; ``double`` sends each value twice; ``fold`` joins
    its values by a comma, a single one with itself, as things in between do which merge repeated fields; ``cut`` keeps
    the first ``keep_bytes`` of each value.
    """

    action: str
    key: str = "authorization"
    of: str = "request"
    to: str = ""
    keep_bytes: int = 0

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        wrong = within("keep_bytes", self.keep_bytes, 0, _MOST_BYTES)
        if self.action not in _ACTIONS:
            wrong.append(f"action={self.action!r} is not one of {', '.join(_ACTIONS)}")
        if self.of not in _PLACES:
            wrong.append(f"of={self.of!r} is not one of {', '.join(_PLACES)}")
        if self.action == "rename" and not self.to:
            wrong.append("rename needs a name: give to")
        return wrong

    def touch(self, opening: Opening, treatment: Treatment) -> None:
        """Change the fields where they go by."""
        places = {"request": treatment.request, "headers": treatment.headers, "trailers": treatment.trailers}
        places[self.of].append(self.changed)

    def changed(self, fields: Fields) -> Fields:
        """Return other fields in the place of these."""
        key = self.key.encode()
        if self.action == "fold":
            return _folded(fields, key)
        change = getattr(self, f"_{self.action}")
        return tuple(chain.from_iterable(change(field) if field.name == key else (field,) for field in fields))

    def _drop(self, field: Field) -> Fields:
        return ()

    def _double(self, field: Field) -> Fields:
        return field, field

    def _rename(self, field: Field) -> Fields:
        return (field._replace(name=self.to.encode()),)

    def _cut(self, field: Field) -> Fields:
        return (field._replace(value=field.value[: self.keep_bytes]),)


def _folded(fields: Fields, key: bytes) -> Fields:
    values = [field.value for field in fields if field.name == key]
    value = b", ".join(values * 2 if len(values) == 1 else values)
    kept: list[Field] = []
    is_first = True
    for field in fields:
        if field.name != key:
            kept.append(field)
        elif is_first:
            kept.append(field._replace(value=value))
            is_first = False
    return tuple(kept)
