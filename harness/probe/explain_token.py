"""Explain: why this very token is turned away, in one paragraph; its text is never in it.

What is known is weighed from the surest down: the token's form, what the target answers, its dates on the
verifier's clock, and how it differs from a token that is accepted.
"""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from harness.defects.bench import Answer
from harness.defects.oracle import Bounds, Edges, Expectation, ValidityWindow, expect
from harness.errors import TokenError, UsageError
from harness.formatting import cause_words, duration
from harness.probe.parts.evidence import TURNED_AWAY
from harness.probe.result import ClockEstimate
from harness.probe.target.asker import origin_of
from harness.redaction import redact
from harness.tokens.forms import Found, find_token
from harness.tokens.freshness import SLACK_S
from harness.tokens.token import SHOWN_CLAIMS, Token

_MOST_BYTES = 4_000_001
"""More than `find_token` takes, in any encoding: a larger file is refused by it."""
_SHOWN = 120
_COMPARED = ("iss", "aud", "scope", "azp", "client_id")
_MILLISECONDS = 10**11


@dataclass(frozen=True)
class Evidence:
    """What is at hand beside the token: times in seconds since the epoch, on this machine's clock.

    ``good`` is a token that the target accepts; ``answer`` what it says to the failing one; ``signs`` whether a
    signing key was given, with which the clock can be measured once there is a target.
    """

    now_s: float
    clock: ClockEstimate | None = None
    answer: Answer | None = None
    good: Token | None = None
    signs: bool = False
    clock_hint: str = ""
    """A sentence on the verifier's clock from who did not measure it."""


def read_token(name: str, stdin: BinaryIO | None = None) -> bytes:
    """Read what holds a token, a file or standard input where the name is ``-``; raises `UsageError`.

    It is never taken from the command line, where every process of the machine can read it.
    """
    if name.count(".") == 2 and name.startswith("eyJ"):
        raise UsageError("that is a token, and every process can read it there; give its file, or - and pipe it in")
    if name == "-":
        return (stdin or sys.stdin.buffer).read(_MOST_BYTES)
    try:
        with Path(name).open("rb") as file:
            return file.read(_MOST_BYTES)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such file"
        raise UsageError(f"token {name}: {why}; give the file of a token, or - for standard input") from error


def explain(data: bytes | str, evidence: Evidence) -> str:
    """Return the paragraph: what the token says, what the clocks say, the reason, and what to change."""
    try:
        found = find_token(data)
    except TokenError as error:
        return f"There is no token: {error}."
    try:
        token = Token.parse(found.token, 0.0)
    except TokenError as error:
        return f"This is no JWT: {error}. {_said(evidence.answer)}".strip()
    reasons = [*_blemishes(found), *_reasons(token, evidence)]
    told = " ".join(reasons) or _nothing(evidence)
    return " ".join(part for part in (_contents(token), _window(token, evidence), _said(evidence.answer), told) if part)


def _blemishes(found: Found) -> Iterator[str]:
    """Yield what stands around the token, which was read past here."""
    if found.notes:
        yield f"Where it lies, {' and '.join(found.notes)}: a client that reads the file as it is sends that, too."


def _contents(token: Token) -> str:
    header = ", ".join(
        f"{name} {_shown(token.header.get(name))}" for name in ("alg", "kid", "typ") if name in token.header
    )
    claims = ", ".join(
        f"{name} {_shown(token.claims[name])}" for name in (*SHOWN_CLAIMS, "scope") if name in token.claims
    )
    return f"The token says {header or 'nothing in its header'}; {claims or 'it has no claims that matter'}."


def _shown(value: object) -> str:
    words = " ".join(str(value).split())
    return f"{words[:_SHOWN]}{'…' if len(words) > _SHOWN else ''}" or "“”"


def _window(token: Token, evidence: Evidence) -> str:
    """Return where now lies in the token's life, on both clocks."""
    parts = []
    if math.isfinite(token.begins_s):
        parts.append(f"from {_utc(token.begins_s)}")
    if math.isfinite(token.ends_s):
        parts.append(f"until {_utc(token.ends_s)} ({_apart(token.ends_s - evidence.now_s)})")
    verb = "was" if token.ends_s < evidence.now_s else "is"
    told = f"It {verb} good {' '.join(parts)}." if parts else "It names neither a beginning nor an end."
    return f"{told} {_clock(evidence)}"


def _clock(evidence: Evidence) -> str:
    clock = evidence.clock
    if clock is None or clock.offset is None or clock.leeway is None or not clock.sound:
        if clock is not None and clock.grace is not None:
            return f"The verifier takes tokens until {_signed(clock.grace.middle_s)} after their end."
        if evidence.clock_hint:
            return evidence.clock_hint
        return f"The verifier's clock is not known; {_why_unmeasured(evidence)}."
    way = "ahead of" if clock.offset.middle_s >= 0 else "behind"
    off = f"{duration(abs(clock.offset.middle_s))} {way} this machine's"
    return f"The verifier's clock is {off}, and it forgives {duration(max(0.0, round(clock.leeway.middle_s, 3)))}."


def _why_unmeasured(evidence: Evidence) -> str:
    if evidence.clock is not None and evidence.clock.doubts:
        return evidence.clock.doubts[0]
    return (
        "give the target's address, and it is measured" if evidence.signs else "give --signing-key, and it is measured"
    )


def _reasons(token: Token, evidence: Evidence) -> Iterator[str]:
    yield from _of_dates(token, evidence)
    yield from _of_form(token)
    if evidence.good is not None:
        yield from _of_differences(token, evidence.good)
    answer = evidence.answer
    if answer is not None and answer.code in TURNED_AWAY:
        _, cause = origin_of(answer)
        if cause not in {"unauthenticated", "expired", "not_yet_valid"}:
            words = cause_words(cause.upper())
            yield f"That says: {words.meaning}. What to do: {words.advice}."


