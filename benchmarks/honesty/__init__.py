"""The acceptance experiment, by simulation from a fixed seed: whether `harness.comparison.statistics` is honest."""
