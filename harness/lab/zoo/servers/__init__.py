"""Servers that are wrong on purpose."""
