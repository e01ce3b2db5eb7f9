"""A login RPC of a gRPC service, whose answer holds the token, in its message or in its metadata."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.endpoint import Endpoint, endpoint_of
from harness.endpoint.address import host_of
from harness.endpoint.further import Further
from harness.endpoint.metadata import key_mistakes
from harness.errors import HarnessError, TokenError, UsageError
from harness.tokens.forms import find_token
from harness.tokens.source import refuse
from harness.tokens.sources import findings, template, token_source
from harness.validation import positive

if TYPE_CHECKING:
    import grpc
    from google.protobuf.message import Message

    from harness.endpoint.methods import Method, Methods

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_CAUSES = {
    "UNAVAILABLE": "UNREACHABLE",
    "DEADLINE_EXCEEDED": "DEADLINE",
    "RESOURCE_EXHAUSTED": "RATE_LIMITED",
    "UNAUTHENTICATED": "BAD_CLIENT",
    "PERMISSION_DENIED": "BAD_CLIENT",
    "INVALID_ARGUMENT": "BAD_CLIENT",
    "NOT_FOUND": "BAD_CLIENT",
}


@token_source
@dataclass(frozen=True)
class LoginCall:
    """Call a unary method such as ``auth.v1.Auth/Login``; the token is ``token_field`` of its answer.

    With ``token_metadata`` it is the value of that key in the answer's metadata, first or trailing, instead.

    ``request`` is the message as JSON: in its texts ``${NAME}`` stands for an environment variable
    (passwords, which are never written down), and ``{user}``, ``{sequence}`` and ``{uuid}`` as in
    `harness.tokens.sources.template`. ``token_field``, a text or bytes, may descend: ``session.token``. The method is
    found by server reflection, or in ``protos`` or a ``descriptor_set`` where one is given. ``target``
    is an address, or a `harness.endpoint.Endpoint` for TLS and for metadata beside the request.
    """

    target: str | Endpoint
    method: str
    request: Mapping[str, Any] = field(default_factory=dict)
    token_field: str = "token"  # noqa: S105 - the name of a field
    token_metadata: str = ""
    protos: Sequence[Path] = ()
    descriptor_set: Path | None = None
    timeout_s: float = 5.0

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        what = "LoginCall"
        found = findings.filled(what, method=self.method, token_field=self.token_field)
        if self.token_metadata != "":
            found += key_mistakes(f"{what}: token_metadata", self.token_metadata)
        if isinstance(self.target, str) and not self.target.strip():
            found.append(f"{what}: target is empty; give host:port")
        for path in (*self.protos, *([self.descriptor_set] if self.descriptor_set else [])):
            found += findings.path(what, protos=path)
        if wrong := findings.mapping(what, request=self.request):
            return found + wrong
        found += template.mistakes(f"{what}: request", _without_variables(self.request))
        for name in sorted(set(_VARIABLE.findall(str(self.request)))):
            if name not in os.environ:
                found.append(f"{what}: request names ${{{name}}}, which is not set; set it before you start")
        return found + positive(what, timeout_s=self.timeout_s)

    def hosts(self) -> list[str]:
        """Return the machine that is logged into."""
        return [host_of(address) for address in endpoint_of(self.target).addresses]

    def open(self) -> "LoginSource":
        """Find the method and return the source; raises `UsageError`."""
        refuse(self.mistakes())
        from harness.endpoint.opening import open_channel

        endpoint = endpoint_of(self.target)
        channel = open_channel(endpoint, endpoint.addresses[0])
        try:
            method = self._methods(channel).find(self.method)
            if not self.token_metadata:
                _require_field(method, self.token_field)
            if method.kind != "unary":
                raise UsageError(f"LoginCall: {self.method} is a {method.kind} method; give a unary one")
            source = LoginSource(self, channel, method, count(1))
            source.message()
        except HarnessError:
            channel.close()
            raise
        return source

    def _methods(self, channel: "grpc.Channel") -> "Methods":
        from harness.endpoint import methods

        if self.protos:
            return methods.from_protos(tuple(Path(path) for path in self.protos))
        if self.descriptor_set:
            return methods.from_descriptor_set(Path(self.descriptor_set))
        beside = Further(endpoint_of(self.target).metadata).at(0)
        return methods.from_reflection(channel, beside, timeout_s=self.timeout_s)


class LoginSource:
    """Fetch tokens by logging in; its repr shows nothing of the request."""

    def __init__(
        self, settings: LoginCall, channel: "grpc.Channel", method: "Method", serials: "count[int]", user: str = "0"
    ) -> None:
        self._settings = settings
        self._channel = channel
        self._method = method
        self._call: Any = method.on(channel)
        self._serials = serials
        self._user = user
        self._further = Further(endpoint_of(settings.target).metadata)
        self._calls = count()

    def for_user(self, name: str) -> "LoginSource":
        """Return the source of one user's tokens, over the same connection."""
        return LoginSource(self._settings, self._channel, self._method, self._serials, name)

    def fetch(self) -> str:
        """Log in and return the token of the answer."""
        import grpc

        try:
            metadata = self._further.at(next(self._calls))
            reply, call = self._call.with_call(self.message(), timeout=self._settings.timeout_s, metadata=metadata)
        except grpc.RpcError as error:
            code = error.code().name if isinstance(error, grpc.Call) else "UNKNOWN"
            cause = _CAUSES.get(code, "BAD_RESPONSE")  # the server's own words may repeat the password
            text = f"{self._settings.method} answered {code}; try it by hand, with the same request"
            raise TokenError(text, cause) from error
        except UsageError as error:
            raise TokenError(str(error), "BAD_CLIENT") from error
        place = self._settings.token_metadata
        value = _in_metadata(call, place) if place else _in_message(reply, self._settings.token_field)
        try:
            return find_token(value).token
        except TokenError as error:
            where = f"{place} of its metadata" if place else self._settings.token_field
            raise TokenError(f"{self._settings.method}: no token in {where}: {error}", error.cause) from None

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def message(self) -> "Message":
        """Return the request; raises `UsageError` where it does not fit the method's message."""
        from google.protobuf import json_format

        filled = template.fill(_without_variables(self._settings.request), self._user, next(self._serials))
        try:
            return json_format.ParseDict(_with_variables(filled), self._method.request())
        except json_format.ParseError as error:
            # The library quotes values, and a value may be a password.
            name = re.search(r'(?:field named|Failed to parse) "?([\w.]+)', str(error))
            where = f" at {name[1]}" if name else ""
            kind = self._method.request.DESCRIPTOR.full_name
            known = ", ".join(self._method.request.DESCRIPTOR.fields_by_name) or "none"
            raise UsageError(f"LoginCall: request does not fit {kind}{where}; its fields are {known}") from None


