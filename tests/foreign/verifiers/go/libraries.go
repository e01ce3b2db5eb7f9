package main

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	jwt4 "github.com/golang-jwt/jwt/v4"
	jwt5 "github.com/golang-jwt/jwt/v5"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	capjwt "github.com/hashicorp/cap/jwt"
	"github.com/kataras/jwt"
	jwk2 "github.com/lestrrat-go/jwx/v2/jwk"
	jwxt2 "github.com/lestrrat-go/jwx/v2/jwt"
	jwk3 "github.com/lestrrat-go/jwx/v3/jwk"
	jwxt3 "github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	zitadel "github.com/zitadel/oidc/v3/pkg/oidc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"net/http"
)

var algorithms = []string{"RS256"}

var libraries = []Library{
	{"golang-jwt v5", "github.com/golang-jwt/jwt/v5", []string{"token"}, golangJWT5},
	{"golang-jwt v4", "github.com/golang-jwt/jwt/v4", []string{"token"}, golangJWT4},
	{"keyfunc", "github.com/MicahParks/keyfunc/v3", []string{"token", "keys"}, keyFunc},
	{"jwx v3", "github.com/lestrrat-go/jwx/v3", []string{"token"}, jwx3},
	{"jwx v3", "github.com/lestrrat-go/jwx/v3", []string{"keys"}, jwx3Fetched},
	{"jwx v2", "github.com/lestrrat-go/jwx/v2", []string{"token"}, jwx2},
	{"jwx v2", "github.com/lestrrat-go/jwx/v2", []string{"keys"}, jwx2Fetched},
	{"go-jose v4", "github.com/go-jose/go-jose/v4", []string{"token"}, goJose},
	{"go-oidc", "github.com/coreos/go-oidc/v3", []string{"token", "keys"}, goOIDC},
	{"go-jwt-middleware", "github.com/auth0/go-jwt-middleware/v2", []string{"token", "header"}, auth0},
	{"kataras/jwt", "github.com/kataras/jwt", []string{"token"}, katarasJWT},
	{"hashicorp cap", "github.com/hashicorp/cap", []string{"token", "keys"}, hashicorpCap},
	{"zitadel oidc", "github.com/zitadel/oidc/v3", []string{"token", "keys"}, zitadelOIDC},
	{"go-grpc-middleware", "github.com/grpc-ecosystem/go-grpc-middleware/v2", []string{"header"}, grpcMiddleware},
}

func publicKey(paper Paper) *rsa.PublicKey {
	key, err := jwt5.ParseRSAPublicKeyFromPEM([]byte(paper.PEM))
	if err != nil {
		panic(err)
	}
	return key
}

func golangJWT5(paper Paper) Judge {
	key := publicKey(paper)
	return func(question Question) error {
		keys := func(*jwt5.Token) (any, error) { return key, nil }
		_, err := jwt5.Parse(question.Token, keys, options5(paper, question)...)
		return err
	}
}

func options5(paper Paper, question Question) []jwt5.ParserOption {
	return []jwt5.ParserOption{
		jwt5.WithValidMethods(algorithms), jwt5.WithAudience(paper.Audience), jwt5.WithIssuer(paper.Issuer),
		jwt5.WithExpirationRequired(), jwt5.WithIssuedAt(), jwt5.WithLeeway(question.leeway()),
	}
}

// Version 4 checks neither issuer nor audience by itself, and the usual key function is the README's.
func golangJWT4(paper Paper) Judge {
	key := publicKey(paper)
	keys := func(token *jwt4.Token) (any, error) {
		if _, ok := token.Method.(*jwt4.SigningMethodRSA); !ok {
			return nil, fmt.Errorf("unexpected signing method: %v", token.Header["alg"])
		}
		return key, nil
	}
	return func(question Question) error {
		_, err := jwt4.ParseWithClaims(question.Token, &jwt4.RegisteredClaims{}, keys)
		return err
	}
}

func keyFunc(paper Paper) Judge {
	return func(question Question) error {
		context, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		storage, err := jwkset.NewStorageFromHTTP(question.KeysURL, jwkset.HTTPClientStorageOptions{Ctx: context})
		if err != nil {
			return err
		}
		keys, err := keyfunc.New(keyfunc.Options{Ctx: context, Storage: storage})
		if err != nil {
			return err
		}
		_, err = jwt5.Parse(question.Token, keys.Keyfunc, options5(paper, question)...)
		return err
	}
}

func jwx3(paper Paper) Judge {
	keys, err := jwk3.Parse(paper.JWKS)
	if err != nil {
		panic(err)
	}
	return func(question Question) error { return verify3(paper, question, keys) }
}

func jwx3Fetched(paper Paper) Judge {
	return func(question Question) error {
		keys, err := jwk3.Fetch(context.Background(), question.KeysURL)
		if err != nil {
			return err
		}
		return verify3(paper, question, keys)
	}
}

