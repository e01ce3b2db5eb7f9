"""The choice of a subject: the call that verdicts are tried on. It must go through with a good token."""

import re
from collections.abc import Callable, Iterable

from harness.auth.defects.bench import Answer
from harness.endpoint.methods import Method, Methods
from harness.probe.asker import Asker, Subject
from harness.probe.coverage import INFRASTRUCTURE
from harness.probe.messages import Messages
from harness.probe.openness import Openness

_READS = re.compile(r"(Get|List|Find|Check|Describe|Read|Show|Who|Search|Query|Range|Status|Count|Lookup|Fetch|Echo)")
_MOST_TRIED = 12


async def choose(
    ask: Callable[[Subject], Asker],
    methods: Methods,
    messages: Messages,
    openness: Openness,
    token: Callable[[], str],
    named: str = "",
) -> tuple[Subject | None, str]:
    """Return a call that ends OK with a good token and not without one, or None and why there is none.

    Without a name only unary methods are tried that the user gave a message for, or that read by their name.
    Raises `UsageError` for a name that is not served.
    """
    tried: list[str] = []
    for method in [methods.find(named)] if named else list(_candidates(methods, messages, openness))[:_MOST_TRIED]:
        subject = Subject(method.path, method.kind, messages.make(method, "jwtstorm-subject"))
        asker = ask(subject)
        try:
            answer = await asker.with_token(token())
            if asker.settles(answer) if named else answer.code == "OK":
                return subject, ""
        finally:
            await asker.close()
        tried.append(f"{method.path.lstrip('/')}: {_said(answer)}")
    if not tried:
        return None, "no unary method reads by its name; give --method, and --data for its message"
    return (
        None,
        f"no call succeeds with the good token ({'; '.join(tried[:3])}); give --method and --data, or look at it",
    )


def _candidates(methods: Methods, messages: Messages, openness: Openness) -> Iterable[Method]:
    fit = [
        method
        for method in methods
        if method.kind == "unary"
        and method.service not in INFRASTRUCTURE
        and not openness.skips(method.path)
        and not openness.is_public(method.path)
    ]
    yield from (method for method in fit if messages.given(method.path) and _READS.match(method.name))
    yield from (method for method in fit if not messages.given(method.path) and _READS.match(method.name))
    yield from (method for method in fit if messages.given(method.path) and not _READS.match(method.name))


def _said(answer: Answer) -> str:
    text = " ".join(answer.text.split())[:80]
    return f"{answer.code} “{text}”" if text else answer.code
