"""The gateway alone, for a person: each call that goes to a service, and why a token was turned away.

`seen` says what was seen of a call (pure), `keys` what the issuer publishes, `account` follows tokens over calls,
`tap` is the process.
"""
