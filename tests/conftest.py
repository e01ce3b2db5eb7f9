"""What holds for all tests: hypothesis sets no deadline, for a shared machine may be slow at any moment."""

from hypothesis import HealthCheck, settings

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")
