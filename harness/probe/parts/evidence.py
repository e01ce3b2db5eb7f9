"""What an answer proves of a call that nobody may make: whether a handler ran, and how sure that is. Pure.

Proof is a message that came back, or a side effect that can be read back. A status is none, for messages may be looked
at before callers are: it is held against its *control*, what a good token gets for the same message. Where the two are
alike, nothing is proven, and where they differ, the caller was turned away.
"""

import re
from dataclasses import dataclass, field

from harness.defects.bench import Answer
from harness.defects.leaks import SERVER_CODE, leak
from harness.probe.result import Outcome
from harness.probe.target.asker import same
from harness.probe.target.refusals import CRASHED, REJECTED, Refusals
from harness.redaction import redact
from harness.results.classify import classify
from harness.results.grpc_status import status_number
from harness.results.row import Cause, Origin

NOT_PROVEN = "not proven"
"""How the text begins of a finding that needs another message, or a token, to be one."""
TURNED_AWAY = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})
_TRANSPORT = {"UNAVAILABLE", "CANCELLED"}
_AGAIN = {"UNAVAILABLE", "ABORTED"}
"""Statuses after which clients send the call once more, with the same token."""

_ONE_DOOR = "Put the check into one interceptor that every kind of call passes"
_CATCH = "Catch everything around the verifier, and reject"
_RENEW = "Answer UNAUTHENTICATED: clients renew their token for no other status"


@dataclass(frozen=True)
class Weighed:
    """What an answer to a call without valid credentials means, and why."""

    outcome: Outcome
    text: str = ""
    way_out: str = ""


@dataclass(frozen=True)
class Circumstances:
    """What must be known beside the answer.

    ``listed``: the server's own reflection names the method. ``unknown`` is what the server answers to a method that
    does not exist, and ``public`` whether the user declares the method open. ``control`` is what a good token gets for
    the same message, where that could be asked, and ``wanted`` what to give so that it can; ``bare_refused`` is whether
    the same message was turned away without any token.
    """

    listed: bool = False
    unknown: Answer | None = None
    public: bool = False
    refusals: Refusals = field(default_factory=Refusals)
    control: Answer | None = None
    bare_refused: bool = False
    wanted: str = "Give a good token (--token-file), and a message that it gets through with (--data)"


def unlike(answer: Answer, expected: str) -> tuple[str, str]:
    """Return what a status means that came instead of the right one and let nobody in, and the way out."""
    if answer.own_words:
        return f"{answer.text} instead of an answer", _RENEW
    said = f"{answer.seen}{_saying(answer)}"
    if answer.code in CRASHED:
        return f"the verifier fell over, and let nobody in: {said}", _CATCH
    if expected == "OK":
        return f"a good call ended {said}", "Look for what in this token or message your server stumbles over"
    if answer.code == "UNIMPLEMENTED":
        return f"{said} before any check: strangers can tell what there is", "Check before the method is looked up"
    return f"turned away with {said}: clients {_clients(answer.code)}", f"Answer {expected}"


def settled(answer: Answer, around: Circumstances) -> Weighed | None:
    """Return what an answer means that needs no control, or None where it does."""
    if around.public:
        return _public(answer, around)
    if answer.carried_out:
        said = "and answered OK" if answer.code == "OK" else f"and the caller read {answer.code}"
        return Weighed(Outcome.NAKED, f"proven: the side effect was read back, {said}", f"{_ONE_DOOR}, and return it")
    if answer.code == "OK":
        return _naked(f"the handler answered OK{_with_messages(answer)}")
    if answer.messages:
        return _naked(f"{_messages(answer)} came back before {answer.code}")
    if answer.code == "UNIMPLEMENTED" and (unserved := _unserved(answer, around)):
        return unserved
    return _turned_away(answer, around) or _no_answer(answer)


def weigh(answer: Answer, around: Circumstances) -> Weighed:
    """Return what an answer to a call without valid credentials proves."""
    return settled(answer, around) or _by_control(answer, around)


def _turned_away(answer: Answer, around: Circumstances) -> Weighed | None:
    if answer.code == "PERMISSION_DENIED":
        text = "turned away as a caller without the right, where UNAUTHENTICATED makes clients renew their token"
        return Weighed(Outcome.ALLOWED, text)
    if around.refusals.includes(answer):
        way = (
            ""
            if answer.code == REJECTED
            else f"turned away, in the way that it turns all bad tokens away ({answer.code})"
        )
        return Weighed(Outcome.PASSED, way)
    if _origin(answer) is Origin.PROXY:
        return Weighed(Outcome.WRONG_CODE, f"a proxy turned it away with {answer.code}{_saying(answer)}", _RENEW)
    return None


def _by_control(answer: Answer, around: Circumstances) -> Weighed:
    """Return what an answer means that a check or a handler may have given."""
    control = around.control
    if control is None:
        return _uncontrolled(answer, around.wanted)
    if same(answer, control):
        return _like_a_good_one(answer, around)
    if answer.code in CRASHED:
        text = f"it fell over: {answer.code}{_saying(answer)}, where a good token gets {control.code}"
        return Weighed(Outcome.CRASH_CODE, text, _CATCH)
    return _wrong_code(answer, f"where a good token gets {control.code}")


