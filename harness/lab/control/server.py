"""The server's side of a control port: commands as JSON, behind a random secret."""

import hmac
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Command = Callable[..., dict[str, Any] | Awaitable[dict[str, Any]]]

_log = logging.getLogger(__name__)


def control_app(secret: str, commands: Mapping[str, Command]) -> Starlette:
    """Return an app that carries out ``POST /<command>`` with its settings as a JSON object.

    Answers 401 without the secret, 404 for an unknown command and 400 for settings that the
    command does not take (TypeError, ValueError); the body's ``error`` says which.
    """

    async def carry_out(request: Request) -> JSONResponse:
        if not _authorised(request, secret):
            return _error(401, "this control port wants its secret")
        name = request.path_params["command"]
        command = commands.get(name)
        if command is None:
            return _error(404, f"no command {name!r}; there are {', '.join(sorted(commands))}")
        try:
            settings = await request.json()
            call = inspect.signature(command).bind(**settings)
            answer = command(*call.args, **call.kwargs)
            return JSONResponse(await answer if inspect.isawaitable(answer) else answer)
        except (TypeError, ValueError) as error:
            return _error(400, f"{name}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever failed, the conductor must be told
            _log.exception("command %s failed", name)
            return _error(500, f"{name} failed: {type(error).__name__}")

    return Starlette(routes=[Route("/{command}", carry_out, methods=["POST"])])


def _authorised(request: Request, secret: str) -> bool:
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {secret}".encode())


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status_code=status)
