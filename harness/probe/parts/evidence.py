"""What an answer proves of a call that nobody may make: whether a handler ran, and how sure that is. Pure.

A status is not proof. What is strong: a message came back, a side effect can be read back. What is
fair: a status that only code behind the door gives (NOT_FOUND for an account). What is weak: a method
that is listed and answers UNIMPLEMENTED, so that nothing ran, and no check stood before it either.
"""

import re
from dataclasses import dataclass

from harness.defects.bench import Answer
from harness.probe.result import Outcome
from harness.redaction import redact
from harness.results.classify import classify
from harness.results.grpc_status import CODES
from harness.results.row import Cause, Origin

TURNED_AWAY = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})
CRASHED = frozenset({"UNKNOWN", "INTERNAL", "DATA_LOSS"})
_TRANSPORT = {"UNAVAILABLE", "CANCELLED"}
_OF_HANDLERS = {
    "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
}  # fmt: skip
_CREDENTIALS = re.compile(
    r"\b(auth\w*|unauth\w*|token|jwt|bearer|credential\w*|user ?name|log ?in|permission|access denied|forbidden)\b",
    re.IGNORECASE,
)
"""Words of a check, in whatever status it dresses its answer."""

_ONE_DOOR = "Put the check into one interceptor that every kind of call passes"


@dataclass(frozen=True)
class Weighed:
    """What an answer to a call without valid credentials means, and why."""

    outcome: Outcome
    text: str = ""
    way_out: str = ""


@dataclass(frozen=True)
class Circumstances:
    """What must be known beside the answer.

    ``listed``: the server's own reflection names the method. ``unknown`` is what the server answers to a
    method that does not exist, and ``public`` whether the user declares the method open.
    """

    listed: bool = False
    unknown: Answer | None = None
    public: bool = False


def weigh(answer: Answer, around: Circumstances) -> Weighed:
    """Return what an answer to a call without valid credentials proves."""
    if answer.carried_out and not around.public:
        said = "and answered OK" if answer.code == "OK" else f"and the caller read {answer.code}"
        return Weighed(Outcome.NAKED, f"proven: the side effect was read back, {said}", f"{_ONE_DOOR}, and return it")
    if around.public:
        return _public(answer)
    if answer.code == "UNIMPLEMENTED":
        return _unimplemented(answer, around)
    return _READERS.get(answer.code, _no_answer)(answer)


def _turned_away(answer: Answer) -> Weighed:
    if answer.messages:
        return _naked("strong", f"{_messages(answer)} came back before {answer.code}")
    if answer.code == "PERMISSION_DENIED":
        text = "turned away as a caller without the right, where UNAUTHENTICATED makes clients renew their token"
        return Weighed(Outcome.ALLOWED, text)
    return Weighed(Outcome.PASSED)


def _crashed(answer: Answer) -> Weighed:
    told = (
        "turned away, to go by its words, but with what a crash looks like" if _CREDENTIALS.search(answer.text) else ""
    )
    text = f"{told or 'the server fell over'}: {answer.code}{_saying(answer)}"
    return Weighed(Outcome.CRASH_CODE, text, "Catch everything around the verifier, and reject")


def _ran(answer: Answer) -> Weighed:
    return _naked("strong", f"the handler answered OK{_with_messages(answer)}")


def _public(answer: Answer) -> Weighed:
    if answer.code in TURNED_AWAY:
        text = f"you declare it public, and it answers {answer.code}: callers without a token are locked out"
        return Weighed(Outcome.FALSE_REJECT, text, "Exempt it by its full name, or take it out of --public")
    if answer.code in CRASHED:
        return Weighed(Outcome.CRASH_CODE, f"public, as you declare it, and it fell over{_saying(answer)}")
    if _lost(answer):
        return _no_answer(answer)
    return Weighed(Outcome.PASSED, f"public, as you declare it ({answer.code})")


