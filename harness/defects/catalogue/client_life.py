"""Defects of the life-cycle in a client: how it renews its token, and what it does when that fails."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

from dataclasses import replace

from harness.defects import defect
from harness.defects.bench import Observation, Observations
from harness.defects.rehearsal import Rehearsal, RehearsalCounts, Script
from harness.tokens.client_parts import ClientParts

_RENEW = "Renew before the end with a margin and jitter, one renewal for all callers, with a back-off."


@defect(
    "TIME-21",
    "a token that dies on its way",
    source="gcsfuse issue 2766: ten seconds of margin are not enough under load",
    fails="The call fails though a new token would cure it; or it is sent again and again, with the same token.",
    fix="After UNAUTHENTICATED renew and send once more, with the new token; then give up.",
    pitfall="tokens that are not renewed, and calls that do not recover",
    subject="client",
)
async def dies_on_the_way(parts: ClientParts) -> Observations:
    """Calls are under way for longer than the margin, wait for a connection, or are refused whatever they send."""
    late = _play(parts, Script(on_the_way_s=parts.tokens.before_s + 4, calls_per_s=5))
    yield _none_failed("slow network", late)
    queued = _play(parts, Script(queued_s=80, calls_per_s=5))
    yield _none_failed("queued", queued)
    refused = _play(parts, Script(refuse_all=True, calls_per_s=5, duration_s=60))
    yield _most("refused, attempts", max(late.attempts | queued.attempts | refused.attempts), 2)


@defect(
    "LIFE-05",
    "a client whose clock is wrong",
    source="google-auth-library-python issue 787",
    fails="A clock that is behind never renews in time; one that is ahead renews all the time.",
    fix="Renew on UNAUTHENTICATED too, whatever the clock says; reckon with expires_in on a monotonic clock.",
    subject="client",
)
async def wrong_clock(parts: ClientParts) -> Observations:
    """The client's clock is five minutes behind, or ahead; tokens live for fifteen."""
    for name, skew_s in (("behind", -300.0), ("ahead", 300.0)):
        tally = _play(parts, Script(skew_s=skew_s, life_s=900, duration_s=3600, calls_per_s=1))
        yield _none_failed(name, tally)
        yield _most(f"{name}, fetches", tally.fetches, 9)


@defect(
    "LIFE-06",
    "an issuer that is down at renewal",
    source="gRFC A97; aws-sdk-ruby issue 3308: five minutes of failures after one",
    fails="Callers drop a good token or hang on the renewal; all of them ask at once when the issuer is back.",
    fix="Use the old token while it lives; then fail at once; ask again with a back-off.",
    subject="client",
)
async def issuer_down(parts: ClientParts) -> Observations:
    """The issuer is down from before the margin until 40 s after the token's end."""
    end_s = 60.2
    tally = _play(parts, Script(down_from_s=45, down_until_s=100, fetch_s=0.1))
    early = sum(at_s < end_s - 0.1 for at_s in tally.failed_at_s)
    late = sum(at_s > 110 for at_s in tally.failed_at_s)
    yield Observation("old token used", problem=f"{early} calls failed while the old token was good" if early else "")
    yield Observation("recovered", problem=f"{late} calls failed 10 s after the issuer was back" if late else "")
    slow = tally.slowest_failure_s
    yield Observation("failed at once", problem=f"a call took {slow:.1f} s to fail" if slow > 1 else "")
    yield _most("fetches", tally.fetches, 60)


@defect(
    "LIFE-07",
    "the same token again",
    source="google-auth-library-python issues 581 and 863: an endless loop of refreshes",
    fails="The issuer returns its cached token, which is within the margin: every call asks again.",
    fix="After a fetch that changed nothing, back off.",
    subject="client",
)
async def same_token(parts: ClientParts) -> Observations:
    """The issuer gives out one token until it has ended."""
    tally = _play(parts, Script(same_token=True, fetch_s=0.01, calls_per_s=50))
    yield _none_failed("calls", tally)
    yield _most("fetches", tally.fetches, 200)


@defect(
    "LIFE-08",
    "a life that is shorter than the margin",
    source="aws-sdk-java issue 1893: a refresh on every request",
    fails="The token is within its margin from birth: every request renews it.",
    fix="Never let the margin exceed half of the life.",
    subject="client",
)
async def short_life(parts: ClientParts) -> Observations:
    """Tokens live for five seconds, and the margin is ten."""
    tokens = replace(parts.tokens, before_s=max(parts.tokens.before_s, 10))
    tally = _play(replace(parts, tokens=tokens), Script(life_s=5, duration_s=60, fetch_s=0.05))
    yield _none_failed("calls", tally)
    yield _most("fetches", tally.fetches, 40)
    yield _most("fetches at once", tally.most_at_once, 1)


def _play(parts: ClientParts, script: Script) -> RehearsalCounts:
    return Rehearsal(parts, script).run()


def _none_failed(variant: str, tally: RehearsalCounts) -> Observation:
    return Observation(variant, problem=f"{tally.failed} of {tally.calls} calls failed" if tally.failed else "")


def _most(variant: str, value: int, most: int) -> Observation:
    return Observation(variant, problem=f"{value}, where {most} would do" if value > most else "")
