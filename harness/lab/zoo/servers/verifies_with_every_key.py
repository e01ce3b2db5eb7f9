"""Takes every key of the set for a signing key, whatever its use."""

from collections.abc import Collection
from typing import Any

from harness.lab.target.assembly import Assembly
from harness.lab.target.jwks_source import JwksSource
from harness.lab.target.key_set import KeySet

FINDS = ("SIGN-23",)


def change(target: Assembly) -> None:
    """Read the set as if each key were for signatures."""

    def read(jwks: Any, algorithms: Collection[str]) -> KeySet:
        return KeySet.from_jwks({"keys": [{**jwk, "use": "sig"} for jwk in jwks["keys"]]}, algorithms)

    settings = target.settings
    source = JwksSource(settings["jwks_url"], settings["algorithms"], settings["keys_timeout_s"], read)
    target.keys.fetch = source.fetch
