"""Analysis: from the rows of a run to its summary, verdict and explanations."""
