"""Chaos and load tests for JWT authentication over gRPC."""
