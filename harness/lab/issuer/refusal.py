"""How the token endpoint says no. Source: RFC 6749, section 5.2."""


class Refusal(Exception):  # noqa: N818 - an answer of the protocol, not a fault of ours
    """An error answer of the token endpoint: RFC 6749's name of it, a text, and the HTTP status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status
