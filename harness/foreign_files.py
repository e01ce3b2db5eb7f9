"""Files of others: read within bounds, and decoded as people and their editors save them."""

import codecs
import os
import stat
from pathlib import Path

MOST_BYTES = 16_000_000
"""No key, token or claim is larger: what is, is another file than was meant."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "a byte order mark stands before it"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "it is in UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be", "it is in UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "it is in UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "it is in UTF-16"),
)


class NotTextError(ValueError):
    """Bytes that are no text; the message says which, and quotes none but the first that is wrong."""


def read_bytes(path: str | Path, most: int = MOST_BYTES) -> bytes:
    """Return what a file holds; raises `OSError` where it cannot be read, is no file, or is larger than ``most``.

    The error's ``strerror`` is fit to be shown.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(0, f"is {_kind(mode)}; save what it gives as a file")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(0, f"is larger than {most:,} bytes; name another file")
    return data


def text_of(data: bytes) -> str:
    """Return the text of bytes in UTF-8, or in UTF-16 or UTF-32 where a mark or its zeros say so, without a mark.

    Raises `NotTextError`.
    """
    return decoded(data)[0]


def decoded(data: bytes) -> tuple[str, str]:
    """Return the text of bytes, and what is unusual in how it is encoded (empty: nothing); raises `NotTextError`."""
    mark, encoding, unusual = next((known for known in _MARKS if data.startswith(known[0])), (b"", "", ""))
    if not encoding:
        encoding, unusual = _by_zeros(data)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = len(mark) + error.start
        raise NotTextError(f"byte {place + 1} (0x{data[place]:02X}) is no {encoding.upper()} text") from None
    if "\0" in text:
        raise NotTextError(f"character {text.index(chr(0)) + 1} is a zero byte, so it is no text")
    return text, unusual


def _by_zeros(data: bytes) -> tuple[str, str]:
    """Return an encoding by the zeros that UTF-16 puts beside ASCII; UTF-8 where there are none."""
    if len(data) >= 4 and len(data) % 2 == 0:
        if not any(data[1::2]) and all(data[::2]):
            return "utf-16-le", "it is in UTF-16"
        if not any(data[::2]) and all(data[1::2]):
            return "utf-16-be", "it is in UTF-16"
    return "utf-8", ""


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe that nobody writes to would be waited for."""
    return os.open(path, flags | os.O_NONBLOCK)


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe, which can be read once only"
    return "a folder" if stat.S_ISDIR(mode) else "no regular file"
