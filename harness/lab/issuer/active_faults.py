"""The faults in force in the issuer, as its endpoints ask them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.faults.in_issuer import IssuerFault, IssuerSeams, KeysAnswer, Minting, TokenRefusal

Sign = Callable[[Mapping[str, Any]], str]


@dataclass
class ActiveFaults:
    """Faults by their step, in the order in which they began."""

    _in_force: dict[str, tuple[IssuerFault, IssuerSeams]] = field(default_factory=dict)

    def begin(self, step: str, fault: IssuerFault) -> None:
        """Put a fault in force."""
        self._in_force[step] = fault, fault.begin()

    def end(self, step: str) -> None:
        """End a step's fault, if it has one."""
        self._in_force.pop(step, None)

    def to_json(self) -> dict[str, Any]:
        """Tell what is in force."""
        return {step: fault.order() for step, (fault, _) in self._in_force.items()}

    async def refusal(self) -> TokenRefusal | None:
        """Let a token request pass every fault; return the first refusal."""
        for seams in self._seams():
            if refusal := await seams.on_token_request():
                return refusal
        return None

    def minted(self, claims: Mapping[str, Any], last: str, sign: Sign) -> str:
        """Return the token that comes of claims, past every fault."""
        for seams in self._seams():
            sign = _through(seams, last, sign)
        return sign(claims)

    async def published(self, keys: Mapping[str, Any]) -> Mapping[str, Any] | KeysAnswer:
        """Return the key set as it is published, past every fault."""
        for seams in self._seams():
            found = await seams.on_keys(keys)
            if isinstance(found, KeysAnswer):
                return found
            keys = found
        return keys

    def _seams(self) -> list[IssuerSeams]:
        return [seams for _, seams in self._in_force.values()]


def _through(seams: IssuerSeams, last: str, sign: Sign) -> Sign:
    return lambda claims: seams.on_mint(Minting(claims, last, sign))
