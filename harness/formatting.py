"""Numbers and names as a person reads them: in sentences, titles and tables."""

import math
from dataclasses import dataclass


def percent(ratio: float | None) -> str:
    """Return a ratio in percent with two digits that count, such as ``0.42 %``."""
    if ratio is None:
        return "no data"
    value = ratio * 100
    if value == 0 or abs(value) >= 10:
        return f"{value:.3g} %"
    return f"{value:.2g} %"


def duration(seconds: float | None) -> str:
    """Return a duration with a unit that fits: ``250 ms``, ``1.43 s``, ``90 s``, ``0 s``."""
    if seconds is None:
        return "no data"
    size = abs(seconds)
    if size == 0:
        return "0 s"
    if size < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if size < 0.1:
        return f"{seconds * 1e3:.3g} ms"
    if size < 1:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds:.3g} s" if size < 100 else f"{seconds:.0f} s"


def number(value: float | None) -> str:
    """Return a count with thousands separated, such as ``12,000``."""
    if value is None:
        return "no data"
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:,.3g}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 call`` or ``12,000 calls``."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def signed(value: float) -> str:
    """Return a change with its sign and two digits that count, never as a power of ten: ``+9.4``, ``-120``."""
    return f"{value:+.2g}" if abs(value) < LARGE else f"{value:+,.0f}"


LARGE = 99.5


def quantile_name(quantile: float) -> str:
    """Return ``p99`` for 0.99 and ``p99.9`` for 0.999."""
    return f"p{quantile * 100:.6g}"


def phase_words(phase: str) -> str:
    """Return a phase as it stands inside a sentence."""
    if phase.startswith("recovery:"):
        return f"in the recovery after {phase.removeprefix('recovery:')}"
    fixed = {"steady": "in steady state", "warm-up": "in warm-up", "all": "in the whole run"}
    return fixed.get(phase, f"during {phase}")


@dataclass(frozen=True)
class CauseWords:
    """What a cause of failure means, and what to look at first."""

    label: str
    meaning: str
    advice: str


_UNKNOWN = CauseWords("other", "nothing says why", "read the example's code and details")

CAUSE_WORDS = {
    "EXPIRED": CauseWords(
        "token expired",
        "the verifier saw a token past its end of life (exp)",
        "refresh before the end of life with a margin above network delay plus clock skew, "
        "and retry once after UNAUTHENTICATED with a new token",
    ),
    "NOT_YET_VALID": CauseWords(
        "token not yet valid",
        "the verifier's clock is behind the issuer's: nbf or iat lies in its future",
        "allow the verifier some leeway, and compare the two clocks",
    ),
    "BAD_SIGNATURE": CauseWords(
        "bad signature", "the signature does not fit the key", "look for a key that was replaced under the same kid"
    ),
    "UNKNOWN_KEY": CauseWords(
        "unknown key",
        "the token's kid is in no key set that the verifier knows",
        "publish a new key before signing with it, and let the verifier fetch again on an unknown kid",
    ),
    "WRONG_ALGORITHM": CauseWords("wrong algorithm", "alg is not the one of the key", "sign with the key's algorithm"),
    "WRONG_AUDIENCE": CauseWords("wrong audience", "aud names another service", "ask the issuer for this audience"),
    "WRONG_ISSUER": CauseWords("wrong issuer", "iss is not the one the verifier trusts", "compare both issuer URLs"),
    "MISSING_CLAIM": CauseWords("claim missing", "a claim that the verifier requires is absent", "mint the claim"),
    "MISSING_METADATA": CauseWords(
        "no token sent", "the call carried no authorization metadata", "attach it, and spell the key in lower case"
    ),
    "MALFORMED": CauseWords(
        "malformed token",
        "what came is no JWT that the verifier can read",
        "decode it: look at the scheme before it, at truncation on the way, and at the types of its dates",
    ),
    "REVOKED": CauseWords(
        "token revoked", "the issuer withdrew the token before its exp", "drop a token that was refused and fetch anew"
    ),
    "KEYS_UNAVAILABLE": CauseWords(
        "keys unavailable",
        "the verifier could not get its key set",
        "keep the last good key set while the key server is away",
    ),
    "UNAUTHENTICATED": CauseWords(
        "turned away",
        "the server turned the call away, and neither its text nor its details name a cause",
        "read the details and the server's log, and let the server name the cause (ErrorInfo, www-authenticate)",
    ),
    "DENIED": CauseWords("denied", "known, but not allowed", "compare the scopes that the method asks for"),
    "UNREACHABLE": CauseWords(
        "unreachable", "no connection could be made", "back off between attempts, and ask whether the server was up"
    ),
    "CONNECTION_LOST": CauseWords(
        "connection lost", "the connection broke under the call", "retry calls that are safe to repeat"
    ),
    "DEADLINE": CauseWords(
        "deadline passed", "no answer within the call's deadline", "see whether the target or the network was slow"
    ),
    "CANCELLED": CauseWords("cancelled", "one side gave up", "see which side cancels, and when"),
    "OVERLOAD": CauseWords(
        "overload", "RESOURCE_EXHAUSTED: the server refused for lack of room", "offer less, or back off"
    ),
    "TOO_LARGE": CauseWords("too large", "message or metadata above a size limit", "raise the limit, or send less"),
    "ILLEGAL_METADATA": CauseWords(
        "illegal metadata", "the client's own library refused the header", "look for control or upper-case characters"
    ),
    "NO_SUCH_METHOD": CauseWords("no such method", "the server does not know the method", "compare the proto files"),
    "BAD_REQUEST": CauseWords("bad request", "the handler refused the request", "look at the request the task builds"),
    "STREAM_LIMIT": CauseWords(
        "stream refused",
        "the server takes no more calls at once on one connection (REFUSED_STREAM)",
        "give the client more connections (--connections), or raise the server's limit of concurrent streams",
    ),
    "HTTP_ANSWER": CauseWords(
        "answered in HTTP",
        "something in between answered, and not in gRPC: a proxy, a load balancer, a login page",
        "look at the HTTP status, and at what listens at this address; ask the server behind it directly",
    ),
    "CRASH": CauseWords("server error", "UNKNOWN, INTERNAL or DATA_LOSS", "read the server's log at that second"),
    "UNAVAILABLE": CauseWords("unavailable", "the server answered UNAVAILABLE", "read the server's log at that second"),
    "BAD_CLIENT": CauseWords(
        "client refused", "the issuer refused the client's credentials", "check the client id and its secret"
    ),
    "RATE_LIMITED": CauseWords(
        "rate limited",
        "the issuer asked for fewer token requests",
        "share one refresh among callers, and honour Retry-After",
    ),
    "BAD_RESPONSE": CauseWords(
        "bad token answer", "the issuer's answer was no token response", "read the issuer's log at that second"
    ),
    "SAME_TOKEN": CauseWords(
        "same token again",
        "the source gave a token again that had been refused",
        "let the source drop a token that was refused, and do not cache beyond its end",
    ),
    "LATE": CauseWords("never sent", "no user was free in time", "give more users, or see why calls took so long"),
    "STOPPED": CauseWords("cut by the end", "the run ended while the call was queued or in flight", "nothing to mend"),
    "NO_CALL": CauseWords("no call made", "the task ended without a call", "look at the task's code"),
    "OTHER": _UNKNOWN,
}


def cause_words(cause: str) -> CauseWords:
    """Return the words for a cause's name."""
    return CAUSE_WORDS.get(cause, CauseWords(cause.lower().replace("_", " "), _UNKNOWN.meaning, _UNKNOWN.advice))
