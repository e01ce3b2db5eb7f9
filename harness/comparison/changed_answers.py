"""Verdicts of two builds on the same bad credentials: each that changed, by name."""

from collections.abc import Iterator, Mapping, Sequence

from harness.results.summary import Summary

Matrix = Mapping[str, frozenset[str]]


def changed_verdicts(labels: Sequence[str], summaries: Sequence[Summary]) -> Iterator[str]:
    """Yield a sentence for each specimen that a run answered otherwise than the first one.

    What was sent in one of them only tells nothing, and is left out.
    """
    first = _matrix(summaries[0])
    for label, other in zip(labels[1:], summaries[1:], strict=True):
        matrix = _matrix(other)
        for specimen in sorted(first.keys() & matrix.keys()):
            before, after = first[specimen], matrix[specimen]
            if before != after:
                yield f"{specimen}: {_words(before)} by {labels[0]}, {_words(after)} by {label}"


def _matrix(summary: Summary) -> Matrix:
    """Return the statuses that each specimen got."""
    found: dict[str, frozenset[str]] = {}
    for probe in summary.measures.probes:
        for specimen, answers in probe.answers.items():
            found[specimen] = found.get(specimen, frozenset()) | answers.keys()
    return found


def _words(codes: frozenset[str]) -> str:
    return " or ".join(sorted(codes))
