// A real OIDC issuer, oidc-provider, for the tests: reads its settings from stdin, prints a JSON line when it listens.
import http from "node:http";

const settings = JSON.parse(await new Promise((done) => {
  let text = "";
  process.stdin.on("data", (chunk) => (text += chunk));
  process.stdin.on("end", () => done(text));
}));
const { Provider } = await import(settings.module);
const AUDIENCE = "urn:ledger";
let provider;
const server = http.createServer((request, response) => provider.callback()(request, response));
server.listen(0, "127.0.0.1", async () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const grants = { grant_types: ["client_credentials"], redirect_uris: [], response_types: [] };
  provider = new Provider(issuer, {
    clients: [
      { client_id: "basic", client_secret: settings.secret, token_endpoint_auth_method: "client_secret_basic", ...grants },
      { client_id: "post", client_secret: settings.secret, token_endpoint_auth_method: "client_secret_post", ...grants },
      {
        client_id: "key", token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "ES256",
        jwks: { keys: [settings.jwk] }, ...grants,
      },
      {
        client_id: "expired", client_secret: settings.secret, client_secret_expires_at: 1,
        token_endpoint_auth_method: "client_secret_basic", ...grants,
      },
      {
        client_id: "refresher", client_secret: settings.secret, token_endpoint_auth_method: "client_secret_basic",
        grant_types: ["authorization_code", "refresh_token"], redirect_uris: ["https://client.example/"],
        response_types: ["code"],
      },
    ],
    scopes: ["openid", "offline_access", "ledger.read", "ledger.write"],
    jwks: { keys: [settings.signing] },
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    rotateRefreshToken: true,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: () => ({
          scope: "ledger.read ledger.write", audience: "ledger", accessTokenFormat: "jwt", accessTokenTTL: 120,
          jwt: { sign: { alg: "ES256" } },
        }),
        useGrantedResource: () => true,
      },
    },
  });
  const client = await provider.Client.find("refresher");
  const grant = new provider.Grant({ accountId: "ann", clientId: "refresher" });
  grant.addResourceScope(AUDIENCE, "ledger.read");
  grant.addOIDCScope("openid offline_access");
  const grantId = await grant.save();
  const refresh = new provider.RefreshToken({
    client, accountId: "ann", grantId, gty: "authorization_code", scope: "openid offline_access ledger.read",
    resource: AUDIENCE, authTime: Math.floor(Date.now() / 1000),
  });
  const refreshToken = await refresh.save();
  console.log(JSON.stringify({ issuer, refreshToken }));
});