def _uncontrolled(answer: Answer, wanted: str) -> Weighed:
    if _origin(answer) in {Origin.VERIFIER, Origin.POLICY}:
        return _wrong_code(answer, "in words of a verifier")
    if leak(answer.text, "") == SERVER_CODE:
        return Weighed(Outcome.CRASH_CODE, f"it fell over{_saying(answer)}", _CATCH)
    text = f"{NOT_PROVEN}: {answer.code}{_saying(answer)} may come from before its check or from behind it"
    return Weighed(Outcome.NOT_CHECKED, text, wanted)


def _like_a_good_one(answer: Answer, around: Circumstances) -> Weighed:
    if around.bare_refused:
        return _naked(f"a good token gets the same answer, {answer.code}{_saying(answer)}, and no token does not")
    text = f"{NOT_PROVEN}: a good token gets the same answer, {answer.code}{_saying(answer)}"
    way_out = "Give a message that a good token gets through with (--data), or what it wants beside (--metadata)"
    return Weighed(Outcome.NOT_CHECKED, text, way_out)


def _wrong_code(answer: Answer, how_it_shows: str) -> Weighed:
    text = f"turned away with {answer.code}{_saying(answer)}, {how_it_shows}: clients {_clients(answer.code)}"
    return Weighed(Outcome.WRONG_CODE, text, _RENEW)


def _clients(code: str) -> str:
    return "try again, with the same token" if code in _AGAIN else "do not renew their token on it"


def _public(answer: Answer, around: Circumstances) -> Weighed:
    if answer.code in TURNED_AWAY or around.refusals.includes(answer):
        text = f"you declare it public, and it answers {answer.code}: callers without a token are locked out"
        return Weighed(Outcome.FALSE_REJECT, text, "Exempt it by its full name, or take it out of --public")
    if answer.code in CRASHED:
        return Weighed(Outcome.CRASH_CODE, f"public, as you declare it, and it fell over{_saying(answer)}")
    return _no_answer(answer) or Weighed(Outcome.PASSED, f"public, as you declare it ({answer.code})")


def _unserved(answer: Answer, around: Circumstances) -> Weighed | None:
    """Return what UNIMPLEMENTED means of a method that the server does not serve; None where it may."""
    if _same_as_unknown(answer, around.unknown):
        if around.listed:
            return Weighed(Outcome.NOT_CHECKED, "reflection lists it, and the server does not know it")
        text = "the server does not know this method: your descriptors are of another version"
        return Weighed(Outcome.NOT_CHECKED, text, "Give the descriptors of the server that runs")
    if around.unknown is not None and around.unknown.code == "UNIMPLEMENTED" and not around.listed:
        text = "UNIMPLEMENTED, as for a method that does not exist: it may not be served here"
        return Weighed(Outcome.NOT_CHECKED, text, "Let reflection list what is served, or leave it out with --skip")
    return None


def _same_as_unknown(answer: Answer, unknown: Answer | None) -> bool:
    """Return whether the text is that of an unknown method, but for the method's name."""
    if unknown is None or unknown.code != "UNIMPLEMENTED":
        return False
    return _nameless(answer.text) == _nameless(unknown.text)


def _nameless(text: str) -> str:
    return re.sub(r"(method|service) \S+", r"\1", text)


def _no_answer(answer: Answer) -> Weighed | None:
    """Return what it means that the call was not answered, or None where it was."""
    if answer.code == "DEADLINE_EXCEEDED":
        text = "it was not turned away before the deadline; nothing proves that its handler ran"
        return Weighed(Outcome.PROBLEM, text, "Reject before the first message is awaited, whatever the method's kind")
    if answer.code == "RESOURCE_EXHAUSTED":
        return Weighed(Outcome.NOT_CHECKED, f"turned away by a limit{_saying(answer)}", "Probe more slowly: --per-s")
    if _lost(answer):
        return Weighed(Outcome.VOID, f"the call was lost on its way{_saying(answer)}")
    return None


def _lost(answer: Answer) -> bool:
    if answer.own_words:
        return True
    origin, cause = classify(status_number(answer.code), answer.text, answer.failure_details)
    return answer.code in _TRANSPORT and (origin is Origin.TRANSPORT or cause is Cause.CANCELLED)


def _origin(answer: Answer) -> Origin:
    return classify(status_number(answer.code), answer.text, answer.failure_details)[0]


def _naked(what: str) -> Weighed:
    return Weighed(Outcome.NAKED, f"strong evidence: {what}", f"{_ONE_DOOR}, or declare it with --public")


def _with_messages(answer: Answer) -> str:
    return f" with {_messages(answer)}" if answer.messages else ""


def _messages(answer: Answer) -> str:
    return "1 message" if answer.messages == 1 else f"{answer.messages} messages"


def _saying(answer: Answer) -> str:
    text = redact(answer.text)
    return f" (“{text[:80]}{'…' if len(text) > 80 else ''}”)" if text else ""
