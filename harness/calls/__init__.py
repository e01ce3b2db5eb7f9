"""A call, from the stub to each attempt: token, per-call faults, rows and trace."""
