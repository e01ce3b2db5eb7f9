"""Try other JWT libraries on the tokens of the catalogue: a sanity check of what it expects."""

import argparse
import importlib
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from harness.defects import Specimen, rows
from harness.defects.good import Good

FAMILIES = {"OK", "SIGN", "HEAD", "TIME", "CLM"}
REQUIRED = ("iss", "sub", "aud", "exp", "iat")
ALGORITHM = "ES256"
Judge = Callable[[str], object]


def pyjwt(good: Good) -> tuple[Judge, Any]:
    """Return PyJWT, told all that it can be told."""
    jwt = importlib.import_module("jwt")
    keys = {key.kid: jwt.PyJWK(key.jwk()) for key in (good.signer, good.second)}

    def judge(token: str) -> object:
        key = keys.get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise jwt.InvalidKeyError
        options = {"require": list(REQUIRED)}
        return jwt.decode(token, key, [ALGORITHM], audience=good.audience, issuer=good.issuer, options=options)

    return judge, jwt.PyJWTError


def python_jose(good: Good) -> tuple[Judge, Any]:
    """Return python-jose, with each claim required by its options."""
    jose, jwt = importlib.import_module("jose"), importlib.import_module("jose.jwt")
    keys = {"keys": [key.jwk() for key in (good.signer, good.second)]}
    options = {f"require_{name}": True for name in REQUIRED}

    def judge(token: str) -> object:
        return jwt.decode(token, keys, [ALGORITHM], options, good.audience, good.issuer)

    return judge, jose.JOSEError


def authlib(good: Good) -> tuple[Judge, Any]:
    """Return authlib.jose, with claims essential."""
    import warnings

    warnings.simplefilter("ignore")  # its authors want users to move to joserfc
    module, errors = importlib.import_module("authlib.jose"), importlib.import_module("authlib.jose.errors")
    verifier = module.JsonWebToken([ALGORITHM])
    keys = module.JsonWebKey.import_key_set({"keys": [key.jwk() for key in (good.signer, good.second)]})
    wanted: dict[str, Any] = {name: {"essential": True} for name in REQUIRED}
    wanted["iss"]["value"], wanted["aud"]["value"] = good.issuer, good.audience

    def judge(token: str) -> object:
        claims = verifier.decode(token, keys, claims_options=wanted)
        claims.validate()
        return claims

    return judge, (errors.JoseError, importlib.import_module("authlib.common.errors").AuthlibBaseError)


def joserfc(good: Good) -> tuple[Judge, Any]:
    """Return joserfc, with claims essential."""
    jwt, jwk = importlib.import_module("joserfc.jwt"), importlib.import_module("joserfc.jwk")
    keys = jwk.KeySet.import_key_set({"keys": [key.jwk() for key in (good.signer, good.second)]})
    wanted: dict[str, Any] = {name: {"essential": True} for name in REQUIRED}
    wanted["iss"]["value"], wanted["aud"]["value"] = good.issuer, good.audience
    registry = jwt.JWTClaimsRegistry(**wanted)

    def judge(token: str) -> object:
        decoded = jwt.decode(token, keys, algorithms=[ALGORITHM])
        registry.validate(decoded.claims)
        return decoded

    return judge, importlib.import_module("joserfc.errors").JoseError


LIBRARIES = {"PyJWT": pyjwt, "python-jose": python_jose, "authlib": authlib, "joserfc": joserfc}


def verdict(judge: Judge, family: Any, token: str) -> str:
    """Return ``OK``, ``UNAUTHENTICATED``, or the name of an error that is not of the library's own family."""
    try:
        judge(token)
    except family:
        return "UNAUTHENTICATED"
    except Exception as error:  # noqa: BLE001 - what a server would answer UNKNOWN for
        return type(error).__name__
    return "OK"


def wrong(judge: Judge, family: Any, specimens: list[Specimen]) -> dict[str, list[str]]:
    """Return what a library got wrong, row by row: neither as expected nor allowed without a policy."""
    found = defaultdict(list)
    allowed = {row.id: {one.code for one in row.allowed if not one.when} for row in rows()}
    for specimen in specimens:
        value = str(specimen.metadata[0][1]).removeprefix("Bearer ")
        said = verdict(judge, family, value)
        right = {specimen.expected, *allowed[specimen.row]}
        if said not in right and not (said == "OK" and specimen.expected == "PERMISSION_DENIED"):
            found[specimen.row].append(f"{specimen.variant or 'it'}: {said}")
    return dict(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the same: it takes a second")
    parser.parse_args()
    good = Good.of(ALGORITHM, "https://issuer.example", "ledger", time.time())
    specimens = [one for row in rows() if row.family in FAMILIES for one in row.specimens(good)]
    print(f"{len(specimens)} tokens, {ALGORITHM}; scopes are not a library's business")
    for name, library in LIBRARIES.items():
        try:
            judge, family = library(good)
        except ImportError:
            print(f"\n### {name}: SKIPPED, it is not installed: pip install {name.lower()}")
            continue
        found = wrong(judge, family, specimens)
        if any(row.startswith("OK") for row in found):
            print(f"\n### {name}: VOID, it turns good tokens away: {found}")
            continue
        print(f"\n### {name}: {sum(map(len, found.values()))} tokens of {len(found)} rows\n")
        print("\n".join(f"- {row}: {', '.join(said)}" for row, said in sorted(found.items())))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
