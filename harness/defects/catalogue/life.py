"""Defects of the life-cycle in a server: streams and verdicts that outlive their token."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

from harness.defects import ACCEPT, REJECT, Allowed, bearer, defect
from harness.defects.bench import Bench, Observation, Observations

_ONCE = Allowed(ACCEPT, "the token is checked when the stream begins", when="streams-checked-once")
_AWAY_S = 600.0


@defect(
    "LIFE-01",
    "a stream that outlives its token",
    allowed=(_ONCE,),
    source="etcd issue 12385: PERMISSION_DENIED, and its own client never recovered",
    fails="The stream lives for ever; or it is cut with a status that tells the client not to come back.",
    fix="Bound the age of connections or streams; cut with UNAUTHENTICATED, so that clients renew and return.",
)
async def immortal_stream(bench: Bench) -> Observations:
    """A bidi stream that is open while its token expires, and says nothing more."""
    good = bench.good
    async with bench.stream(bearer(good.token(exp=int(good.now_s) + 300))) as stream:
        first = await stream.ask("immortal-1")
        await bench.freeze(good.now_s + _AWAY_S)
        ending = await stream.ending()
        await bench.freeze(None)
    yield Observation("before", problem="" if first else "the stream did not begin")
    yield Observation("after", ending.code, text=ending.text)


@defect(
    "LIFE-02",
    "a message after the token's end",
    allowed=(_ONCE,),
    source="bytebase pull request 19238",
    fails="Whoever keeps a stream open keeps the rights of the day on which it began.",
    fix="Check the expiry with each message, or bound the stream's age.",
)
async def stale_message(bench: Bench) -> Observations:
    """A message on a stream whose token has expired."""
    good = bench.good
    async with bench.stream(bearer(good.token(exp=int(good.now_s) + 300))) as stream:
        first = await stream.ask("stale-1")
        await bench.freeze(good.now_s + _AWAY_S)
        answered = await stream.ask("stale-2")
        ending = await stream.ending()
        await bench.freeze(None)
    yield Observation("before", problem="" if first else "the stream did not begin")
    yield Observation("after", ACCEPT if answered and ending.code == ACCEPT else ending.code, text=ending.text)


@defect(
    "LIFE-03",
    "coming back with the old token",
    source="etcd issue 11954",
    fails="A server that rejects with another status is never called again; one that accepts never expires anything.",
    fix="UNAUTHENTICATED for the old token, OK for a new one.",
)
async def comeback(bench: Bench) -> Observations:
    """A token that was good expires; a call with it, and one with the next."""
    good = bench.good
    old, new = (good.token(iat=int(good.now_s) - 60, exp=int(good.now_s) + life_s) for life_s in (300, 3600))
    before = await bench.call(bearer(old))
    await bench.freeze(good.now_s + _AWAY_S)
    after, renewed = await bench.call(bearer(old)), await bench.call(bearer(new))
    await bench.freeze(None)
    yield Observation("before", before.code, ACCEPT)
    yield Observation("after", after.code, text=after.text)
    yield Observation("renewed", renewed.code, ACCEPT)


@defect(
    "LIFE-04",
    "a verdict that outlives its token",
    source="caches of verdicts, keyed on the token's text",
    fails="The cache remembers that a token was good, and not until when.",
    fix="Keep what no clock changes (signature, claims), and compare the dates every time.",
)
async def kept_verdict(bench: Bench) -> Observations:
    """One expired token that the server has seen while it was good, and one that it has not."""
    good = bench.good
    seen, unseen = (good.token(exp=int(good.now_s) + 300, jti=f"life-04-{name}") for name in ("seen", "unseen"))
    first = await bench.call(bearer(seen))
    await bench.freeze(good.now_s + _AWAY_S)
    again, fresh = await bench.call(bearer(seen)), await bench.call(bearer(unseen))
    await bench.freeze(None)
    yield Observation("while good", first.code, ACCEPT)
    yield Observation("seen", again.code, REJECT)
    yield Observation("unseen", fresh.code, REJECT)
