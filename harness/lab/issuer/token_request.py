"""What a client asks the token endpoint for, read strictly.

Source: RFC 6749, sections 2.3.1 (client authentication), 4.4.2 (request), 5.2 (errors).
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

_FORM = "application/x-www-form-urlencoded"


class Refusal(Exception):  # noqa: N818 - an answer of the protocol, not a fault of ours
    """An error answer of the token endpoint: RFC 6749's name of it, a text, and the HTTP status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True)
class RequestedGrant:
    """A request that is granted."""

    client_id: str
    scope: str


def read_request(
    content_type: str, authorization: str | None, body: bytes, clients: Mapping[str, str], scope: str
) -> RequestedGrant:
    """Return what is granted; raises `Refusal`."""
    form = _form(content_type, body)
    client_id = _authenticated(authorization, form, clients)
    grant_type = form.get("grant_type")
    if not grant_type:
        raise Refusal("invalid_request", "grant_type is missing")
    if grant_type != "client_credentials":
        raise Refusal("unsupported_grant_type", "only client_credentials is supported")
    return RequestedGrant(client_id, _granted(form.get("scope"), scope))


def _form(content_type: str, body: bytes) -> dict[str, str]:
    if content_type.partition(";")[0].strip().lower() != _FORM:
        raise Refusal("invalid_request", f"the body must be {_FORM}")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise Refusal("invalid_request", "the body is no form") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise Refusal("invalid_request", "a parameter stands twice")
    return form


def _authenticated(authorization: str | None, form: Mapping[str, str], clients: Mapping[str, str]) -> str:
    if authorization is None:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    elif "client_secret" in form:
        raise Refusal("invalid_request", "two client authentications in one request")
    else:
        client_id, secret = _basic(authorization)
        if form.get("client_id", client_id) != client_id:
            raise Refusal("invalid_request", "client_id differs from the authenticated client")
    expected = clients.get(client_id, "")
    matches = hmac.compare_digest(secret.encode(errors="replace"), expected.encode())
    if not expected or not matches:
        raise Refusal("invalid_client", "unknown client or wrong secret", 401)
    return client_id


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, credentials = authorization.partition(" ")
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        decoded = ""
    client_id, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise Refusal("invalid_client", "authorization is not HTTP Basic", 401)
    return unquote_plus(client_id), unquote_plus(secret)


def _granted(asked: str | None, offered: str) -> str:
    if not asked:
        return offered
    if not set(asked.split(" ")) <= set(offered.split(" ")):
        raise Refusal("invalid_scope", "the scope asked for is not offered")
    return asked