def _unimplemented(answer: Answer, around: Circumstances) -> Weighed:
    if _same_as_unknown(answer, around.unknown):
        if around.listed:
            return Weighed(Outcome.NOT_CHECKED, "reflection lists it, and the server does not know it")
        text = "the server does not know this method: your descriptors are of another version"
        return Weighed(Outcome.NOT_CHECKED, text, "Give the descriptors of the server that runs")
    if around.unknown is not None and around.unknown.code == "UNIMPLEMENTED" and not around.listed:
        text = "UNIMPLEMENTED, as for a method that does not exist: it may not be served here"
        return Weighed(Outcome.NOT_CHECKED, text, "Let reflection list what is served, or leave it out with --skip")
    return _naked("weak", f"no check stood before its handler, which is not written yet{_saying(answer)}")


def _same_as_unknown(answer: Answer, unknown: Answer | None) -> bool:
    """Return whether the text is that of an unknown method, but for the method's name."""
    if unknown is None or unknown.code != "UNIMPLEMENTED":
        return False
    return _nameless(answer.text) == _nameless(unknown.text)


def _nameless(text: str) -> str:
    return re.sub(r"(method|service) \S+", r"\1", text)


def _of_a_handler(answer: Answer) -> Weighed:
    origin, _ = classify(CODES[answer.code], answer.text, answer.failure_details)
    if origin is Origin.PROXY:
        return Weighed(Outcome.WRONG_CODE, f"a proxy turned it away with {answer.code}{_saying(answer)}")
    if _CREDENTIALS.search(answer.text):
        text = f"turned away, to go by its words, but with {answer.code}{_saying(answer)}"
        return Weighed(
            Outcome.WRONG_CODE, text, "Answer UNAUTHENTICATED: clients renew their token for no other status"
        )
    return _naked("fair", f"{answer.code} comes from behind the door{_saying(answer)}")


def _no_answer(answer: Answer) -> Weighed:
    if answer.messages:
        return _naked("strong", f"{_messages(answer)} came back before {answer.code}")
    if answer.code == "DEADLINE_EXCEEDED":
        text = "it was not turned away before the deadline; nothing proves that its handler ran"
        return Weighed(Outcome.PROBLEM, text, "Reject before the first message is awaited, whatever the method's kind")
    if answer.code == "RESOURCE_EXHAUSTED":
        return Weighed(Outcome.NOT_CHECKED, f"turned away by a limit{_saying(answer)}", "Probe more slowly: --per-s")
    if _lost(answer):
        return Weighed(Outcome.VOID, f"the call was lost on its way{_saying(answer)}")
    text = f"turned away with {answer.code}{_saying(answer)}: clients will try again, with the same token"
    return Weighed(Outcome.WRONG_CODE, text, "Answer UNAUTHENTICATED")


def _lost(answer: Answer) -> bool:
    origin, cause = classify(CODES[answer.code], answer.text, answer.failure_details)
    return answer.code in _TRANSPORT and (origin is Origin.TRANSPORT or cause is Cause.CANCELLED)


def _naked(strength: str, what: str) -> Weighed:
    return Weighed(Outcome.NAKED, f"{strength} evidence: {what}", f"{_ONE_DOOR}, or declare it with --public")


def _with_messages(answer: Answer) -> str:
    return f" with {_messages(answer)}" if answer.messages else ""


def _messages(answer: Answer) -> str:
    return "1 message" if answer.messages == 1 else f"{answer.messages} messages"


def _saying(answer: Answer) -> str:
    text = redact(answer.text)
    return f" (“{text[:80]}{'…' if len(text) > 80 else ''}”)" if text else ""


_READERS = {
    "OK": _ran,
    **dict.fromkeys(TURNED_AWAY, _turned_away),
    **dict.fromkeys(CRASHED, _crashed),
    **dict.fromkeys(_OF_HANDLERS, _of_a_handler),
}
