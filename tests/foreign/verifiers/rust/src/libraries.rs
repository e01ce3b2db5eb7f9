//! Rust's JWT libraries, each told all that it can be told.

use std::collections::HashSet;
use std::fmt::{Debug, Display};

use jwt_simple::prelude::{
    Duration, NoCustomClaims, RS256PublicKey, RSAPublicKeyLike, VerificationOptions,
};

use crate::{Judge, Paper, Question};

pub const ALL: [(&str, Judge); 5] = [
    ("jsonwebtoken", by_jsonwebtoken),
    ("jwt-simple", by_jwt_simple),
    ("josekit", by_josekit),
    ("jwt-compact", by_jwt_compact),
    ("jwt", by_jwt),
];

fn texts(error: impl Display + Debug) -> Vec<String> {
    vec![error.to_string(), format!("{error:?}")]
}

/// Return the text for people alone: the other one holds a stack.
fn display(error: impl Display) -> Vec<String> {
    vec![error.to_string()]
}

fn by_jsonwebtoken(paper: &Paper, question: &Question) -> Result<(), Vec<String>> {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    let key = DecodingKey::from_rsa_pem(paper.pem.as_bytes()).map_err(texts)?;
    let mut wanted = Validation::new(Algorithm::RS256);
    wanted.set_audience(&[&paper.audience]);
    wanted.set_issuer(&[&paper.issuer]);
    wanted.set_required_spec_claims(&["exp", "sub", "aud", "iss"]);
    wanted.validate_nbf = true;
    wanted.leeway = question.leeway_s;
    decode::<serde_json::Value>(&question.token, &key, &wanted)
        .map(drop)
        .map_err(texts)
}

fn by_jwt_simple(paper: &Paper, question: &Question) -> Result<(), Vec<String>> {
    let key = RS256PublicKey::from_pem(&paper.pem).map_err(display)?;
    let wanted = VerificationOptions {
        allowed_audiences: Some(HashSet::from([paper.audience.clone()])),
        allowed_issuers: Some(HashSet::from([paper.issuer.clone()])),
        time_tolerance: Some(Duration::from_secs(question.leeway_s)),
        ..VerificationOptions::default()
    };
    key.verify_token::<NoCustomClaims>(&question.token, Some(wanted))
        .map(drop)
        .map_err(display)
}

fn by_josekit(paper: &Paper, question: &Question) -> Result<(), Vec<String>> {
    use josekit::jws::RS256;
    use josekit::jwt::{self, JwtPayloadValidator};
    let verifier = RS256.verifier_from_pem(&paper.pem).map_err(display)?;
    let (payload, _) = jwt::decode_with_verifier(&question.token, &verifier).map_err(display)?;
    let mut wanted = JwtPayloadValidator::new();
    wanted.set_base_time(std::time::SystemTime::now());
    wanted.set_issuer(&paper.issuer);
    wanted.set_audience(&paper.audience);
    wanted.validate(&payload).map_err(display)
}

/// It leaves issuer and audience to its callers.
fn by_jwt_compact(paper: &Paper, question: &Question) -> Result<(), Vec<String>> {
    use jwt_compact::alg::{Rsa, RsaPublicKey};
    use jwt_compact::jwk::JsonWebKey;
    use jwt_compact::{AlgorithmExt, TimeOptions, Token, UntrustedToken};
    let key = &paper.jwks["keys"][0];
    let key: JsonWebKey =
        serde_json::from_value(serde_json::json!({"kty": "RSA", "n": key["n"], "e": key["e"]}))
            .map_err(display)?;
    let key = RsaPublicKey::try_from(&key).map_err(display)?;
    let token = UntrustedToken::new(&question.token).map_err(display)?;
    let token: Token<serde_json::Value> = Rsa::rs256()
        .validator(&key)
        .validate(&token)
        .map_err(display)?;
    let (claims, times) = (token.claims(), TimeOptions::default());
    claims.validate_expiration(&times).map_err(display)?;
    match claims.not_before {
        Some(_) => claims.validate_maturity(&times).map(drop).map_err(display),
        None => Ok(()),
    }
}

/// It leaves all claims to its callers.
fn by_jwt(paper: &Paper, question: &Question) -> Result<(), Vec<String>> {
    use jwt::{PKeyWithDigest, VerifyWithKey};
    let key = openssl::pkey::PKey::public_key_from_pem(paper.pem.as_bytes()).map_err(display)?;
    let key = PKeyWithDigest {
        digest: openssl::hash::MessageDigest::sha256(),
        key,
    };
    let claims: Result<serde_json::Value, jwt::Error> =
        question.token.as_str().verify_with_key(&key);
    claims.map(drop).map_err(display)
}
