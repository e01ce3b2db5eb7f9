"""The bearer token in a call's metadata, read strictly."""

from collections.abc import Iterable

from harness.results.row import Cause

_KEY = "authorization"


def read_bearer(metadata: Iterable[tuple[str, str | bytes]]) -> str | Cause:
    """Return the one bearer token, or why there is none.

    Two entries are malformed, even equal ones: who reads the first and who reads the last would
    disagree. The scheme is case-insensitive, and one space follows it.
    Sources: RFC 6750, section 2.1; RFC 9110, sections 5.3 and 11.1.
    """
    found = [value for key, value in metadata if key == _KEY]
    if not found:
        return Cause.MISSING_METADATA
    value = found[0]
    if len(found) > 1 or not isinstance(value, str):
        return Cause.MALFORMED
    scheme, space, token = value.partition(" ")
    return token if space and scheme.lower() == "bearer" else Cause.MALFORMED
