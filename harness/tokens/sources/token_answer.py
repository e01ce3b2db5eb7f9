"""The answer of a token endpoint, as the standards have it and as issuers give it. Pure.

Source: RFC 6749, section 5; what golang.org/x/oauth2 takes (any 2xx, and a form where its type says so).
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from harness.errors import TokenError
from harness.foreign_files import NotTextError, text_of
from harness.tokens.forms import Found, find_token
from harness.tokens.token import Token

LONGEST_WAIT_S = 3600.0
"""An issuer that asks to wait longer is asked again after that."""

_CREDENTIALS = "the client's id, secret or key is wrong or expired, or it proves itself another way (auth=)"
_DPOP = "the issuer wants a proof of possession (DPoP) with each request; let this client have bearer tokens"
_LOGIN = "the issuer wants a person to log in; this grant is for programs, so look at the client's settings there"
KNOWN_ERRORS: Mapping[str, str] = {
    "invalid_request": "the issuer takes the request for wrong: look at its scope, audience and extra parameters",
    "invalid_client": _CREDENTIALS,
    "invalid_grant": "",
    "invalid_target": "the audience or resource asked for is not one of the issuer's",
    "unauthorized_client": "this client may not use this grant: allow it there (Keycloak: service accounts)",
    "unsupported_grant_type": "the issuer does not know this grant: is the URL its token endpoint?",
    "invalid_scope": "the scope asked for is not granted to this client",
    "access_denied": "the issuer does not let this client have such a token: look at its grants and the audience",
    "insufficient_scope": "the scope asked for is not granted to this client",
    "incorrect_client_credentials": _CREDENTIALS,
    "invalid_dpop_proof": _DPOP,
    "use_dpop_nonce": _DPOP,
    "interaction_required": _LOGIN,
    "consent_required": _LOGIN,
    "login_required": _LOGIN,
    "mfa_required": _LOGIN,
    "slow_down": "the issuer is asked too often: renew later, or share tokens (callers=)",
    "server_error": "the issuer is in trouble: see its log",
    "temporarily_unavailable": "the issuer is in trouble: see its log",
}
"""Error codes of the standards and of issuers in use, each with its way out; others may hold anything."""

_STATUSES = {
    401: _CREDENTIALS,
    403: "the issuer does not let this client have such a token: look at its grants and the audience",
    404: "nothing is at this path; is the URL its token endpoint?",
    405: "it takes no POST; is the URL its token endpoint?",
    415: "it takes no form; is the URL its token endpoint?",
    429: "it is asked too often: renew later, or share tokens (callers=)",
}
_REFUSED_IDENTITY = frozenset({"unauthorized_client", "access_denied", "invalid_request"})
"""Codes that some issuers give to a wrong secret: with 401 they mean that, whatever else they mean."""
_NOT_BEARER = frozenset({"dpop", "mac", "pop"})
_MICROSOFT = re.compile(r"AADSTS\d{4,7}")


def read_answer(status: int, retry_after: str, body: bytes, content_type: str = "") -> Mapping[str, Any]:
    """Return the fields of a good answer, with a trimmed ``access_token``.

    Raises `TokenError`, which quotes known error codes only.
    """
    fields = _fields(body, content_type)
    if not 200 <= status < 300:
        _refuse(status, retry_after, fields)
    if not fields.get("access_token") and isinstance(fields.get("error"), str):
        _refuse(status, retry_after, fields)  # GitHub and Slack refuse with 200
    if (kind := fields.get("token_type")) and str(kind).lower() in _NOT_BEARER:
        raise TokenError(f"the issuer gave a token of type {str(kind).upper()}; {_DPOP}", "BAD_RESPONSE")
    return {**fields, "access_token": _token(status, fields, body, content_type).token}


def _fields(body: bytes, content_type: str) -> Mapping[str, Any]:
    try:
        text = text_of(body).strip()
        if text and text[0] not in '{["' and ("form" in content_type or "text/plain" in content_type):
            return dict(parse_qsl(text, max_num_fields=50))
        data = json.loads(text)
    except (NotTextError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _token(status: int, fields: Mapping[str, Any], body: bytes, content_type: str) -> Found:
    """Return the access token, wherever the answer has it."""
    given = fields.get("access_token")
    if isinstance(given, str) and given.strip():
        try:
            return find_token(given)
        except TokenError as error:
            _no_token(f"{status} with an access_token that is none: {error}")
    if isinstance(fields.get("id_token"), str):
        _no_token("an ID token and no access token; ask for a scope or audience of the API's")
    if looks_like_html(content_type, body):
        _no_token("HTML; is the URL its token endpoint?")
    try:
        found = find_token(body)
        Token.parse(found.token, 0.0)  # one that nobody called an access token must be a JWT to be taken for one
    except TokenError:
        _no_token(f"{status} without an access_token; is the URL its token endpoint?")
    return found


def _no_token(text: str) -> NoReturn:
    raise TokenError(f"the issuer answered {text}", "BAD_RESPONSE")


def _refuse(status: int, retry_after: str, fields: Mapping[str, Any]) -> NoReturn:
    error = fields.get("error")
    code = error if isinstance(error, str) and error in KNOWN_ERRORS else ""
    told = " ".join(filter(None, (f"the issuer answered {status}", code, _microsoft(fields))))
    wait_s = float(retry_after) if retry_after.isdecimal() and retry_after.isascii() else 0.0
    raise TokenError(f"{told}{_way_out(status, code)}", _cause(status), status, min(wait_s, LONGEST_WAIT_S))


def _way_out(status: int, code: str) -> str:
    if status == 401 and code in _REFUSED_IDENTITY:
        return f": {_CREDENTIALS}; a 401 is about who asks, whatever its word"
    if code:
        return f": {KNOWN_ERRORS[code]}" if KNOWN_ERRORS[code] else ""
    if 300 <= status < 400:
        return ": a redirect is not followed, for it would carry the secret; give the final URL"
    if status >= 500 and status not in _STATUSES:
        return ": the issuer is in trouble; see its log"
    return f": {_STATUSES[status]}" if status in _STATUSES else "; see its log for why, or ask it by hand"


def _microsoft(fields: Mapping[str, Any]) -> str:
    """Return the number that Microsoft's error texts begin with; it says more than the code."""
    found = _MICROSOFT.search(str(fields.get("error_description", ""))[:200])
    return f"({found[0]})" if found else ""


def looks_like_html(content_type: str, body: bytes) -> bool:
    """Tell whether an answer is a page for people: a login form, or a proxy's error."""
    return "html" in content_type.lower() or body[:256].lstrip().lower().startswith((b"<!doctype", b"<html"))


def _cause(status: int) -> str:
    if status == 429:
        return "RATE_LIMITED"
    if status >= 500:
        return "UNAVAILABLE"
    return "BAD_CLIENT" if 400 <= status < 500 or 200 <= status < 300 else "BAD_RESPONSE"
