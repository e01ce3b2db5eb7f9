"""The refusal part: with which status a target turns callers away, where a good token gets through with the same call.

One wrong status for every rejection is one finding, however many rows of the catalogue meet it.
"""

from collections.abc import AsyncIterator, Iterator

from harness.probe.parts import part
from harness.probe.parts.session import ProbeSession
from harness.probe.result import REFUSAL, Finding, Outcome, Piece
from harness.probe.target.credentials import NO_TOKEN
from harness.probe.target.refusals import CRASHED, REJECTED, Met, Refusals
from harness.redaction import redact

_RENEW = "Answer UNAUTHENTICATED: clients renew their token on no other status"
_SUBJECT = "how it turns callers away"
_SOURCE = "grpc/grpc doc/statuscodes.md"
_RETRIED = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED"})


@part(REFUSAL, 5)
async def ask(probe: ProbeSession) -> AsyncIterator[Piece]:
    """Learn how callers are turned away: by what no token, rubbish, a spoilt and an expired one get."""
    replicas = await probe.ready()
    for unready in probe.unready(REFUSAL, _SUBJECT):
        yield unready
    if replicas:
        for finding in findings_of(probe.refusals, replicas[0].asked.subject.path):
            yield finding


def findings_of(refusals: Refusals, path: str) -> Iterator[Finding]:
    """Yield what each status means that callers are turned away with; ``path`` is the method that was called."""
    for code, met in refusals.by_code():
        outcome = _outcome(code, met)
        yield Finding(
            REFUSAL, _SUBJECT, outcome, REJECTED, seen=code, text=_meaning(code, met), method=path,
            way_out="" if code == REJECTED else _RENEW, source=_SOURCE, variant=", ".join(met.credentials),
        )  # fmt: skip


def _outcome(code: str, met: Met) -> Outcome:
    if code == REJECTED:
        return Outcome.PASSED
    if code == "PERMISSION_DENIED" and met.credentials == [NO_TOKEN]:
        return Outcome.ALLOWED
    return Outcome.CRASH_CODE if code in CRASHED else Outcome.WRONG_CODE


def _meaning(code: str, met: Met) -> str:
    if code == REJECTED:
        return ""
    text = redact(met.text)[:80]
    told = f"callers with {' or '.join(met.credentials)} are turned away with {code}{f' (“{text}”)' if text else ''}"
    return f"{told}: {_what_clients_do(code)}"


def _what_clients_do(code: str) -> str:
    if code in CRASHED:
        return "it looks like a crash, and clients do not renew their token on it"
    if code in _RETRIED:
        return "clients try again, with the same token"
    return "clients do not renew their token on it"
