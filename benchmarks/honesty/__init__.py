"""The acceptance experiment: is the verdict of `harness.honesty` honest? By simulation, from a fixed seed."""
