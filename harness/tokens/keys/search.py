"""The search for a private key in a file's bytes. Pure."""

import base64
import binascii
import json
import re

from harness.foreign_files import NotTextError, text_of
from harness.tokens.keys.binary import from_binary, is_binary
from harness.tokens.keys.found import PRIVATE_WANTED, FoundKey, NoKeyError, refuse
from harness.tokens.keys.in_json import from_json
from harness.tokens.keys.pem import from_pem, has_pem

_AROUND = " \t\r\n\ufeff\u200b\u00a0"
_QUOTES = ('""', "''", "``")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_OTHERS = (
    (re.compile(r"ssh-(rsa|ed25519) |ecdsa-sha2-"), f"is an SSH public key, {PRIVATE_WANTED}"),
    (re.compile(r"PuTTY-User-Key-File"), "is a PuTTY key; export it as OpenSSH (puttygen key.ppk -O private-openssh)"),
    (re.compile(r"e[wy][\w-]+\.[\w-]+\.[\w-]*\s*$", re.ASCII), "is a token and no key; give it as --token-file"),
    (re.compile(r"<!doctype|<html", re.IGNORECASE), "is a page of HTML and no key; download the key itself"),
)


def find_key(data: bytes, algorithm: str = "", key_id: str = "") -> FoundKey:
    """Return the private key in a file; ``key_id`` chooses among several; raises `NoKeyError`."""
    if is_binary(data):
        return FoundKey(from_binary(data))
    try:
        text = text_of(data).strip(_AROUND)
    except NotTextError:
        refuse("is neither a PEM private key nor a JWK, nor any text; give one, or algorithm HS256 for a secret")
    return _in_text(text, algorithm, key_id)


def _in_text(text: str, algorithm: str, key_id: str) -> FoundKey:
    if len(text) > 1 and text[0] + text[-1] in _QUOTES:
        text = text[1:-1].strip(_AROUND)
    if not text:
        refuse("is empty; write the key into it")
    if text[0] in "{[":
        return _in_json(text, algorithm, key_id)
    if has_pem(text):
        return FoundKey(from_pem(text))
    if other := next((said for pattern, said in _OTHERS if pattern.match(text)), ""):
        refuse(other)
    if inner := _in_base64(text):
        return find_key(inner, algorithm, key_id)
    raise NoKeyError("is neither a PEM private key nor a JWK; give one, or algorithm HS256 for a secret")


def _in_json(text: str, algorithm: str, key_id: str) -> FoundKey:
    try:
        value = json.loads(text)
    except RecursionError:
        refuse("is JSON that is nested too deeply; give a JWK or a PEM file")
    except ValueError:
        refuse("begins like a JWK and is no JSON; give a JWK or a PEM file")
    return from_json(value, algorithm, key_id)


def _in_base64(text: str) -> bytes:
    """Return what a text is base64 of, where that may be a key; one layer only, so that it ends."""
    joined = "".join(text.split())
    if not _BASE64.fullmatch(joined):
        return b""
    try:
        inner = base64.b64decode(joined.replace("-", "+").replace("_", "/") + "=" * (-len(joined) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return inner if is_binary(inner) or inner.lstrip()[:1] in (b"-", b"{") else b""
