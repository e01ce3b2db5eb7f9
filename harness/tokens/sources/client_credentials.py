"""OAuth 2.0 client credentials (RFC 6749, section 4.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.endpoint.proxy import mistakes as proxy_mistakes
from harness.tokens.source import refuse
from harness.tokens.sources import findings, issuer_address, token_source
from harness.tokens.sources.client_auth import ClientAuth, ClientSecret, Prover, proof_by_secret
from harness.tokens.sources.token_endpoint import TokenEndpoint
from harness.validation import positive

_OURS = frozenset({"grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type"})


@token_source
@dataclass(frozen=True)
class ClientCredentials:
    """Ask an issuer for tokens in the client's own name.

    Give ``token_url``, or ``issuer_url`` to have the endpoint discovered. ``auth`` is how the client
    proves who it is: `ClientSecret`, `PrivateKeyJwt`. ``extra`` are further parameters of the request,
    such as ``{"resource": "https://ledger.example"}``; no secret belongs there. ``proxy`` is an HTTP proxy on
    the way to the issuer, ``http://host:port``; one of the environment is never used.
    """

    token_url: str = ""
    client_id: str = ""
    auth: ClientAuth = field(default_factory=ClientSecret)
    scope: str = ""
    audience: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    issuer_url: str = ""
    timeout_s: float = 5.0
    proxy: str = ""

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        what = "ClientCredentials"
        found = issuer_address.mistakes(what, self.token_url, self.issuer_url)
        found += findings.filled(what, client_id=self.client_id)
        found += findings.text(what, scope=self.scope, audience=self.audience)
        found += positive(what, timeout_s=self.timeout_s) + proxy_mistakes(what, self.proxy)
        return found + extra_mistakes(what, self.extra) + auth_mistakes(what, self.auth, self.issuer_url)

    def hosts(self) -> list[str]:
        """Return the machine that is asked for tokens."""
        return issuer_address.hosts(self.token_url, self.issuer_url)

    def open(self) -> "OAuthSource":
        """Find the endpoint, read the secret and return the source."""
        refuse(self.mistakes())
        where = issuer_address.resolve(self.token_url, self.issuer_url, self.timeout_s, self.proxy)
        return OAuthSource(self, where.token_endpoint, self.auth.open(self.client_id, where.issuer))

    def open_with(self, secret: str) -> "OAuthSource":
        """Return the source of a client whose secret the caller holds: the lab's own."""
        proof = proof_by_secret(self.client_id, secret)
        return OAuthSource(self, self.token_url, lambda: proof)


class OAuthSource:
    """Fetch tokens from an OAuth 2.0 token endpoint."""

    def __init__(self, settings: ClientCredentials, token_url: str, prove: Prover) -> None:
        fields = {"grant_type": "client_credentials", "scope": settings.scope, "audience": settings.audience}
        self._fields = {name: value for name, value in fields.items() if value} | dict(settings.extra)
        self._prove = prove
        self.endpoint = TokenEndpoint(token_url, settings.timeout_s, settings.proxy)

    def fetch(self) -> str:
        """Post a token request and return the access token."""
        proof = self._prove()
        return str(self.endpoint.post({**self._fields, **proof.fields}, proof.headers)["access_token"])


def extra_mistakes(what: str, extra: Mapping[str, str]) -> list[str]:
    """Return what is wrong with extra parameters, one sentence each."""
    if wrong := findings.mapping(what, extra=extra):
        return wrong
    found = findings.text(f"{what}: extra", **extra)
    return found + [f"{what}: extra names {name}, which has a setting of its own" for name in sorted(_OURS & {*extra})]


def auth_mistakes(what: str, auth: ClientAuth, issuer_url: str) -> list[str]:
    """Return what is wrong with the proof of a client, one sentence each."""
    asked = getattr(auth, "mistakes", None)
    if not callable(asked) or isinstance(auth, type):
        kind = type(auth).__name__
        return [f"{what}: auth is a {kind}; give ClientSecret(…), PrivateKeyJwt(…) or NoClientAuth()"]
    found: list[str] = asked()
    needs_issuer = getattr(auth, "needs_issuer", None)
    if not issuer_url and callable(needs_issuer) and needs_issuer():
        kind = type(auth).__name__
        found = [
            *found,
            f"{what}: {kind} signs for an issuer that is not known; give issuer_url=, or {kind}(audience=…)",
        ]
    return found
