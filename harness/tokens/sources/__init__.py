"""Token sources, one file each: settings that a scenario writes down, and what they open to.

A source joins by a decorator on its settings, and scenarios import it from `harness` under its class's name.
"""

from typing import TypeVar

from harness.registry import Registry
from harness.tokens.source import SourceSettings

Settings = TypeVar("Settings", bound=type[SourceSettings])

SOURCES: Registry[type[SourceSettings]] = Registry("token source", "harness.tokens.sources")
"""The settings of every token source, by their class's name."""


def token_source(settings: Settings) -> Settings:
    """Register a source's settings."""
    SOURCES.add(settings.__name__, settings)
    return settings
