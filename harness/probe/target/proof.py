"""How a side effect is read back, where the user names a method that tells it: ``--proof``."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.clock import wall
from harness.defects.bench import Metadata
from harness.endpoint.methods import Method, Methods
from harness.errors import UsageError
from harness.probe.options import messages_of
from harness.probe.target.carrier import Carrier
from harness.probe.target.messages import Messages
from harness.probe.target.minter import Minter


@dataclass(frozen=True)
class SideEffectProof:
    """A call with a good token that ends OK where the side effect happened."""

    method: Method
    request: Callable[[str], bytes]
    metadata: Callable[[], Metadata] = field(repr=False)


def proof_of(given: str, methods: Methods, carrier: Carrier, minter: Minter | None) -> SideEffectProof | None:
    """Return what ``--proof METHOD=JSON`` names, or None; raises `UsageError`."""
    if not given:
        return None
    if minter is None:
        raise UsageError("--proof reads back with a good token; give --token-file, --token-url or --signing-key")
    named = messages_of("--proof", [given])
    messages, (name,) = Messages(methods, named), named
    method = methods.find(name)
    return SideEffectProof(method, lambda nonce: messages.make(method, nonce), good_metadata(carrier, minter, wall))


def good_metadata(carrier: Carrier, minter: Minter, now: Callable[[], float]) -> Callable[[], Metadata]:
    """Return a function that gives the metadata of a call with a good token, fresh each time."""
    return lambda: carrier.metadata(minter.good(now()).token())
