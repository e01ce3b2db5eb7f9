"""Ignores `kid`, and tries all keys of the set."""

from collections.abc import Sequence

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_set import KeySet, VerifyKey
from harness.lab.target.steps import Header
from harness.lab.zoo.seams import put_steps

FINDS = ("HEAD-03", "HEAD-05", "KEY-01")


def change(target: Assembly) -> None:
    """Find all keys of the algorithm."""

    def find_keys(keys: KeySet, header: Header, kid: str, algorithm: str) -> Sequence[VerifyKey]:
        return [one for (_, name), found in keys.keys.items() if name == algorithm for one in found]

    put_steps(target, find_keys=find_keys)
