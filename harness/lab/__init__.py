"""The lab: an issuer, a target and a proxy of our own, for what a scenario does not bring itself.

Light names only; `harness.lab.running` starts it.
"""

from harness.lab.plan import IssuerSettings, LabPlan, TargetSettings

__all__ = ["IssuerSettings", "LabPlan", "TargetSettings"]
