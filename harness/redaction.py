"""Redaction: texts of others without the tokens that they may repeat."""

import re

_ATTRIBUTES = ("realm", "error", "scope")
"""What a challenge tells behind the scheme: `WWW-Authenticate: Bearer realm="x"`."""
_WORDS = frozenset(
    f"""
    token tokens jwt jwts type schema scheme format header headers auth authentication authenticate authorization
    authorisation authorized authorised credential credentials key keys missing required requires invalid expired
    malformed is was were are be been not no none or and in on of by to for from with without must should may can cannot
    could has have prefix value metadata challenge assertion a an the this that expected found provided supplied given
    rejected refused only but method request call {" ".join(_ATTRIBUTES)}
    """.split()
)
"""What stands behind "bearer" where people write of tokens and show none."""
_BETWEEN = r"[\s:=,;'\"`“”<{\[(]"
_TOKEN_LIKE = re.compile(
    r"(?<![\w-])[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)+"  # three parts or more; begins at a word, so that it is linear
    r"|eyJ[\w-]{5,}(?:\.[\w-]*)*"  # what begins as a JWT's header does, however little of it is there
)
_HIDDEN_BEARER = re.compile(r"(?i:bearer)\s+\[token\]")
_WORD = rf"(?i:{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![\w.~+/-])"
_BEARER = re.compile(
    rf"(?P<scheme>(?i:bearer))(?P<words>(?:{_BETWEEN}+{_WORD})*)"
    rf"(?P<between>{_BETWEEN}+)(?P<value>[\w.~+/-]*\w[\w.~+/-]*)"
)
_HIDDEN = "[token]"
_LONG = 16


_SHORTEST = 4
_secrets: set[str] = set()


def conceal(secret: str) -> None:
    """Keep a secret of the user's out of every text that `redact` returns from now on; very short ones are none."""
    if len(secret) >= _SHORTEST:
        _secrets.add(secret)


def redact(text: str) -> str:
    """Return a server's text without a known secret or what looks like a token, in one line of 200 characters."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    bare = _TOKEN_LIKE.sub(_HIDDEN, " ".join(text.split()))
    return _BEARER.sub(_without_value, _HIDDEN_BEARER.sub(_HIDDEN, bare))[:200]


def _without_value(found: re.Match[str]) -> str:
    """Return what speaks of a bearer without the token that it shows, where it shows one."""
    between, value = found["between"], found["value"]
    if value.lower().rstrip(".") in _WORDS:
        return found[0]
    if not found["words"] and between.isspace():
        return _HIDDEN
    if found["words"].lower().endswith(_ATTRIBUTES):
        return found[0]
    shown = bool(set(between) & set(":=")) and not found.string[found.end() :].strip(" '\"`”>})].")
    return f"{found['scheme']}{found['words']}{between}{_HIDDEN}" if shown or _looks_made(value) else found[0]


def _looks_made(value: str) -> bool:
    """Return whether a word is none of a language: it holds digits or capitals, or is very long."""
    inner = value.rstrip(".")
    return len(inner) >= _LONG or not inner.isalpha() or inner[1:] != inner[1:].lower()
