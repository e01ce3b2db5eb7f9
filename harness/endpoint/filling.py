"""Filling: messages whose required fields (proto2, or `LEGACY_REQUIRED` of editions) hold their defaults."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from google.protobuf.message import Message

from harness.endpoint.methods import Method
from harness.errors import UsageError

_DEEPEST = 64
_MOST = 10_000
"""Messages in one message that its required fields may make."""


def blank(method: Method) -> Any:
    """Return an empty message of a method, or a list of one for a stream; None where none can be made."""
    try:
        message = filled(method.request(), method)
    except UsageError:
        return None
    return [message] if method.takes_many else message


def filled(message: Message, method: Method) -> Message:
    """Fill the required fields that are empty, however deep, with their defaults; return the message.

    Raises `UsageError` where a message requires itself, or another one, without end.
    """
    _fill(message, method, 0, count())
    return message


def require_complete(message: Any, what: str) -> None:
    """Refuse a message that lacks required fields, with their places; raises `UsageError`."""
    if not message.IsInitialized():
        missing = ", ".join(message.FindInitializationErrors())
        raise UsageError(f"{what}: required fields are missing: {missing}; give them, or no data at all for defaults")


def _fill(message: Any, method: Method, depth: int, made: Iterator[int]) -> None:
    if message.IsInitialized():
        return
    if depth > _DEEPEST or next(made) > _MOST:
        name, kind = method.path.lstrip("/"), message.DESCRIPTOR.full_name
        raise UsageError(f"{name}: no message can be made, for the fields that {kind} requires have no end; skip it")
    for field in message.DESCRIPTOR.fields:
        if field.is_required and not message.HasField(field.name):
            _default(message, field)
    for _, value in message.ListFields():
        for inner in _messages(value):
            _fill(inner, method, depth + 1, made)


def _default(message: Any, field: Any) -> None:
    if field.message_type is not None:
        getattr(message, field.name).SetInParent()
    else:
        setattr(message, field.name, field.default_value)


def _messages(value: Any) -> list[Any]:
    """Return the messages in a field's value: its own, those of a list, or those of a map."""
    if isinstance(value, Message):
        return [value]
    values = value.values() if hasattr(value, "values") else value if hasattr(value, "extend") else ()
    return [inner for inner in values if isinstance(inner, Message)]
