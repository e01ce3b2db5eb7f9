"""Gives the whole key set up for one key in it that it does not know."""

from collections.abc import Collection
from typing import Any

import jwt

from harness.lab.target.assembly import Assembly
from harness.lab.target.jwks_source import JwksSource
from harness.lab.target.key_set import KeySet

FINDS = ()
UNSEEN = "the catalogue publishes keys that every verifier knows; the storm strange-key adds one that none does"


def change(target: Assembly) -> None:
    """Read the set all or nothing."""

    def read(jwks: Any, algorithms: Collection[str]) -> KeySet:
        for jwk in jwks["keys"]:
            _require_known(jwk)
        return KeySet.from_jwks(jwks, algorithms)

    settings = target.settings
    if not settings.get("shared_key"):
        target.keys.fetch = JwksSource(settings["jwks_url"], settings["algorithms"], 2.0, read).fetch


def _require_known(jwk: dict[str, Any]) -> None:
    try:
        jwt.PyJWK(jwk)
    except jwt.PyJWTError as error:
        raise ValueError("there is a key that nobody knows") from error