def _in_message(reply: Any, path: str) -> str | bytes:
    for name in path.split("."):
        reply = getattr(reply, name)
    value: str | bytes = reply
    return value


def _in_metadata(call: Any, key: str) -> str | bytes:
    """Return the value of a key that came before or after the answer; empty where it is in neither."""
    both = (*(call.initial_metadata() or ()), *(call.trailing_metadata() or ()))
    return next((value for name, value in both if name == key and value), "")


def _require_field(method: "Method", path: str) -> None:
    """Refuse a path that leads to no text in the answer."""
    kind: Any = method.reply.DESCRIPTOR
    names = path.split(".")
    for place, name in enumerate(names):
        found = kind.fields_by_name.get(name) if kind is not None else None
        if found is None or found.is_repeated:
            known = ", ".join(kind.fields_by_name) if kind is not None else "none"
            raise UsageError(f"LoginCall: token_field={path!r} is not in the answer; at {name!r} there are: {known}")
        if place == len(names) - 1 and found.type not in {found.TYPE_STRING, found.TYPE_BYTES}:
            raise UsageError(f"LoginCall: token_field={path!r} is no text; name a string field of the answer")
        kind = found.message_type


def _without_variables(value: Any) -> Any:
    """Return a value whose variables survive the template: their braces stand twice."""
    if isinstance(value, str):
        return _VARIABLE.sub(r"${{\1}}", value)
    if isinstance(value, Mapping):
        return {name: _without_variables(inner) for name, inner in value.items()}
    return [_without_variables(inner) for inner in value] if isinstance(value, list | tuple) else value


def _with_variables(value: Any) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: os.environ.get(found[1], ""), value)
    if isinstance(value, Mapping):
        return {name: _with_variables(inner) for name, inner in value.items()}
    return [_with_variables(inner) for inner in value] if isinstance(value, list | tuple) else value