func verify3(paper Paper, question Question, keys jwk3.Set) error {
	_, err := jwxt3.Parse([]byte(question.Token), jwxt3.WithKeySet(keys), jwxt3.WithAcceptableSkew(question.leeway()),
		jwxt3.WithIssuer(paper.Issuer), jwxt3.WithAudience(paper.Audience),
		jwxt3.WithRequiredClaim("exp"), jwxt3.WithRequiredClaim("sub"))
	return err
}

func jwx2(paper Paper) Judge {
	keys, err := jwk2.Parse(paper.JWKS)
	if err != nil {
		panic(err)
	}
	return func(question Question) error { return verify2(paper, question, keys) }
}

func jwx2Fetched(paper Paper) Judge {
	return func(question Question) error {
		keys, err := jwk2.Fetch(context.Background(), question.KeysURL)
		if err != nil {
			return err
		}
		return verify2(paper, question, keys)
	}
}

func verify2(paper Paper, question Question, keys jwk2.Set) error {
	_, err := jwxt2.Parse([]byte(question.Token), jwxt2.WithKeySet(keys), jwxt2.WithAcceptableSkew(question.leeway()),
		jwxt2.WithIssuer(paper.Issuer), jwxt2.WithAudience(paper.Audience),
		jwxt2.WithRequiredClaim("exp"), jwxt2.WithRequiredClaim("sub"))
	return err
}

func goJose(paper Paper) Judge {
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(paper.JWKS, &keys); err != nil {
		panic(err)
	}
	return func(question Question) error {
		token, err := josejwt.ParseSigned(question.Token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			return err
		}
		var claims josejwt.Claims
		if err := token.Claims(keys, &claims); err != nil {
			return err
		}
		expected := josejwt.Expected{Issuer: paper.Issuer, AnyAudience: josejwt.Audience{paper.Audience}, Time: time.Now()}
		return claims.ValidateWithLeeway(expected, question.leeway())
	}
}

func goOIDC(paper Paper) Judge {
	return func(question Question) error {
		keys := oidc.NewRemoteKeySet(context.Background(), question.KeysURL)
		verifier := oidc.NewVerifier(paper.Issuer, keys, &oidc.Config{ClientID: paper.Audience})
		_, err := verifier.Verify(context.Background(), question.Token)
		return err
	}
}

func auth0(paper Paper) Judge {
	key := publicKey(paper)
	keys := func(context.Context) (any, error) { return key, nil }
	return func(question Question) error {
		token := question.Token
		if question.About == "header" {
			request := &http.Request{Header: http.Header{}}
			if question.Authorization != nil {
				request.Header.Set("Authorization", *question.Authorization)
			}
			found, err := jwtmiddleware.AuthHeaderTokenExtractor(request)
			if err != nil {
				return err
			}
			if found == "" {
				return jwtmiddleware.ErrJWTMissing
			}
			token = found
		}
		verifier, err := validator.New(keys, validator.RS256, paper.Issuer, []string{paper.Audience},
			validator.WithAllowedClockSkew(question.leeway()))
		if err != nil {
			return err
		}
		_, err = verifier.ValidateToken(context.Background(), token)
		return err
	}
}

func katarasJWT(paper Paper) Judge {
	keys := jwt.Keys{}
	keys.Register(jwt.RS256, paper.Kid, publicKey(paper), nil)
	return func(question Question) error {
		expected := jwt.Expected{Issuer: paper.Issuer, Audience: jwt.Audience{paper.Audience}}
		_, err := jwt.VerifyWithHeaderValidator(nil, nil, []byte(question.Token), keys.ValidateHeader, expected,
			jwt.Leeway(question.leeway()))
		return err
	}
}

func hashicorpCap(paper Paper) Judge {
	return func(question Question) error {
		keys, err := capjwt.NewJSONWebKeySet(context.Background(), question.KeysURL, "")
		if err != nil {
			return err
		}
		verifier, err := capjwt.NewValidator(keys)
		if err != nil {
			return err
		}
		_, err = verifier.Validate(context.Background(), question.Token, capjwt.Expected{
			Issuer: paper.Issuer, Audiences: []string{paper.Audience}, SigningAlgorithms: []capjwt.Alg{capjwt.RS256},
			ClockSkewLeeway: question.leeway(),
		})
		return err
	}
}

func zitadelOIDC(paper Paper) Judge {
	return func(question Question) error {
		keys := rp.NewRemoteKeySet(http.DefaultClient, question.KeysURL)
		verifier := rp.NewIDTokenVerifier(paper.Issuer, paper.Audience, keys)
		_, err := rp.VerifyIDToken[*zitadel.IDTokenClaims](context.Background(), question.Token, verifier)
		return err
	}
}

// The middleware only finds the token; its status text is what the client reads.
func grpcMiddleware(Paper) Judge {
	return func(question Question) error {
		pairs := metadata.MD{}
		if question.Authorization != nil {
			pairs.Set("authorization", *question.Authorization)
		}
		_, err := auth.AuthFromMD(metadata.NewIncomingContext(context.Background(), pairs), "bearer")
		if err == nil {
			return nil
		}
		return errors.New(status.Convert(err).Message())
	}
}
