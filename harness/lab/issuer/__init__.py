"""The lab's issuer: OAuth 2.0 client credentials, JWKS, discovery, and a control port for chaos."""
