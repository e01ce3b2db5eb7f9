"""Waits thirty seconds for the key set, and every call with it."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.jwks_source import JwksSource

FINDS = ("KEY-03",)


def change(target: Assembly) -> None:
    """Fetch with a long timeout."""
    settings = target.settings
    target.keys.fetch = JwksSource(settings["jwks_url"], settings["algorithms"], within_s=30.0).fetch
