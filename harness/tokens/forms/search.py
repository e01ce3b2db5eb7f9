"""The search for a token in what a file, an answer or a command gave. Pure; no message quotes what was read."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.endpoint.metadata import foreign
from harness.foreign_files import NotTextError, decoded
from harness.tokens.base64url import decode
from harness.tokens.forms.found import Found, refuse, the_one
from harness.tokens.forms.instead import other_object, other_text

_AROUND = " \t\r\n\f\v\ufeff\u200b\u200c\u200d\u2060\u00a0\u2028\u2029"
"""White space, and what editors and web pages put beside it unseen."""
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "\u2018": "\u2019"}
_JWT = re.compile(r"(?<![\w.+/-])e[wy][\w-]+={0,2}(?:\.[\w-]*={0,2}){2}(?:(?:\.[\w-]*={0,2}){2})?(?![\w.-])", re.ASCII)
"""A JWT or a JWE. Its header is a JSON object: in base64url its brace, and what may follow it, begin with ew or ey."""
_NAME = re.compile(r"([A-Za-z_][\w.-]{0,60})[\"']?[ \t]*[:=][ \t]*[\"'`]?$")
_SCHEME = re.compile(r"(?:authorization[ \t]*:[ \t]*)?bearer\s+", re.IGNORECASE)
_SCHEME_BEFORE = re.compile(r"\bbearer\s+$", re.IGNORECASE)
_BEARER = "“Bearer ” stands before it"
_NEAR = 200
"""So much of what stands before a token is looked at."""
_SHOWN = re.compile(r"[\w.\[\]-]{1,80}")
_OF_RSA = frozenset({128, 256, 384, 512})
_SIGNATURES = {
    "HS256": {32}, "HS384": {48}, "HS512": {64}, "ES256": {64}, "ES256K": {64}, "ES384": {96}, "ES512": {132},
    "EdDSA": {64, 114}, **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), _OF_RSA),
}  # fmt: skip
"""How many bytes a signature has. Source: RFC 7518, section 3; RFC 8037."""
_MOST_DEEP = 12
_MOST_CHARS = 1_000_000


def find_token(data: bytes | str) -> Found:
    """Return the token in what was read.

    Where no JWT stands there, a single word is returned as it is: it may be an opaque token, which `Token.parse`
    names. Raises `TokenError`, which says what is there instead.
    """
    text, unusual = (data, "") if isinstance(data, str) else _text(data)
    if len(text) > _MOST_CHARS:
        refuse(f"it is larger than {_MOST_CHARS:,} characters, so no token; name another file")
    plain = text.strip(_AROUND)
    if not plain:
        refuse("it is empty; is whoever writes it at work?", "BAD_RESPONSE")
    return _found(plain).noted(unusual, _beside(text, plain))


def _beside(text: str, plain: str) -> str:
    """Return what stands beside a token unseen; a line's end is nothing unusual."""
    if text.strip() != plain:
        return "an unseen character stands beside it"
    return "" if text.rstrip("\r\n") == plain else "white space stands around it"


def _text(data: bytes) -> tuple[str, str]:
    try:
        return decoded(data)
    except NotTextError as error:
        refuse(f"it holds no text ({error}); give a token as plain text")


def _found(plain: str) -> Found:
    if other := other_text(plain):
        refuse(f"it holds {other}")
    if plain[0] in "{[" and (value := _json(plain)) is not None:
        return _in_json(value)
    matches = list(_JWT.finditer(plain))
    if len(matches) < 2 and (joined := _joined(plain)) and not (matches and _whole(matches[0][0])):
        lines = len(plain.splitlines())
        return Found(joined, (f"it is broken over {lines} lines" if lines > 1 else "white space stands in it",))
    return the_one([_candidate(plain, match) for match in matches]) if matches else _word(plain)


def _joined(plain: str) -> str:
    """Return the JWT that a text is once its white space is gone, or an empty text."""
    scheme = _SCHEME.match(plain)
    joined = "".join(plain[scheme.end() if scheme else 0 :].split())
    return joined if any(sign.isspace() for sign in plain) and _JWT.fullmatch(joined) else ""


