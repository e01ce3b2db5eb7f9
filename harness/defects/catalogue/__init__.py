"""The rows of the catalogue, one file a theme; `harness.defects` loads them all."""
