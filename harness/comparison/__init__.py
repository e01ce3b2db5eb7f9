"""Comparison of builds: from the summaries of runs to one honest word."""
