"""Experiments: many runs made to answer one question."""
