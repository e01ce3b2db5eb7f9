"""The HTTP API: Toxiproxy's routes, statuses and texts, on Starlette."""

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.clock import monotonic_ns
from harness.lab.proxy import metrics, openapi, wire
from harness.lab.proxy.errors import ApiError
from harness.lab.proxy.proxies import Proxies
from harness.lab.proxy.proxy import Proxy

VERSION = "2.12.0"
"""The version of Toxiproxy whose API this is."""
BODY_TIMEOUT_S = 15.0
BODY_MAX_BYTES = 8 * 1024 * 1024
AT_HEADER = "x-jwtstorm-at-ns"
"""Header with the monotonic time in ns at which a change took effect."""

Handler = Callable[[Request, Proxies], Awaitable[Response]]


def app_of(proxies: Proxies) -> ASGIApp:
    """Return the API of a server's proxies."""

    def route(path: str, handler: Handler, *methods: str) -> Route:
        async def endpoint(request: Request) -> Response:
            return await handler(request, proxies)

        return Route(path, endpoint, methods=list(methods))

    routes = [route(path, handler, *methods) for path, handler, methods in ROUTES]
    handlers: dict[Any, Any] = {ApiError: _refuse, HTTPException: _miss, Exception: _fail}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return RequestGate(app)


class RequestGate:
    """In front of every request: a request id, no browsers, no HEAD; asking never changes a state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope.get("headers", ()))
        answer: ASGIApp = self._app
        if headers.get(b"user-agent", b"").startswith(b"Mozilla/"):
            answer = _plain("User agent not allowed\n", 403)
        elif scope.get("method") == "HEAD":
            answer = _not_allowed(scope["path"])
        elif scope.get("path", "").startswith("//"):
            answer = Response(status_code=301, headers={"location": "/" + scope["path"].lstrip("/")})
        await answer(scope, receive, _with_header(send, b"x-toxiproxy-request-id", secrets.token_hex(10).encode()))


def _with_header(send: Send, name: bytes, value: bytes) -> Send:
    async def send_with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (name, value)]
        await send(message)

    return send_with_header


# --- handlers -----------------------------------------------------------------------------------


async def _version(_request: Request, _proxies: Proxies) -> Response:
    return Response(f'{{"version": "{VERSION}"}}\n', media_type="application/json;charset=utf-8")


async def _openapi(_request: Request, _proxies: Proxies) -> Response:
    return _json(openapi.describe(VERSION))


async def _metrics(_request: Request, proxies: Proxies) -> Response:
    return Response(metrics.render(proxies), media_type=metrics.CONTENT_TYPE)


async def _list_proxies(_request: Request, proxies: Proxies) -> Response:
    return _json({proxy.name: proxy.to_json() for proxy in proxies.all()})


async def _create_proxy(request: Request, proxies: Proxies) -> Response:
    given = wire.read_proxy(await _body(request), strict=proxies.rules.strict)
    given.require()
    return _changed((await proxies.create(given)).to_json(), 201)


async def _populate(request: Request, proxies: Proxies) -> Response:
    done: list[Proxy] = []
    refusal: ApiError | None = None
    try:
        wanted = wire.read_proxies(await _body(request), strict=proxies.rules.strict)
        done, refusal = await proxies.populate(wanted)
    except ApiError as error:
        refusal = error
    answer: dict[str, Any] = {} if refusal is None else {"error": refusal.text, "status": refusal.status}
    answer["proxies"] = [proxy.to_json() for proxy in done] or None
    return _changed(answer, 201 if refusal is None else refusal.status)


async def _show_proxy(request: Request, proxies: Proxies) -> Response:
    return _json(_proxy(request, proxies).to_json())


async def _update_proxy(request: Request, proxies: Proxies) -> Response:
    name = _proxy(request, proxies).name
    given = wire.read_proxy(await _body(request), strict=proxies.rules.strict)
    return _changed((await proxies.update(name, given)).to_json())


async def _delete_proxy(request: Request, proxies: Proxies) -> Response:
    await proxies.delete(request.path_params["proxy"])
    return _changed(None, 204)


async def _list_toxics(request: Request, proxies: Proxies) -> Response:
    return _json([dose.to_json() for dose in _proxy(request, proxies).listed()])


async def _add_toxic(request: Request, proxies: Proxies) -> Response:
    proxy = _proxy(request, proxies)
    dose = wire.read_dose(await _body(request), strict=proxies.rules.strict)
    return _changed(proxy.add(dose).to_json())


async def _show_toxic(request: Request, proxies: Proxies) -> Response:
    return _json(_proxy(request, proxies).dose(request.path_params["toxic"]).to_json())


async def _update_toxic(request: Request, proxies: Proxies) -> Response:
    proxy, name = _proxy(request, proxies), request.path_params["toxic"]
    proxy.dose(name)
    body = await _body(request)
    change = wire.read_change(body, proxy.dose(name), strict=proxies.rules.strict)
    return _changed(proxy.change(name, *change).to_json())


async def _remove_toxic(request: Request, proxies: Proxies) -> Response:
    _proxy(request, proxies).remove(request.path_params["toxic"])
    return _changed(None, 204)


async def _reset(_request: Request, proxies: Proxies) -> Response:
    await proxies.reset()
    return _changed(None, 204)


ROUTES: tuple[tuple[str, Handler, tuple[str, ...]], ...] = (
    ("/version", _version, ("GET",)),
    ("/openapi.json", _openapi, ("GET",)),
    ("/metrics", _metrics, ("GET", "POST", "PUT", "PATCH", "DELETE")),
    ("/reset", _reset, ("POST",)),
    ("/populate", _populate, ("POST",)),
    ("/proxies", _list_proxies, ("GET",)),
    ("/proxies", _create_proxy, ("POST",)),
    ("/proxies/{proxy}", _show_proxy, ("GET",)),
    ("/proxies/{proxy}", _update_proxy, ("POST", "PATCH")),
    ("/proxies/{proxy}", _delete_proxy, ("DELETE",)),
    ("/proxies/{proxy}/toxics", _list_toxics, ("GET",)),
    ("/proxies/{proxy}/toxics", _add_toxic, ("POST",)),
    ("/proxies/{proxy}/toxics/{toxic}", _show_toxic, ("GET",)),
    ("/proxies/{proxy}/toxics/{toxic}", _update_toxic, ("POST", "PATCH")),
    ("/proxies/{proxy}/toxics/{toxic}", _remove_toxic, ("DELETE",)),
)

ALLOWED = tuple((re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), methods) for path, _, methods in ROUTES)


# --- requests and answers -----------------------------------------------------------------------


def _proxy(request: Request, proxies: Proxies) -> Proxy:
    return proxies.get(request.path_params["proxy"])


async def _body(request: Request) -> Any:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for part in request.stream():
                body += part
                if len(body) > BODY_MAX_BYTES:
                    raise ApiError(413, f"the body is over {BODY_MAX_BYTES} bytes; send fewer proxies at once")
    except TimeoutError:
        raise ApiError(408, f"the body did not arrive within {BODY_TIMEOUT_S:g} s") from None
    return wire.parse(bytes(body))


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, separators=(",", ":")), status, media_type="application/json")


def _changed(value: Any, status: int = 200) -> Response:
    answer = Response(status_code=status) if value is None else _json(value, status)
    answer.headers[AT_HEADER] = str(monotonic_ns())
    return answer


def _plain(text: str, status: int) -> Response:
    return Response(text, status, {"x-content-type-options": "nosniff"}, "text/plain; charset=utf-8")


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - for the type checker
    return _plain(json.dumps({"error": error.text, "status": error.status}, separators=(",", ":")) + "\n", error.status)


async def _miss(request: Request, error: Exception) -> Response:
    found = isinstance(error, HTTPException) and error.status_code == 405
    return _not_allowed(request.url.path) if found else _plain("404 page not found\n", 404)


def _not_allowed(path: str) -> Response:
    """Refuse a method, and name those of the path. Source: RFC 9110, section 15.5.6."""
    allowed = {method for pattern, methods in ALLOWED for method in methods if pattern.fullmatch(path)}
    return Response(status_code=405, headers={"allow": ", ".join(sorted(allowed))})


async def _fail(_request: Request, error: Exception) -> Response:
    text = f"this is a mistake of the proxy: {type(error).__name__}"
    return _plain(json.dumps({"error": text, "status": 500}) + "\n", 500)
