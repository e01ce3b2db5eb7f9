"""What a rejection's text must not hold."""

import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from harness.tokens.base64url import decode

SERVER_CODE = "a piece of the server's code"
_WINDOW = 12
_TOKEN_LIKE = re.compile(r"[\w-]{20,}")
_CODE = re.compile(
    r"Traceback|File \"|\.py\b|line \d+|\wError\b|\wException\b|Exception calling application|0x[0-9a-f]{6,}"
)
_KEY = re.compile(r"-----BEGIN|eyJ[\w-]{5,}")
_NUMBER = re.compile(r"(?<![\w.])\d{9,}")
_ANY_NUMBER = re.compile(r"\d{9,}")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)|(?<![\d:])(\d\d:\d\d:\d\d)")
_QUARTER_S = 900
"""What all zones' times differ by a multiple of."""
_WIDEST_ZONE_S = 15 * 3600


def leak(text: str, value: str) -> str:
    """Return what a text gives away, in words, or nothing; ``value`` is the metadata that was sent.

    A caller knows what it sent: the dates of its own token tell it no clock.
    """
    pieces = (text[place : place + _WINDOW] for place in range(len(text) - _WINDOW + 1))
    tokens = " ".join(_TOKEN_LIKE.findall(value))
    if any(piece in tokens for piece in pieces):
        return "a piece of the token"
    if _CODE.search(text):
        return SERVER_CODE
    if _tells_a_clock(text, value):
        return "a clock"
    return "a key or a token" if _KEY.search(text) else ""


def _tells_a_clock(text: str, value: str) -> bool:
    numbers, dates = _NUMBER.findall(text), list(_DATE.finditer(text))
    if not numbers and not dates:
        return False
    own = {number for part in _readable(value) for number in _ANY_NUMBER.findall(part)}
    own_s = {int(number) for number in own if len(number) < 13}
    return any(number not in own for number in numbers) or any(not _is_one_of(date, own_s) for date in dates)


def _is_one_of(date: re.Match[str], own_s: set[int]) -> bool:
    """Return whether a date of a text is one of the moments, in whatever zone it is written."""
    day, time, time_alone = date.groups()
    try:
        written = datetime.fromisoformat(f"{day or '1970-01-01'} {time or time_alone}").replace(tzinfo=UTC)
    except ValueError:
        return False
    written_s, step_s = int(written.timestamp()), 60 if time and time.count(":") == 1 else 1
    near = [own for own in own_s if not day or abs(own - written_s) <= _WIDEST_ZONE_S]
    return any((own // step_s - written_s // step_s) * step_s % _QUARTER_S == 0 for own in near)


def _readable(value: str) -> Iterator[str]:
    """Yield what was sent, and what its segments say to whoever decodes them."""
    yield value
    for segment in re.split(r"[.\s]+", value):
        try:
            yield decode(segment).decode("utf-8", "replace")
        except (ValueError, binascii.Error):
            continue
