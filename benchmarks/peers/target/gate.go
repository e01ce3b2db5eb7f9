package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// gate admits calls with a living token of the issuer. Keys are cached by their id, and tokens whose
// signature was verified by their text until they expire, as gateways do: one signature costs more
// than a call does, and would make this target the slowest part of every measurement.
type gate struct {
	url    string
	parser *jwt.Parser
	keys   sync.Map // kid -> *ecdsa.PublicKey
	good   sync.Map // token -> expiry, time.Time
	asking sync.Mutex
}

func newGate(given settings) *gate {
	return &gate{url: given.JWKSURL, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(given.Issuer), jwt.WithAudience(given.Audience),
		jwt.WithExpirationRequired())}
}

func (g *gate) admit(ctx context.Context) error {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(values) != 1 || !strings.HasPrefix(values[0], "Bearer ") {
		return status.Error(codes.Unauthenticated, "missing bearer token")
	}
	text := values[0][len("Bearer "):]
	if until, known := g.good.Load(text); known {
		if time.Now().Before(until.(time.Time)) {
			return nil
		}
		g.good.Delete(text)
		return status.Error(codes.Unauthenticated, "token is expired")
	}
	claims := jwt.RegisteredClaims{}
	if _, err := g.parser.ParseWithClaims(text, &claims, g.key); err != nil {
		return status.Error(codes.Unauthenticated, err.Error())
	}
	g.good.Store(text, claims.ExpiresAt.Time)
	return nil
}

func (g *gate) key(token *jwt.Token) (any, error) {
	kid, _ := token.Header["kid"].(string)
	if key, known := g.keys.Load(kid); known {
		return key, nil
	}
	g.asking.Lock()
	defer g.asking.Unlock()
	if err := g.read(); err != nil {
		return nil, err
	}
	if key, known := g.keys.Load(kid); known {
		return key, nil
	}
	return nil, fmt.Errorf("unknown key %q", kid)
}

func (g *gate) read() error {
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get(g.url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var set struct {
		Keys []struct{ Kid, Kty, Crv, X, Y string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		return err
	}
	for _, one := range set.Keys {
		if one.Kty == "EC" && one.Crv == "P-256" {
			x, errX := base64.RawURLEncoding.DecodeString(one.X)
			y, errY := base64.RawURLEncoding.DecodeString(one.Y)
			if errX == nil && errY == nil {
				point := ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
				g.keys.Store(one.Kid, &point)
			}
		}
	}
	return nil
}
