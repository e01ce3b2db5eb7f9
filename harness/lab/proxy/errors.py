"""What the API answers when it refuses."""


class ApiError(Exception):
    """A refusal: its status and its text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def bad_body(text: str) -> ApiError:
    """Return the refusal of a body that cannot be read."""
    return ApiError(400, f"bad request body: {text}")


def missing_field(name: str) -> ApiError:
    """Return the refusal of a body that lacks a field."""
    return ApiError(400, f"missing required field: {name}")


def proxy_not_found() -> ApiError:
    """Return the refusal of an unknown proxy."""
    return ApiError(404, "proxy not found")


def proxy_exists() -> ApiError:
    """Return the refusal of a second proxy of one name."""
    return ApiError(409, "proxy already exists")


def toxic_not_found() -> ApiError:
    """Return the refusal of an unknown toxic."""
    return ApiError(404, "toxic not found")


def toxic_exists() -> ApiError:
    """Return the refusal of a second toxic of one name."""
    return ApiError(409, "toxic already exists")


def bad_stream() -> ApiError:
    """Return the refusal of an unknown direction."""
    return ApiError(400, "stream was invalid, can be either upstream or downstream")


def bad_type() -> ApiError:
    """Return the refusal of an unknown type of toxic."""
    return ApiError(400, "invalid toxic type")
