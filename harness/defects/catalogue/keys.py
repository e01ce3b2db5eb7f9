"""Defects of the key set: keys that come, go, or cannot be had."""

# ruff: noqa: D401 - a row's docstring says what the defect is on the wire

from harness.clock import monotonic
from harness.defects import ACCEPT, KEY_PAIRS, REJECT, Allowed, bearer, defect
from harness.defects.bench import Bench, Observation, Observations
from harness.tokens.signer import Signer

_FLOOD = 40


@defect(
    "KEY-01",
    "a new key, used at once",
    expected=ACCEPT,
    source="Envoy issue 39643; Istio issue 10547: up to twenty minutes",
    fails="The set is read again when its time is up and not before: each rotation is an outage.",
    fix="Fetch the set for an unknown kid, once per cooldown.",
    algorithms=KEY_PAIRS,
)
async def new_key(bench: Bench) -> Observations:
    """A token by a key that was published a cooldown ago."""
    good = bench.good
    fresh = Signer.generate(good.signer.algorithm, f"fresh-{good.signer.algorithm.lower()}", good.seed)
    await bench.pause(bench.keys_lifetime_s * 1.2)
    await bench.call(bearer(good.token()))  # reads the set, which is not due by its age then
    await bench.publish({"keys": [*good.jwks()["keys"], fresh.jwk()]})
    await bench.pause(bench.cooldown_s * 1.2)
    answer = await bench.call(bearer(good.token(fresh)))
    await bench.publish(good.jwks())
    yield Observation("", answer.code, text=answer.text)


@defect(
    "KEY-02",
    "an old key that is gone",
    source="Azure AD, 15 March 2021, the other way round: a key that was to stay went",
    fails="Keys are added to the verifier's set and never leave it: a stolen key is good until the next restart.",
    fix="Replace the set, and declare how old it may be.",
    algorithms=KEY_PAIRS,
)
async def old_key(bench: Bench) -> Observations:
    """A token by a key that was taken out of the set, when the set's time is up."""
    good = bench.good
    before = await bench.call(bearer(good.token(good.second)))
    await bench.publish({"keys": [good.signer.jwk()]})
    await bench.pause(bench.keys_lifetime_s * 1.2)
    answer = await bench.call(bearer(good.token(good.second)))
    await bench.publish(good.jwks())
    await bench.pause(bench.keys_lifetime_s * 1.2)
    yield Observation("before", before.code, ACCEPT)
    yield Observation("removed", answer.code, text=answer.text)
    yield Observation("published again", (await bench.call(bearer(good.token(good.second)))).code, ACCEPT)


@defect(
    "KEY-03",
    "a key set that cannot be had",
    expected="UNAVAILABLE",
    allowed=(Allowed(REJECT, "tolerated: the key is unknown; but clients will refresh, which does not help"),),
    source="Envoy issue 13705; PyJWKClient waits 30 s",
    fails="The good keys are dropped, and an outage of the issuer is one of the service; or bad tokens get in.",
    fix="Keep the keys that you have; bound the wait; answer UNAVAILABLE for a key that cannot be looked up.",
    algorithms=KEY_PAIRS,
)
async def no_key_set(bench: Bench) -> Observations:
    """The key set's address answers 500, never answers, or answers an empty set or garbage."""
    good = bench.good
    for trouble in ("error", "empty", "garbage", "hang"):
        await bench.publish(good.jwks(), trouble)
        await bench.pause(bench.keys_lifetime_s * 1.2)
        known = await bench.call(bearer(good.token()))
        unknown = await bench.call(bearer(good.token(good.stranger)))
        await bench.publish(good.jwks())
        yield Observation(f"{trouble}, known key", known.code, ACCEPT)
        yield Observation(f"{trouble}, unknown key", unknown.code, text=unknown.text)
    await bench.pause(bench.cooldown_s * 1.2)
    yield Observation("back", (await bench.call(bearer(good.token(good.second)))).code, ACCEPT)


@defect(
    "KEY-04",
    "a flood of unknown keys",
    source="fastapi-zitadel-auth issue 149; go-oidc issue 482",
    fails="Each unknown kid is a request to the issuer: strangers turn the service against it.",
    fix="One fetch per cooldown, however many unknown keys come.",
    algorithms=KEY_PAIRS,
)
async def flood(bench: Bench) -> Observations:
    """Forty tokens, one after the other, each with a key id of its own."""
    good, before, start_s = bench.good, bench.fetches(), monotonic()
    for number in range(_FLOOD):
        answer = await bench.call(bearer(good.headed(good.stranger, kid=f"unknown-{number}")))
        yield Observation(str(number), answer.code)
    took_s, fetched = monotonic() - start_s, bench.fetches() - before
    most = 2 + took_s / bench.cooldown_s
    yield Observation("fetches", problem=f"{fetched} fetches for {_FLOOD} tokens" if fetched > most else "")


@defect(
    "KEY-05",
    "two keys of one id",
    expected=ACCEPT,
    source="RFC 7517, section 4.5: ids should be unique, and are not always",
    fails="The set is a map by kid, and the last key wins: half of the tokens fail.",
    fix="Try every key of that id and algorithm.",
    algorithms=KEY_PAIRS,
)
async def one_id_for_two(bench: Bench) -> Observations:
    """Two published keys share an id; tokens by each, and by a stranger under that id."""
    good = bench.good
    keys = [key.named("shared") for key in (good.signer, good.second)]
    await bench.publish({"keys": [*good.jwks()["keys"], *(key.jwk() for key in keys)]})
    await bench.pause(max(bench.cooldown_s, bench.keys_lifetime_s) * 1.2)
    for name, key, expected in (
        ("first", keys[0], ACCEPT),
        ("second", keys[1], ACCEPT),
        ("stranger", good.stranger.named("shared"), REJECT),
    ):
        yield Observation(name, (await bench.call(bearer(good.token(key)))).code, expected)
    await bench.publish(good.jwks())
    await bench.pause(bench.keys_lifetime_s * 1.2)
