"""The target as the probe reaches it: replicas, calls, tokens and pace."""