def _whole(token: str) -> bool:
    """Tell whether a token is one by itself: its parts can be decoded, and its signature is as long as it should be."""
    try:
        header, claims, *rest = (decode(part) for part in token.split("."))
        algorithm = json.loads(header).get("alg")
        return bool(json.loads(claims)) and len(rest[0]) in _SIGNATURES.get(str(algorithm), {len(rest[0])})
    except (ValueError, RecursionError, AttributeError):
        return False


def _candidate(text: str, match: re.Match[str], member: str = "") -> Found:
    """Return a JWT within a text, which is a member of JSON where one is named."""
    before, after = text[max(0, match.start() - _NEAR) : match.start()], text[match.end() :].strip(_AROUND)
    scheme = _SCHEME_BEFORE.search(before)
    before = before[: scheme.start()] if scheme else before
    around, named = before.strip(_AROUND), _NAME.search(before)
    quoted = around in _QUOTES and after == _QUOTES[around]
    notes = [f"it is the member {_shown(member)} of JSON" if member else ""]
    notes += [_BEARER if scheme else "", "it is in quotes" if quoted else ""]
    if (around or after) and not quoted:
        notes.append(f"it is the value of {named[1]}" if named else "other text stands around it")
    return Found(match[0], tuple(filter(None, notes)), member or (named[1] if named else ""))


def _word(plain: str) -> Found:
    """Return the one word that a text is, without its scheme and quotes."""
    notes: list[str] = []
    for _ in range(2):  # quotes may stand outside and within
        if len(plain) > 1 and _QUOTES.get(plain[0]) == plain[-1]:
            plain, notes = plain[1:-1].strip(_AROUND), [*notes, "it is in quotes"]
        if scheme := _SCHEME.match(plain + " "):
            plain, notes = plain[scheme.end() :].strip(_AROUND), [*notes, _BEARER]
    words = plain.split()
    if not words:
        refuse("it holds quotes or “Bearer” and no token; look at what writes it", "BAD_RESPONSE")
    if len(words) > 1 and words[0].count(".") != 2:
        refuse(f"it holds {len(words)} words and no JWT among them; give the token alone")
    if inner := _in_base64(words[0]):
        return inner.noted(*notes, "it is in base64")
    return Found(words[0]).noted(*notes, "more text follows it" if len(words) > 1 else "")


def _in_base64(word: str) -> Found | None:
    """Return the JWT that a word holds in base64, as Kubernetes shows the values of a secret."""
    if "." in word or foreign(word):
        return None
    try:
        inner = base64.b64decode(word, validate=True).decode("ascii").strip()
    except (binascii.Error, ValueError):
        return None
    return Found(inner) if _JWT.fullmatch(inner) else None


def _json(plain: str) -> Any:
    """Return the value that a text is in JSON, or None where it is none."""
    try:
        return json.loads(plain)
    except RecursionError:
        refuse("it holds JSON that is nested too deeply; give the token alone")
    except ValueError:
        return None


def _in_json(value: Any) -> Found:
    leaves = list(_leaves(value, "", 0))
    found = [_candidate(text, match, name) for name, text in leaves for match in _JWT.finditer(text)]
    found += _opaque(leaves, "accesstoken")
    if not found and isinstance(value, Mapping) and (other := other_object(value)):
        refuse(f"it holds {other}")
    found = found or _opaque(leaves, "token")
    if not found:
        refuse("it holds JSON without a token; give the token alone, or JSON with an access_token")
    return the_one(found)


def _opaque(leaves: Sequence[tuple[str, str]], called: str) -> list[Found]:
    """Return the tokens that are no JWTs and stand under a name; they are named when they are parsed."""
    texts = [(name, text.strip(_AROUND)) for name, text in leaves if _last(name) == called]
    words = [(name, _word(text)) for name, text in texts if text and not _JWT.search(text)]
    return [Found(word.token, (f"it is the member {_shown(name)} of JSON", *word.notes), name) for name, word in words]


def _last(name: str) -> str:
    return name.rpartition(".")[2].lower().replace("_", "")


def _shown(name: str) -> str:
    return name if _SHOWN.fullmatch(name) and not _JWT.search(name) else "…"


def _leaves(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the texts in a JSON value with the path of each, as deep as anybody nests an answer."""
    if isinstance(value, str):
        yield name, value
    elif depth < _MOST_DEEP and isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else key, depth + 1)
    elif depth < _MOST_DEEP and isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{name}[{place}]", depth + 1)
