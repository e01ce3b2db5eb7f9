"""The binomial: chances of so many hits of so many tries, and where a tail of them ends. Pure."""

import math

_SERIES_FROM = 16
"""From here on four terms of Stirling's series are exact to the last place."""
_ENOUGH = 1e-17
"""A term that adds less than this share of a sum cannot change it."""
_CLOSE = 4e-15
_MOST_STEPS = 100
"""Six or so are usual."""


def log_chance(hits: int, of: int, chance: float, other: float) -> float:
    """Return the logarithm of the chance of ``hits``, each with a ``chance``; ``other`` is one less the chance.

    Both are asked for, since a chance close to 0 or 1 says little of the other. Correct to a few units of the last
    place for any number of tries: the saddle point stands in for factorials, which overflow at 171.
    Source: Loader, "Fast and accurate computation of binomial probabilities", 2000.
    """
    if hits in {0, of}:
        every = chance if hits else other
        return of * (math.log(every) if every < 0.5 else math.log1p(-(other if hits else chance)))
    misses = of - hits
    spread = 0.5 * math.log(of / (2 * math.pi * hits * misses))
    errors = _stirling_error(of) - _stirling_error(hits) - _stirling_error(misses)
    return spread + errors - _deviance(hits, of * chance) - _deviance(misses, of * other)


def log_least(hits: int, of: int, doubt: float) -> float:
    """Return the logarithm of the chance at which ``hits`` (at least 1) or more come with a chance of ``doubt``.

    Newton's method on the logarithm of the tail over that of the chance: it is concave, so the first step ends below
    the root, and no other passes it. Each step costs about the square root of the tries.
    """
    at = math.log(hits / (of + 1)) - 2 * math.sqrt((of - hits) / of / hits)
    for _ in range(_MOST_STEPS):
        chance, other = math.exp(at), -math.expm1(at)
        beyond = _tail_over_its_first(hits, of, chance / other)
        step = (log_chance(hits, of, chance, other) + math.log(beyond / doubt)) * beyond / hits
        at -= step
        if abs(step) <= _CLOSE * abs(at):
            break
    return at


def _tail_over_its_first(hits: int, of: int, odds: float) -> float:
    """Return the chance of ``hits`` or more over the chance of just so many."""
    total = term = 1.0
    for more in range(hits + 1, of + 1):
        term *= (of - more + 1) / more * odds
        total += term
        if term < _ENOUGH * total:
            break
    return total


def _stirling_error(n: int) -> float:
    """Return what Stirling's formula leaves out of the logarithm of n! (n above 0)."""
    if n < _SERIES_FROM:
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi)
    square = n * n
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / square) / square) / square) / n


def _deviance(seen: int, expected: float) -> float:
    """Return ``seen * log(seen / expected) + expected - seen``, which is small where both are close."""
    off = (seen - expected) / expected
    return expected * ((1 + off) * math.log1p(off) - off)
