"""Benchmarks: one file per question; `python -m benchmarks` asks them all and prints a table each.

``rig/`` holds what they share (statistics, tables, turns, runs), ``loads/`` the locustfiles that
they start. Everything stays on loopback, and every process ends with its benchmark.
"""
