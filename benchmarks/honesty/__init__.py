"""The acceptance experiment, by simulation from a fixed seed: is `harness.comparison.statistics` honest?"""
