"""Defects of time: the end, and what else a verifier compares with its clock."""

from harness.defects import ACCEPT, Allowed, DefectCase, Made, bearer, defect
from harness.defects.bench import Bench, Observation, Observations
from harness.defects.good import LEFT_OUT, Good

_NUMBER = "Demand a finite JSON number, of whole or broken seconds, in a range that means a date."
_FAR = (Allowed(ACCEPT, "a date is a date, however far", when="far-dates"),)
_OPTIONAL = (Allowed(ACCEPT, "the standard makes it optional, and so does this server", when="exp-optional"),)


@defect(
    "TIME-01",
    "expired an hour ago",
    source="RFC 7519, section 4.1.4",
    fails="The expiry is never compared: verify_exp is off since a test needed it.",
    fix="Compare exp with the clock, with the leeway that you declare and no more.",
)
def expired(good: Good) -> Made:
    """`exp` lies an hour in the past."""
    return {"": good.token(iat=_ago(good, 7200), exp=_ago(good, 3600))}


@defect(
    "TIME-02",
    "expired a moment ago",
    source="leeways in the field: 0, 30, 60 and 300 s",
    fails="The leeway is another than people think: five minutes by default in one library, none in another.",
    fix="Set the leeway, declare it, and test it. A minute covers clocks that are kept by NTP.",
)
def just_expired(good: Good) -> Made:
    """`exp` lies 2, 30, 59, 61, 299 or 301 s in the past; right is what the declared leeway says."""
    ages = (2, 30, 59, 61, 299, 301)
    issued = _ago(good, 3600)
    return {f"{age} s": DefectCase(good.token(iat=issued, exp=_ago(good, age)), _within(good, age)) for age in ages}


@defect(
    "TIME-03",
    "no end",
    allowed=_OPTIONAL,
    source="RFC 7519, section 4.1.4: optional; RFC 9068, section 2.2: required in access tokens",
    fails="Most libraries accept a token without exp by default: it lives for ever.",
    fix="Require exp.",
)
def no_end(good: Good) -> Made:
    """`exp` is missing."""
    return {"": good.token(exp=LEFT_OUT)}


@defect(
    "TIME-04",
    "an end of another type",
    source="RFC 7519, section 2: a NumericDate is a number",
    fails="null compares as “not set”, true as 1; a list raises TypeError, and the call ends UNKNOWN.",
    fix=_NUMBER,
)
def end_of_another_type(good: Good) -> Made:
    """`exp` is null, true, a list, an object, empty, or a word."""
    values = {"null": "null", "true": "true", "list": "[1]", "object": "{}", "empty": '""', "word": '"never"'}
    return {name: good.written("exp", value) for name, value in values.items()}


@defect(
    "TIME-05",
    "an end in quotes",
    source="RFC 7519, section 4.1.4",
    fails="Three of eight verifiers tried convert the text; the next hop does not, and the two disagree.",
    fix=_NUMBER,
)
def end_in_quotes(good: Good) -> Made:
    """`exp` is a text of digits, in the future."""
    return {"": good.written("exp", f'"{_in(good, 3600)}"')}


@defect(
    "TIME-06",
    "an end before all time",
    source="RFC 7519, section 4.1.4",
    fails="0 is taken for “not set”; a negative number for an unsigned one; -Infinity raises.",
    fix="Compare numbers, and nothing that only looks like one.",
)
def before_time(good: Good) -> Made:
    """`exp` is 0, negative, or beyond what a double holds, below."""
    values = {"zero": "0", "negative": "-1", "far back": "-99999999999", "-1e400": "-1e400", "-Infinity": "-Infinity"}
    return {name: good.written("exp", value) for name, value in values.items()}


@defect(
    "TIME-07",
    "an end at infinity",
    source="1e400 is valid JSON and no finite double; RFC 8259, section 6",
    fails="It parses to infinity, and no clock gets there: three of eight accept it, one raises OverflowError.",
    fix=_NUMBER,
)
def infinite_end(good: Good) -> Made:
    """`exp` is 1e400."""
    return {"": good.written("exp", "1e400")}


