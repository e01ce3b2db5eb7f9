"""The reference service's messages and stubs, generated from ``ledger.proto`` and committed.

After a change of the definition: ``python -m harness.lab.proto``.
"""
