"""Keys in one line: which algorithms and key ids a verifier takes, and from whom. Pure."""

from collections.abc import Sequence

from harness.probe.result import Finding, Outcome

KEYS = "keys"
_QUESTIONS = {
    "the key's own algorithm": ("OK-01",),
    "no algorithm (none)": ("SIGN-01", "SIGN-02", "SIGN-03", "SIGN-04", "SIGN-05", "SIGN-06"),
    "HMAC by the public key": ("SIGN-09",),
    "HMAC by an empty or a common secret": ("SIGN-10", "SIGN-11"),
    "the key by another algorithm": ("SIGN-16", "SIGN-17"),
    "an unknown kid": ("HEAD-03",),
    "no kid": ("HEAD-04",),
    "a hostile kid": ("HEAD-05",),
    "a key embedded in the header": ("HEAD-01",),
    "a key at the header's address": ("HEAD-02",),
}


def key_summary(findings: Sequence[Finding]) -> Finding:
    """Return what the rows on keys say together."""
    taken, refused, open_ = [], [], []
    for question, rows in _QUESTIONS.items():
        seen = [one for one in findings if one.row in rows and one.seen and one.outcome is not Outcome.VOID]
        if not seen:
            open_.append(question)
        elif any(one.seen == "OK" for one in seen):
            taken.append(question)
        else:
            refused.append(question)
    parts = (("accepted", taken), ("refused", refused), ("not known", open_))
    text = "; ".join(f"{word}: {', '.join(names)}" for word, names in parts if names)
    outcome = Outcome.PASSED if taken or refused else Outcome.NOT_CHECKED
    return Finding(KEYS, "keys and algorithms", outcome, seen=f"{len(taken)} accepted", text=text)