@defect(
    "TIME-08",
    "an end that is no JSON",
    source="RFC 8259, section 6: NaN and Infinity are no numbers",
    fails="Python's json takes both by default; every comparison with NaN is false, so that it never expires.",
    fix="Make the parser refuse constants.",
)
def not_a_number(good: Good) -> Made:
    """`exp` is NaN or Infinity."""
    return {value: good.written("exp", value) for value in ("NaN", "Infinity")}


@defect(
    "TIME-09",
    "an end beyond all dates",
    allowed=_FAR,
    source="1e308 is a finite double; 5,000 digits are a JSON number",
    fails="Converting it to a date raises; converting 5,000 digits takes time that grows with their square.",
    fix=_NUMBER,
)
def beyond_dates(good: Good) -> Made:
    """`exp` is 1e308, or a number of 5,000 digits."""
    return {"1e308": good.written("exp", "1e308"), "5,000 digits": good.written("exp", "9" * 5000)}


@defect(
    "TIME-10",
    "an end that overflows",
    allowed=_FAR,
    source="2^53, 2^63 and 2^64 are where doubles and integers end",
    fails="An end that is far away wraps to a past or a near one: two hops disagree on whether it lives.",
    fix=_NUMBER,
)
def overflowing(good: Good) -> Made:
    """`exp` is 2^53 + 1, 2^63, or 2^64 and a past date."""
    values = {"2^53+1": 2**53 + 1, "2^63": 2**63, "2^64+past": 2**64 + _ago(good, 3600)}
    return {name: good.token(exp=value) for name, value in values.items()}


@defect(
    "TIME-11",
    "an end in milliseconds",
    allowed=_FAR,
    source="JavaScript's Date.now(); Envoy max_lifetime",
    fails="The commonest mistake of issuers: the token lives for fifty thousand years, and everything works.",
    fix="Refuse a lifetime beyond what your issuer promises.",
)
def milliseconds(good: Good) -> Made:
    """`exp` counts milliseconds since the epoch."""
    return {"": good.token(exp=_in(good, 3600) * 1000)}


@defect(
    "TIME-12",
    "two ends",
    allowed=(Allowed(ACCEPT, "the last member counts, at every hop alike", when="last-member"),),
    source="RFC 7519, section 4: names must be unique, or the last one counts",
    fails="A proxy reads the first and the server the last: an expired token passes one of them.",
    fix="Reject an object in which a name stands twice.",
)
def two_ends(good: Good) -> Made:
    """`exp` stands twice, once in the past and once in the future."""
    past, future = str(_ago(good, 3600)), str(_in(good, 3600))
    return {"past first": good.written("exp", past, future), "future first": good.written("exp", future, past)}


@defect(
    "TIME-13",
    "an end under another name",
    allowed=_OPTIONAL,
    source="RFC 7515, section 4: names are case-sensitive",
    fails="Go's struct decoding ignores case: EXP sets exp, and a parser before it saw none.",
    fix="Require exp by its exact name.",
)
def renamed(good: Good) -> Made:
    """`EXP` in the future, and no `exp`."""
    return {"EXP": good.token(exp=LEFT_OUT, EXP=_in(good, 3600)), "Exp": good.token(exp=LEFT_OUT, Exp=_in(good, 3600))}


@defect(
    "TIME-14",
    "not valid for another hour",
    source="RFC 7519, section 4.1.5",
    fails="nbf is not compared by default in some libraries.",
    fix="Compare nbf with the clock.",
)
def not_yet(good: Good) -> Made:
    """`nbf` lies an hour ahead."""
    return {"": good.token(nbf=_in(good, 3600), exp=_in(good, 7200))}


@defect(
    "TIME-15",
    "not valid for another moment",
    source="leeways in the field: 0, 30 and 60 s",
    fails="An issuer whose clock is a second ahead mints tokens that a fast network delivers too early.",
    fix="Declare a leeway on both sides, or date nbf back a little at the issuer.",
)
def almost(good: Good) -> Made:
    """`nbf` lies 5, 30, 61 or 301 s ahead; right is what the declared leeway says."""
    return {
        f"{ahead} s": DefectCase(good.token(nbf=_in(good, ahead)), _within(good, ahead)) for ahead in (5, 30, 61, 301)
    }


