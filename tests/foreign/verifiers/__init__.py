"""What verifiers of other people say of bad tokens: the collection behind `harness.results.verifier_texts`.

`exam` makes a fixed set of bad tokens, key sets and headers; a program per language puts them to real
libraries, and prints what each says; `collection` sorts that into the table. ``python -m
tests.foreign.verifiers`` does it all, for whatever languages are installed.
"""
