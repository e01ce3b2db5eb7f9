"""Metadata of a call: pairs of key and value, in the order in which they are sent."""

Metadata = tuple[tuple[str, str | bytes], ...]
"""A value is bytes where its key ends in ``-bin``, else text."""
