"""The choice of a subject: the call that verdicts are tried on. It must go through with a good token."""

from collections.abc import Callable, Iterable

from harness.defects.bench import Answer
from harness.endpoint.methods import READS, Method, Methods
from harness.probe.target.asker import Asker, Subject, same
from harness.probe.target.messages import Messages
from harness.probe.target.openness import INFRASTRUCTURE, Openness
from harness.redaction import redact

_MOST_TRIED = 24


async def choose(
    ask: Callable[[Subject], Asker],
    methods: Methods,
    messages: Messages,
    openness: Openness,
    token: Callable[[], str],
    named: str = "",
) -> tuple[Subject | None, str]:
    """Return a call that goes through with a good token and not without one, or None and why there is none.

    Without a name only unary methods are tried that the user gave a message for, or that read by their name;
    one that ends OK is best, but any answer that a handler gives will do. Raises `UsageError` for a name that
    is not served.
    """
    tried: list[str] = []
    second: Subject | None = None
    for method in [methods.find(named)] if named else list(candidates(methods, messages, openness))[:_MOST_TRIED]:
        subject = Subject(method.path, method.kind, messages.make(method, "jwtstorm-subject"))
        answer, through = await _tried(ask(subject), token(), named=bool(named))
        if through and (answer.code == "OK" or named):
            return subject, ""
        second = second or (subject if through else None)
        tried.append(f"{method.path.lstrip('/')}: {_said(answer)}")
    if second is not None:
        return second, ""
    if not tried:
        return None, "no unary method reads by its name; give --method, and --data for its message"
    why = f"no guarded call goes through with the good token ({'; '.join(tried[:3])})"
    return None, f"{why}; give --method and --data, or compare the token with what the target wants"


async def _tried(asker: Asker, token: str, *, named: bool) -> tuple[Answer, bool]:
    """Return the answer to a good call, and whether it came from behind a door that is shut without a token."""
    try:
        answer = await asker.with_token(token)
        if not asker.settles(answer):
            return answer, False
        return answer, named or not same(await asker.call(()), answer)
    finally:
        await asker.close()


def candidates(methods: Methods, messages: Messages, openness: Openness) -> Iterable[Method]:
    """Yield unary methods that may be called with a good token, those that read and have a message first."""
    fit = [
        method
        for method in methods
        if method.kind == "unary"
        and method.service not in INFRASTRUCTURE
        and not openness.skips(method.path)
        and not openness.is_public(method.path)
        and messages.can_make(method)
    ]
    yield from (method for method in fit if messages.given(method.path) and READS.match(method.name))
    yield from (method for method in fit if not messages.given(method.path) and READS.match(method.name))
    yield from (method for method in fit if messages.given(method.path) and not READS.match(method.name))


def _said(answer: Answer) -> str:
    text = redact(answer.text)[:80]
    return f"{answer.code} “{text}”" if text else answer.code
