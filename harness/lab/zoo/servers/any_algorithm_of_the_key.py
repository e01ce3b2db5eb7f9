"""Verifies by whichever algorithm the header names, as long as the key can."""

from collections.abc import Sequence

from jwt.algorithms import get_default_algorithms

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_set import KeySet, VerifyKey
from harness.lab.target.steps import Header
from harness.lab.zoo.seams import put_steps

FINDS = ("SIGN-16",)


ALGORITHM = "RS256"


def change(target: Assembly) -> None:
    """Take the algorithm from the header."""
    right, known = target.steps, get_default_algorithms()

    def check_header(header: Header) -> tuple[str, str]:
        algorithm = header.get("alg")
        if algorithm not in ("RS512", "PS256", "PS512"):
            return right.check_header(header)
        return right.check_header({**header, "alg": "RS256"})[0], str(algorithm)

    def find_keys(keys: KeySet, header: Header, kid: str, algorithm: str) -> Sequence[VerifyKey]:
        found = right.find_keys(keys, header, kid, "RS256")
        return [VerifyKey(known[algorithm], one.key) for one in found]

    put_steps(target, check_header=check_header, find_keys=find_keys)
