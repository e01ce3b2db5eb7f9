"""The parts of a probe: what each asks, and what its answers mean."""
