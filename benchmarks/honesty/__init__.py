"""The acceptance experiment: is the verdict of `harness.comparison.statistics` honest? By simulation, from a fixed seed."""
