"""Clocks of the lab's processes, and of programs under libfaketime: moved and read back."""
