"""The duel: pairs of runs of two builds, in an order that a coin decides, to one honest word.

`result` is what a duel found, as ``comparison.json`` holds it: it needs nothing of a living run.
`contender` says what a build is, `fight` makes the pairs and keeps `ledger`, `finding` judges them.
"""