@defect(
    "TIME-16",
    "a beginning that is no date",
    source="RFC 7519, section 4.1.5",
    fails="A text raises TypeError in the comparison, and the call ends UNKNOWN.",
    fix=_NUMBER,
)
def strange_beginning(good: Good) -> Made:
    """`nbf` is a word, digits in quotes, infinite, or null."""
    values = {"word": '"x"', "quotes": f'"{_ago(good, 60)}"', "1e400": "1e400", "null": "null"}
    return {name: good.written("nbf", value) for name, value in values.items()}


@defect(
    "TIME-17",
    "issued in an hour",
    allowed=(Allowed(ACCEPT, "the standard does not ask to compare iat; what counts is that it does not change"),),
    source="RFC 7519, section 4.1.6",
    fails="Libraries disagree, and clocks that are a moment apart make good tokens fail on fast networks only.",
    fix="Compare iat with the leeway, or not at all, and say which.",
)
def issued_ahead(good: Good) -> Made:
    """`iat` lies an hour ahead."""
    return {"": good.token(iat=_in(good, 3600), exp=_in(good, 7200))}


@defect(
    "TIME-18",
    "an issue date that is none",
    allowed=(Allowed(ACCEPT, "iat is not read", when="iat-unread"),),
    source="RFC 7519, section 4.1.6: must be a number",
    fails="A maximum age that is computed from it raises, or is NaN and never reached.",
    fix=_NUMBER,
)
def strange_issue(good: Good) -> Made:
    """`iat` is a word, infinite, or null."""
    return {value.strip('"'): good.written("iat", value) for value in ('"x"', "1e400", "null")}


@defect(
    "TIME-19",
    "an end before the beginning",
    allowed=(Allowed(ACCEPT, "each date is compared with the clock only", when="dates-apart"),),
    source="RFC 7519, section 4.1",
    fails="An issuer with a broken clock or settings goes unnoticed.",
    fix="Reject a token that could never be valid.",
)
def end_before_beginning(good: Good) -> Made:
    """`iat` or `nbf` lies behind `exp`, and all of them ahead."""
    late, end = _in(good, 7200), _in(good, 3600)
    return {"iat": good.token(iat=late, exp=end), "nbf": good.token(nbf=late, exp=end)}


@defect(
    "TIME-20",
    "a life of ten years",
    expected=ACCEPT,
    allowed=(Allowed("UNAUTHENTICATED", "the server bounds the lifetime, as GitHub does at ten minutes"),),
    source="RFC 8725; GitHub Apps: ten minutes at most",
    fails="A token that leaks is good until the key changes.",
    fix="Bound the lifetime at the issuer, and in the verifier as well.",
)
def ten_years(good: Good) -> Made:
    """`exp` lies ten years ahead."""
    return {"": good.token(exp=_in(good, 10 * 365 * 86_400))}


@defect(
    "TIME-22",
    "an end between two seconds",
    source="RFC 7519, section 2: a NumericDate may hold a fraction",
    fails="Some verifiers round the date or the clock; the last half second of a token depends on the build.",
    fix="Compare numbers without rounding.",
)
async def half_second(bench: Bench) -> Observations:
    """`exp` is half a second past a whole one, and the target's clock stands a quarter before and behind it."""
    end_s = int(bench.good.now_s) + 1800.5
    token = bench.good.token(exp=end_s)
    try:
        for name, at_s, expected in (("before", end_s - 0.25, ""), ("behind", end_s + 0.25, "UNAUTHENTICATED")):
            await bench.freeze(at_s + bench.good.leeway_s)
            answer = await bench.call(bearer(token))
            # Before it both answers occur in the field: a date that is cut to a whole second has ended.
            known = answer.code in (ACCEPT, "UNAUTHENTICATED")
            yield Observation(name, answer.code, expected or (answer.code if known else ACCEPT))
    finally:
        await bench.freeze(None)


def _ago(good: Good, seconds: int) -> int:
    return int(good.now_s) - seconds


def _in(good: Good, seconds: int) -> int:
    return int(good.now_s) + seconds


def _within(good: Good, seconds: int) -> str:
    return ACCEPT if seconds < good.leeway_s else "UNAUTHENTICATED"