def _of_dates(token: Token, evidence: Evidence) -> Iterator[str]:
    clock, now_s = evidence.clock, evidence.now_s
    for name in ("exp", "nbf", "iat"):
        value = token.claims.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > _MILLISECONDS:
            yield f"{name} counts milliseconds: NumericDates are seconds. Divide by 1,000 at the issuer."
        elif name in token.claims and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield f"{name} is no number: write it as a JSON number of seconds."
    edges = Edges(clock.grace, clock.head_start) if clock and clock.grace and clock.head_start else None
    assumed = edges or Edges(Bounds(-2.0, 302.0), Bounds(-2.0, 302.0))
    expired = expect(ValidityWindow(ends_s=token.ends_s), assumed, now_s, now_s)
    if expired is Expectation.MUST_REJECT:
        yield f"It expired {duration(now_s - token.ends_s)} ago: fetch a new one, and renew before exp."
    elif expired is Expectation.GREY and edges is None and now_s > token.ends_s:
        yield f"It expired {duration(now_s - token.ends_s)} ago, which only a leeway forgives: renew before exp."
    elif expired is Expectation.GREY and edges is not None:
        yield "Its end is so near that the way to the verifier decides: renew with a margin."
    yield from _of_beginnings(token, assumed, now_s, known=edges is not None)


def _of_beginnings(token: Token, edges: Edges, now_s: float, *, known: bool) -> Iterator[str]:
    for name in ("nbf", "iat"):
        begins_s = ValidityWindow.of({"nbf": token.claims.get(name)}).begins_s
        if begins_s > _MILLISECONDS or not math.isfinite(begins_s):
            continue
        if expect(ValidityWindow(begins_s=begins_s), edges, now_s, now_s) is Expectation.MUST_REJECT:
            early_s = begins_s - now_s - edges.head_start.middle_s if known else begins_s - now_s
            yield (
                f"{name} lies {duration(early_s)} ahead of what the verifier takes: the issuer's clock is ahead of it, "
                "or the verifier's is behind. Set both by NTP, date tokens back a little, or allow a leeway."
            )
            return
        if not known and begins_s > now_s + SLACK_S:
            yield (
                f"{name} lies {duration(begins_s - now_s)} ahead of this machine's clock, and only a leeway forgives "
                "that: set the issuer's clock and this one by NTP, or have tokens dated back a little."
            )
            return
    if token.ends_s < now_s - edges.grace.high_s and token.ends_s < token.begins_s:
        yield "It ends before it begins: no clock takes it. Look at the issuer's settings."


def _of_form(token: Token) -> Iterator[str]:
    algorithm = token.header.get("alg")
    if not isinstance(algorithm, str) or algorithm.lower() == "none" or not algorithm:
        yield "It is not signed (alg none): no verifier may take it. Have the issuer sign."
    if token.text.endswith("."):
        yield "Its signature is empty: something on the way cut it off, or the issuer did not sign."
    if "enc" in token.header:
        yield "It is encrypted (JWE), and a verifier of signed tokens cannot read it."


def _of_differences(token: Token, good: Token) -> Iterator[str]:
    for name in _COMPARED:
        ours, theirs = token.claims.get(name), good.claims.get(name)
        if ours != theirs and theirs is not None and not _holds(ours, theirs):
            accepted = f"A token that is accepted has {name} {_shown(theirs)}, and this one {_has(ours)}"
            yield f"{accepted}: ask the issuer for that."
    for name in ("alg", "typ"):
        ours, theirs = token.header.get(name), good.header.get(name)
        if ours != theirs:
            yield f"Its {name} is {_shown(ours)}; that of an accepted token is {_shown(theirs)}."
    if token.header.get("kid") != good.header.get("kid"):
        yield (
            f"It is signed under key {_shown(token.header.get('kid'))}, an accepted one under "
            f"{_shown(good.header.get('kid'))}: see whether the verifier's key set has it."
        )


def _holds(ours: Any, theirs: Any) -> bool:
    """Return whether a list or a space-separated text has all that the other has."""
    mine = ours if isinstance(ours, list) else str(ours).split()
    wanted = theirs if isinstance(theirs, list) else str(theirs).split()
    return ours is not None and all(one in mine for one in wanted)


def _has(value: object) -> str:
    return "has none" if value is None else f"has {_shown(value)}"


def _said(answer: Answer | None) -> str:
    if answer is None:
        return ""
    if answer.code == "OK":
        return "The target accepts it now."
    origin, cause = origin_of(answer)
    text = _shown(redact(answer.text))
    said = f" (“{text}”)" if answer.text else ""
    blame = cause_words(cause.upper()).label if cause != "unauthenticated" else ""
    return f"The target answers {answer.code}{said}{f': {blame}, says the {origin}' if blame else ''}."


def _nothing(evidence: Evidence) -> str:
    if evidence.answer is not None and evidence.answer.code == "OK":
        return (
            "Nothing is wrong with it here; a call that failed with it was sent at another time, or changed on its way."
        )
    if evidence.answer is None:
        return "Its dates and form are right; give the target's address, and it is asked."
    if evidence.good is None:
        return "Its dates and form are right: give a token that works with --token-file, and the two are compared."
    return (
        "It differs from an accepted token in nothing that can be seen: compare its signature's key with the key set."
    )


def _utc(at_s: float) -> str:
    try:
        return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "a date beyond all calendars"


def _apart(seconds: float) -> str:
    return f"in {duration(seconds)}" if seconds >= 0 else f"{duration(-seconds)} ago"


def _signed(seconds: float) -> str:
    return f"{seconds:+.3f} s"
