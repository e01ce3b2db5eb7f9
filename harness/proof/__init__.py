"""The proof: the catalogue's rows against a running target, each between two good calls on one channel."""
