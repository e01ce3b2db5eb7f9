"""The issuer's public endpoints: token, JWKS and discovery."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from harness.faults.in_issuer import KeysAnswer
from harness.lab.issuer.active_faults import ActiveFaults
from harness.lab.issuer.clients import ClientBook
from harness.lab.issuer.mint import Mint
from harness.lab.issuer.refresh_tokens import RefreshTokens
from harness.lab.issuer.refusal import Refusal
from harness.lab.issuer.token_request import (
    CLIENT_CREDENTIALS,
    REFRESH_TOKEN,
    RequestedGrant,
    grant_name,
    read_request,
)

_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}  # Source: RFC 6749, section 5.1.


@dataclass
class IssuerService:
    """Answer clients of one issuer.

    It fails ``fetch_failure_ratio`` of all token requests, evenly spread; ``faults`` are those in force. With
    ``refresh_tokens`` each grant by client credentials brings one, too. ``answers`` counts what was answered, by grant
    and HTTP status.
    """

    mint: Mint
    clients: ClientBook
    scope: str
    fetch_failure_ratio: float = 0.0
    refresh_tokens: RefreshTokens | None = None
    answers: Counter[str] = field(default_factory=Counter)
    faults: ActiveFaults = field(default_factory=ActiveFaults)
    _last: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict, repr=False)
    """The last token of each client and scope, and when it ends by the issuer's clock."""
    counters: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("token_requests", "tokens", "refused", "jwks_requests", "discovery_requests"), 0
        )
    )

    def app(self) -> Starlette:
        """Return the public app."""
        return Starlette(
            routes=[
                Route("/token", self._token, methods=["POST"]),
                Route("/jwks.json", self._jwks),
                Route("/.well-known/openid-configuration", self._discovery),
            ]
        )

    async def _token(self, request: Request) -> JSONResponse:
        self.counters["token_requests"] += 1
        body = await request.body()
        answer = await self._answered(request, body)
        grant = grant_name(request.headers.get("content-type", ""), body)
        self.answers[f"{grant} {answer.status_code}"] += 1
        return answer

    async def _answered(self, request: Request, body: bytes) -> JSONResponse:
        if told := await self.faults.refusal():
            return self._refuse(Refusal(_error_name(told.status), "told to fail", told.status), told.retry_after_s)
        if fails(self.counters["token_requests"], self.fetch_failure_ratio):
            return self._refuse(Refusal(_error_name(503), "one of those that fail", 503))
        try:
            head = request.headers
            asked = read_request(
                head.get("content-type", ""), head.get("authorization"), body, self.clients.authenticate, self.scope
            )
            return self._grant(asked)
        except Refusal as refusal:
            return self._refuse(refusal)

    def _grant(self, asked: RequestedGrant) -> JSONResponse:
        """Answer with tokens; raises `Refusal`."""
        scope, refresh_token = asked.scope, ""
        if asked.refresh_token:
            scope, refresh_token = self._refreshed(asked)
        elif self.refresh_tokens is not None:
            refresh_token = self.refresh_tokens.first(asked.client_id, scope)
        token = self._issue((asked.client_id, scope))
        answer = {"access_token": token, "token_type": "Bearer", "scope": scope}
        answer |= {"refresh_token": refresh_token} if refresh_token else {}
        return JSONResponse(answer | {"expires_in": int(self.mint.lifetime_s)}, headers=_NO_STORE)

    def _refreshed(self, asked: RequestedGrant) -> tuple[str, str]:
        if self.refresh_tokens is None:
            raise Refusal(
                "unsupported_grant_type", f"this issuer gives no {REFRESH_TOKEN}; ask by {CLIENT_CREDENTIALS}"
            )
        return self.refresh_tokens.rotate(asked.refresh_token, asked.client_id, asked.scope)

    def _issue(self, client: tuple[str, str]) -> str:
        last, until_s = self._last.get(client, ("", 0.0))
        signed: dict[str, Any] = {}

        def sign(claims: Mapping[str, Any]) -> str:
            signed.update(claims)
            return self.mint.sign(claims)

        alive = last if self.mint.clock() < until_s else ""
        token = self.faults.minted(self.mint.claims(*client), alive, sign)
        if signed:
            self._last[client] = token, float(signed["exp"])
            self.counters["tokens"] += 1
        return token

    def _refuse(self, refusal: Refusal, retry_after_s: int = 0) -> JSONResponse:
        self.counters["refused"] += 1
        headers = dict(_NO_STORE)
        if refusal.status == 401:
            headers["www-authenticate"] = 'Basic realm="jwtstorm"'  # Source: RFC 6749, section 5.2.
        if retry_after_s:
            headers["retry-after"] = str(retry_after_s)
        body = {"error": refusal.error, "error_description": refusal.description}
        return JSONResponse(body, status_code=refusal.status, headers=headers)

    async def _jwks(self, request: Request) -> Response:
        del request
        self.counters["jwks_requests"] += 1
        published = await self.faults.published(self.mint.ring.jwks())
        if isinstance(published, KeysAnswer):
            return Response(published.text, published.status, media_type=published.media_type)
        return JSONResponse(published, headers={"cache-control": "no-cache"})

    async def _discovery(self, request: Request) -> JSONResponse:
        del request
        self.counters["discovery_requests"] += 1
        return JSONResponse(self._metadata())

    def _metadata(self) -> dict[str, Any]:
        """Return the metadata; its addresses are the issuer's own, never taken from the request's Host."""
        issuer = self.mint.issuer
        return {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks.json",
            "grant_types_supported": [
                CLIENT_CREDENTIALS,
                *([REFRESH_TOKEN] if self.refresh_tokens is not None else []),
            ],
            "token_endpoint_auth_methods_supported": self.clients.methods(),
            "scopes_supported": self.scope.split(" "),
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.mint.ring.signs.algorithm],
        }


def fails(number: int, ratio: float) -> bool:
    """Tell whether the request of that number, from 1, is among a share of all that is evenly spread."""
    return math.floor(number * ratio + _ROUNDING) > math.floor((number - 1) * ratio + _ROUNDING)


_ROUNDING = 1e-9


def _error_name(status: int) -> str:
    if status >= 500 or status == 429:
        return "temporarily_unavailable" if status in {429, 503} else "server_error"
    return "invalid_client" if status in {401, 403} else "invalid_request"
