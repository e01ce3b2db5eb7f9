"""What a text says, where that is not what was wrong with the token: the judgement of a reader, with the reason.

A verifier may take a forged algorithm for a bad signature, or say no more than "invalid token". The classifier
reads texts and no minds: it is right when it returns what a careful reader makes of the text alone.
"""

from harness.results.row import Cause

Judged = tuple[tuple[Cause, ...], str]

NO_KID = "it had one key, and looked at no kid"
NO_ALG = "it saw that the signature is absent, before it looked at alg"
OF_ANY = "the text fits each of these"
NOTHING = "the text names nothing"
WRONG_TYPE = "the text says that the value does not fit, not that it is absent"

_SIGNATURE = (Cause.BAD_SIGNATURE,)
_TURNED_AWAY = (Cause.UNAUTHENTICATED,)

SAYS: dict[str, Judged] = {
    # Python
    "Signature verification failed": (_SIGNATURE, NO_KID),
    "Signature verification failed.": (_SIGNATURE, NO_KID),
    "bad_signature: ": (_SIGNATURE, NO_KID),
    "Expecting value: line 1 column 1 (char 0)": ((Cause.MALFORMED,), "a page that is no JSON; it does not say which"),
    "Missing Key": ((Cause.UNKNOWN_KEY, Cause.BAD_SIGNATURE), "jwcrypto tried all keys of the set, and none fits"),
    "Token has wrong audience None, expected one of ['ledger']": ((Cause.WRONG_AUDIENCE,), WRONG_TYPE),
    "missing_algorithm: Missing 'alg' value in header": ((Cause.WRONG_ALGORITHM,), "alg cannot be read"),
    "Verification failed for all signatures['Failed: [InvalidJWSSignature(\\'No \"alg\" in headers\\')]']": (
        (Cause.WRONG_ALGORITHM,), "alg cannot be read",
    ),
    'can only concatenate str (not "int") to str': (_TURNED_AWAY, NOTHING),
    "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'": (
        (Cause.MALFORMED, Cause.MISSING_METADATA), "said of no token and of a wrong form alike",
    ),
    "Not enough segments": ((Cause.MALFORMED,), "also said of no token at all"),
    # Node
    "invalid signature": (_SIGNATURE, NO_KID),
    "Invalid signature": (_SIGNATURE, NO_KID),
    "The token signature is invalid.": (_SIGNATURE, NO_KID),
    "signature verification failed": (_SIGNATURE, NO_KID),
    "jwt signature is required": (_SIGNATURE, NO_ALG),
    "The token signature is missing.": (_SIGNATURE, NO_ALG),
    "invalid algorithm": ((Cause.WRONG_ALGORITHM,), "alg cannot be read"),
    'JWS "alg" (Algorithm) Header Parameter missing or invalid': ((Cause.WRONG_ALGORITHM,), "alg cannot be read"),
    "jwt audience invalid. expected: ledger": ((Cause.WRONG_AUDIENCE,), WRONG_TYPE),
    "jwt issuer invalid. expected: https://issuer.example": ((Cause.WRONG_ISSUER,), WRONG_TYPE),
    "Unexpected 'aud' value": ((Cause.WRONG_AUDIENCE,), WRONG_TYPE),
    "Unexpected 'iss' value": ((Cause.WRONG_ISSUER,), WRONG_TYPE),
    "Unexpected 'exp' value": ((Cause.MALFORMED, Cause.EXPIRED), WRONG_TYPE),
    "JWT string does not consist of exactly 3 parts (header, payload, signature)": ((Cause.MALFORMED,), NO_ALG),
    "no applicable key found in the JSON Web Key Set": ((Cause.UNKNOWN_KEY,), "none for that algorithm"),
    "jwt must be provided": ((Cause.MISSING_METADATA,), "an empty token"),
    "Empty JWT": ((Cause.MISSING_METADATA, Cause.MALFORMED), "an empty token"),
    "No auth token": ((Cause.MISSING_METADATA,), "also said of another scheme"),
    "No authorization token was found": ((Cause.MISSING_METADATA,), "an empty token"),
    "Format is Authorization: Bearer [token]": ((Cause.MALFORMED,), "also said of a scheme without a token"),
    "Not Found": (_TURNED_AWAY, NOTHING),
    "Unauthorized": (_TURNED_AWAY, NOTHING),
    # Go
    'oidc: expected audience "ledger" got []': ((Cause.WRONG_AUDIENCE,), WRONG_TYPE),
    'oidc: id token issued by a different provider, expected "https://issuer.example" got ""': (
        (Cause.WRONG_ISSUER,), WRONG_TYPE,
    ),
    "oidc: token is expired (Token Expiry: {time})": ((Cause.EXPIRED,), "go-oidc takes no exp for the year 1"),
    "jwt.Parse: failed to parse token: jws.Verify: failed to parse jws: jws.Parse: failed to parse compact format: "
    'empty compact signature requires protected header "alg" to be "none"': (
        (Cause.BAD_SIGNATURE, Cause.WRONG_ALGORITHM, Cause.MALFORMED), OF_ANY,
    ),
    "invalid token format: token is empty": ((Cause.MALFORMED, Cause.MISSING_METADATA), OF_ANY),
    "Authorization header format must be Bearer {token}": ((Cause.MALFORMED,), "the same for a scheme without a token"),
    "Bad authorization string": ((Cause.MALFORMED,), "the same for an empty header and a scheme without a token"),
    # Java
    "Bearer token is malformed": ((Cause.MALFORMED,), "it says so of a scheme without a token"),
    "An error occurred while attempting to decode the Jwt: Malformed token": ((Cause.MALFORMED,), "alg cannot be read"),
    # Rust
    "Invalid input for the given encoding": ((Cause.MALFORMED,), "the same for every part"),
    # Ruby
    "Invalid audience. Expected ledger, received <none>": ((Cause.WRONG_AUDIENCE,), WRONG_TYPE),
    'Invalid issuer. Expected ["https://issuer.example"], received <none>': ((Cause.WRONG_ISSUER,), WRONG_TYPE),
    "no implicit conversion of String into Integer": (_TURNED_AWAY, NOTHING),
    "no implicit conversion of OpenSSL::PKey::RSA into String": (_TURNED_AWAY, NOTHING),
    # Perl
    "JWT: exp claim check failed (tomorrow/0 vs. {epoch})": ((Cause.EXPIRED, Cause.MALFORMED), OF_ANY),
    "JWT: missing token": ((Cause.MISSING_METADATA,), "an empty token"),
    "symmetric secret not specified": ((Cause.UNKNOWN_KEY, Cause.WRONG_ALGORITHM), OF_ANY),
    "Not a HASH reference": (_TURNED_AWAY, NOTHING),
    # C++
    "type conversion error": (_TURNED_AWAY, NOTHING),
    "signature format is incorrect": ((Cause.MALFORMED, Cause.BAD_SIGNATURE), OF_ANY),
    # Envoy
    "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections": ((Cause.MALFORMED,), NO_ALG),
    # Further ones of Go, Node, Java and Python
    "jwt: token is empty": ((Cause.MALFORMED, Cause.MISSING_METADATA), OF_ANY),
    "token cannot be null or empty": ((Cause.MALFORMED, Cause.MISSING_METADATA), OF_ANY),
    "Cannot read properties of undefined (reading 'length')": (_TURNED_AWAY, NOTHING),
    'Cannot invoke "Object.hashCode()" because "key" is null': (_TURNED_AWAY, NOTHING),
    "issuer does not match: expected: https://issuer.example, got: ": ((Cause.WRONG_ISSUER,), WRONG_TYPE),
    "No token supplied": ((Cause.MISSING_METADATA,), "an empty token"),
    "Invalid token signature part": ((Cause.MALFORMED, Cause.BAD_SIGNATURE), OF_ANY),
    "'<=' not supported between instances of 'str' and 'int'": (_TURNED_AWAY, NOTHING),
    "'>' not supported between instances of 'str' and 'int'": (_TURNED_AWAY, NOTHING),
    "'list' object has no attribute 'get'": (_TURNED_AWAY, NOTHING),
    "Token is invalid": ((Cause.UNAUTHENTICATED, Cause.MALFORMED), NOTHING),
    "JWT is in secure mode but token is not signed.": ((Cause.WRONG_ALGORITHM, Cause.BAD_SIGNATURE), OF_ANY),
}  # fmt: skip
"""Texts that say something else than their situation; more than one cause where a reader could not choose."""

NO_KEY_OF_THAT_ALGORITHM: Judged = ((Cause.UNKNOWN_KEY,), "it says that no key fits a token of that algorithm")

SAYS_OF: dict[tuple[str, str], Judged] = {
    ("jose4j", "alg_none"): NO_KEY_OF_THAT_ALGORITHM,
    ("jose4j", "alg_hmac_with_public_key"): NO_KEY_OF_THAT_ALGORITHM,
    ("jose4j", "signature_not_base64"): (_SIGNATURE, "it decodes what it can, and the rest does not verify"),
}
"""The same by library and situation, for texts too long to be written down here."""
