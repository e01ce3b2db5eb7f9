"""Locustfiles that the benchmarks start; ``stock`` ones are written as Locust's documentation shows."""
