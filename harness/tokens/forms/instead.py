"""What lies where a token should: keys, pages, answers of other kinds, each by its name and with its way out. Pure."""

import re
from collections.abc import Mapping
from typing import Any

_MINT = "give it as --signing-key (SigningKey), to mint tokens"
_COMPACT = "ask for the compact one, three parts with dots"
_TEXTS = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"), f"a private key; {_MINT}"),
    (re.compile(r"-----BEGIN [A-Z ]*CERTIFICATE"), "a certificate; give the token that goes with it"),
    (re.compile(r"-----BEGIN "), "a PEM file; give the token that goes with it"),
    (re.compile(r"ssh-(rsa|ed25519) |ecdsa-sha2-"), "an SSH public key; give a token"),
    (re.compile(r"\s*<!doctype|\s*<html", re.IGNORECASE), "a page of HTML, a login or an error; log in first"),
    (re.compile(r"\s*<\?xml|\s*<saml", re.IGNORECASE), "XML; give a JWT (a SAML assertion is none)"),
)  # fmt: skip

_MEMBERS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"payload", "signatures"}), f"a JWS in its JSON form; {_COMPACT}"),
    (frozenset({"payload", "signature"}), f"a JWS in its JSON form; {_COMPACT}"),
    (frozenset({"ciphertext"}), "an encrypted token (JWE) in its JSON form; ask for a signed one"),
    (frozenset({"private_key"}), f"a service account's key; {_MINT}"),
    (frozenset({"kty"}), f"a key (JWK); {_MINT}"),
    (frozenset({"keys"}), "a key set (JWKS); give a token that one of its keys signed"),
    (frozenset({"device_code", "user_code"}), "a device's login that nobody has finished; log in first"),
    (frozenset({"jwks_uri", "issuer"}), "an issuer's discovery document; give --issuer-url instead"),
    (frozenset({"active", "exp"}), "an answer of token introspection; give the token itself"),
    (frozenset({"iss", "exp"}), "the claims of a token, decoded; give the token itself, or the claims as --claims"),
    (frozenset({"alg", "typ"}), "the header of a token, decoded; give the token itself"),
    (frozenset({"swagger"}), "an API's description; give a token"),
)  # fmt: skip
_ERROR = re.compile(r"[a-z_]{3,40}")


def other_text(text: str) -> str:
    """Return what a text is in place of a token, with the way out; empty where nobody can tell."""
    return next((name for pattern, name in _TEXTS if pattern.match(text)), "")


def other_object(members: Mapping[str, Any]) -> str:
    """Return what a JSON object is in place of a token, with the way out; empty where nobody can tell."""
    error = members.get("error")
    if isinstance(error, str) and _ERROR.fullmatch(error):
        return f"an issuer's refusal ({error}); see what it answers when it is asked again"
    if members.get("kind") == "ExecCredential":
        return _exec_credential(members)
    return next((name for names, name in _MEMBERS if names <= members.keys()), "")


def _exec_credential(members: Mapping[str, Any]) -> str:
    status = members.get("status")
    if isinstance(status, Mapping) and "clientCertificateData" in status:
        return "an ExecCredential with a certificate and no token; the plugin logs in by TLS, so give --cert and --key"
    return "an ExecCredential without a token in its status; run its plugin by hand"
