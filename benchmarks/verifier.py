"""Measure what the target's strict verifier costs per call, beside plain PyJWT."""

import argparse
import time
from collections.abc import Callable

import jwt

from harness.defects import ALGORITHMS
from harness.defects.good import Good
from harness.lab.target.key_set import KeySet
from harness.lab.target.verdict import VerifierSettings
from harness.lab.target.verifier import Verifier
from harness.results.row import Cause

REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
ROUNDS = 5


def each_us(judge: Callable[[str], object], tokens: list[str]) -> float:
    """Return the least time per token of several rounds, in µs: the rest is other people's work."""
    times_s = []
    for _ in range(ROUNDS):
        start_s = time.perf_counter()
        for token in tokens:
            judge(token)
        times_s.append(time.perf_counter() - start_s)
    return min(times_s) / len(tokens) * 1e6


def measure(algorithm: str, count: int) -> tuple[float, float, float]:
    """Return µs per call: plain PyJWT; ours where each token is new; ours where it was seen before."""
    good = Good.of(algorithm, "https://issuer.example", "ledger", time.time())
    tokens = [good.token(jti=str(number)) for number in range(count)]
    now_s, settings = time.time(), VerifierSettings(good.issuer, good.audience)
    if algorithm == "HS256":
        key, keys = good.signer.key, KeySet.shared(good.signer.kid, good.signer.key.decode())
    else:
        key, keys = good.signer.key.public_key(), KeySet.from_jwks(good.jwks(), ALGORITHMS)

    def plain(token: str) -> object:
        return jwt.decode(
            token, key, [algorithm], audience=good.audience, issuer=good.issuer, options={"require": REQUIRED}
        )

    new, seen = Verifier(), Verifier()
    assert all(seen(token, keys, settings, now_s).cause is Cause.OK for token in tokens)

    def unseen(token: str) -> object:
        new._signed_claims.cache_clear()  # noqa: SLF001 - what is measured is the way without it
        return new(token, keys, settings, now_s)

    return (
        each_us(plain, tokens),
        each_us(unseen, tokens),
        each_us(lambda token: seen(token, keys, settings, now_s), tokens),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few tokens: shows that it works")
    count = 50 if parser.parse_args().quick else 2_000
    print("| algorithm | PyJWT, µs | new token, µs | ratio | seen token, µs | ratio |\n|---|---|---|---|---|---|")
    for algorithm in sorted(ALGORITHMS):
        plain, new, seen = measure(algorithm, count)
        print(f"| {algorithm} | {plain:.0f} | {new:.0f} | {new / plain:.2f} | {seen:.1f} | {seen / plain:.3f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
