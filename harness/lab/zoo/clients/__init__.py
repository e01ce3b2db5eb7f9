"""Clients that are wrong on purpose."""
