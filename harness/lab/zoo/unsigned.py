"""How a verifier comes to take a token without a signature."""

from collections.abc import Callable, Sequence

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_set import KeySet, VerifyKey
from harness.lab.target.steps import Header
from harness.lab.zoo.seams import put_steps


def unsigned(target: Assembly, is_none: Callable[[str], bool]) -> None:
    """Let tokens pass whose algorithm is none, by whichever spelling ``is_none`` knows."""
    right = target.steps

    def check_header(header: Header) -> tuple[str, str]:
        algorithm = header.get("alg")
        none = isinstance(algorithm, str) and is_none(algorithm)
        return ("", "none") if none else right.check_header(header)

    def find_keys(keys: KeySet, header: Header, kid: str, algorithm: str) -> Sequence[VerifyKey]:
        return () if algorithm == "none" else right.find_keys(keys, header, kid, algorithm)

    def check_signature(found: Sequence[VerifyKey], message: bytes, signature: bytes) -> None:
        if found:
            right.check_signature(found, message, signature)

    put_steps(target, check_header=check_header, find_keys=find_keys, check_signature=check_signature)
