"""What one reader may do with one input: answer, or refuse in a sentence with a way out; and nothing else."""

import re
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.fuzz import Reader

MOST_S = 5.0
"""How long a reader may think."""
_QUOTED = 24
"""So many characters of an input in a message are a quotation."""
_WAY_OUT = re.compile(r"[;?]|: [a-z]")
"""A sentence goes on after what happened: to the way out, or to a question that leads there."""


class HangError(Exception):
    """A reader thought for too long."""


def complaint(reader: Reader, given: Any) -> str:
    """Return what a reader did wrong with an input, or an empty text."""
    try:
        with _alarm(MOST_S):
            reader.read(given)
    except reader.refusals as error:
        return _of_message(reader, str(error), given)
    except HangError:
        return f"hang: over {MOST_S:g} s"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"crash: {type(error).__name__} at {where.filename.rpartition('/')[2]}:{where.lineno}"
    return ""


def _of_message(reader: Reader, message: str, given: Any) -> str:
    if reader.secret and (quoted := _quotation(message, given)):
        return f"quotation: {quoted!r}"
    if reader.unworded or (_WAY_OUT.search(message) and message.strip()):
        return ""
    return f"mute: {message!r} has no way out"


def _quotation(message: str, given: Any) -> str:
    """Return a long piece of the input that stands in the message, or an empty text."""
    for text in _texts(given):
        for start in range(len(message) - _QUOTED):
            if (piece := message[start : start + _QUOTED]) in text:
                return piece
    return ""


def _texts(given: Any) -> Iterator[str]:
    if isinstance(given, bytes):
        yield given.decode("latin-1")
    elif isinstance(given, str):
        yield given
    elif isinstance(given, tuple | list):
        for inner in given:
            yield from _texts(inner)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `HangError` in what takes longer; only the main thread can be interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
