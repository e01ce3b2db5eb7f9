"""Stale token: something in between keeps a token and sends it again in the place of newer ones."""

from dataclasses import dataclass

from harness.lab.gateway.faults import GatewayFault, Opening
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.treatment import Treatment


@dataclass(frozen=True, kw_only=True)
class StaleToken(GatewayFault, kind="stale_token"):
    """Let all calls of a copy bear the token that its first call under the fault bore."""

    key: str = "authorization"

    def touch(self, opening: Opening, treatment: Treatment) -> None:
        """Remember the copy's token, or send the remembered one."""
        key = self.key.encode()
        token = next((field.value for field in opening.fields if field.name == key), None)
        if token is None:
            return
        stale = opening.memory.setdefault(opening.connection.copy, token)

        def replayed(fields: Fields) -> Fields:
            return tuple(field._replace(value=stale) if field.name == key else field for field in fields)

        if stale != token:
            treatment.request.append(replayed)
