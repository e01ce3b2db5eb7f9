"""The messages that a probe sends: what the user gives, else empty ones with the fields that they require."""

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from harness.endpoint import bytes_fields
from harness.endpoint.filling import filled, require_complete
from harness.endpoint.methods import Method, Methods
from harness.endpoint.payload import misfit
from harness.errors import UsageError

NONCE = "$NONCE"


class Messages:
    """Makes messages from JSON texts by method; each is tried when the probe begins, so that none fails midway.

    Raises `UsageError` for a method that is not served or a text that does not fit its message.
    """

    def __init__(self, methods: Methods, given: Mapping[str, str]) -> None:
        self._pool = methods.pool
        self._given = {methods.find(name).path: text for name, text in given.items()}
        for path in self._given:
            self.make(methods.find(path), "try")

    def given(self, path: str) -> bool:
        """Return whether the user gave a message for a method."""
        return path in self._given

    def with_nonce(self) -> frozenset[str]:
        """Return the methods whose message holds a nonce: those whose side effect can be told apart."""
        return frozenset(path for path, text in self._given.items() if NONCE in text)

    def make(self, method: Method, nonce: str) -> bytes:
        """Return a message, serialised; raises `UsageError` where it cannot be made."""
        text = self._given.get(method.path, "{}").replace(NONCE, nonce)
        for wrong in bytes_fields.mistakes(_json(text), method.request.DESCRIPTOR):
            raise UsageError(f"the message of {method.path.lstrip('/')}: {wrong}")
        try:
            message = json_format.Parse(text, method.request(), descriptor_pool=self._pool)
        except json_format.ParseError as error:
            raise UsageError(f"the message of {method.path.lstrip('/')}: {misfit(error, self._pool)}") from error
        if self.given(method.path):
            require_complete(message, f"the message of {method.path.lstrip('/')}")
        return filled(message, method).SerializeToString()

    def can_make(self, method: Method) -> bool:
        """Tell whether there is a message for a method: one that requires itself has none."""
        try:
            self.make(method, "try")
        except UsageError:
            return False
        return True


def _json(text: str) -> Any:
    """Return a text's JSON; None where it is none, which is said when the message is made."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
