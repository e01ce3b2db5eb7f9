"""The probe: what a target's verifier really does, asked from outside, before any load."""
