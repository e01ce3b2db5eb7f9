"""The lab's target: a small ledger service behind a strict verifier, and a control port for chaos."""
