"""The honest comparison: from pairs of runs to one word, and how sure it is. Pure statistics.

Read in this order: `metric` (what is compared), `matters` (the smallest change that matters),
`measure` (a run's values), `pairs` (the coin, and differences), `interval` (subset means),
`guard` (which runs may be compared), `verdict` (five words and exit codes), `looks` (how many
pairs, and when one may look), `assess` (all of it, from the runs' folders), `secondary` and `causes`
(what never gates), `noise_floor` (one host's noise, and hints for single runs) and `steps` (marks in
the history of many builds).
"""
