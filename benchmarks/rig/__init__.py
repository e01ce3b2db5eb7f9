"""The rig: statistics, tables, turns and runs that the benchmarks share."""
