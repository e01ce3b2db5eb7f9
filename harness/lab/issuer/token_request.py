"""What a client asks the token endpoint for, read strictly.

Sources: RFC 6749, sections 4.4.2 and 6 (requests), 5.2 (errors).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from harness.lab.issuer.refusal import Refusal

CLIENT_CREDENTIALS = "client_credentials"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant
_FORM = "application/x-www-form-urlencoded"

Authenticate = Callable[[str | None, Mapping[str, str]], str]
"""Returns who asks, from the authorization header and the form; raises `Refusal`."""


@dataclass(frozen=True)
class RequestedGrant:
    """A request of a known client; ``refresh_token`` is what it gives, where it asks by one."""

    client_id: str
    scope: str
    refresh_token: str = field(default="", repr=False)


def read_request(
    content_type: str, authorization: str | None, body: bytes, authenticate: Authenticate, scope: str
) -> RequestedGrant:
    """Return what is asked for; ``scope`` is what the issuer offers, raises `Refusal`."""
    form = read_form(content_type, body)
    client_id = authenticate(authorization, form)
    grant_type = form.get("grant_type")
    if not grant_type:
        raise Refusal("invalid_request", "grant_type is missing")
    if grant_type == CLIENT_CREDENTIALS:
        return RequestedGrant(client_id, granted(form.get("scope"), scope))
    if grant_type != REFRESH_TOKEN:
        raise Refusal("unsupported_grant_type", f"only {CLIENT_CREDENTIALS} and {REFRESH_TOKEN} are supported")
    if not form.get("refresh_token"):
        raise Refusal("invalid_request", "refresh_token is missing")
    return RequestedGrant(client_id, form.get("scope", ""), form["refresh_token"])


def grant_name(content_type: str, body: bytes) -> str:
    """Return the grant that a request names, or ``other``: what it is counted under, however it is answered."""
    try:
        named = read_form(content_type, body).get("grant_type", "")
    except Refusal:
        return "other"
    return named if named in {CLIENT_CREDENTIALS, REFRESH_TOKEN} else "other"


def read_form(content_type: str, body: bytes) -> dict[str, str]:
    """Return the parameters of a form, each of which may stand once; raises `Refusal`."""
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


def granted(asked: str | None, offered: str) -> str:
    """Return the scope that is granted: what is asked for, or all of it; raises `Refusal` for more."""
    if not asked:
        return offered
    if not set(asked.split(" ")) <= set(offered.split(" ")):
        raise Refusal("invalid_scope", "the scope asked for is not offered")
    return asked
