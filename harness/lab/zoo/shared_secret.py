"""How a verifier of key pairs comes to take an HMAC."""

from collections.abc import Callable, Sequence

from jwt.algorithms import HMACAlgorithm

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_set import KeySet, VerifyKey
from harness.lab.target.steps import Header
from harness.lab.zoo.seams import put_steps


def hmac_by(target: Assembly, secrets: Callable[[KeySet], Sequence[bytes]]) -> None:
    """Verify HS256 with any of these secrets, and all else as before."""
    right, algorithm_of = target.steps, HMACAlgorithm(HMACAlgorithm.SHA256)

    def find_keys(keys: KeySet, header: Header, kid: str, algorithm: str) -> Sequence[VerifyKey]:
        if algorithm != "HS256":
            return right.find_keys(keys, header, kid, algorithm)
        return [VerifyKey(algorithm_of, secret) for secret in secrets(keys)]

    put_steps(target, find_keys=find_keys)
