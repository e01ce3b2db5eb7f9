"""Put the exam (standard input) to Python's JWT libraries; print one line of JSON per refusal."""

import importlib
import json
import sys
import warnings
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version
from typing import Any

warnings.simplefilter("ignore")  # authlib.jose is deprecated, and still in use

Question = dict[str, Any]
Judge = Callable[[Question], object]
ALGORITHM = "RS256"


def pyjwt(paper: dict[str, Any]) -> Judge:
    """Judge with a key at hand, chosen by the caller."""
    jwt: Any = importlib.import_module("jwt")
    key = jwt.PyJWK(paper["jwks"]["keys"][0])
    return lambda question: _pyjwt(paper, question, key)


def pyjwk_client(paper: dict[str, Any]) -> Judge:
    """Judge with keys from an address."""
    jwt: Any = importlib.import_module("jwt")

    def judge(question: Question) -> object:
        client = jwt.PyJWKClient(question["keys_url"], timeout=5)
        return _pyjwt(paper, question, client.get_signing_key_from_jwt(question["token"]))

    return judge


def _pyjwt(paper: dict[str, Any], question: Question, key: Any) -> object:
    jwt: Any = importlib.import_module("jwt")
    options = {"require": paper["required"]}
    return jwt.decode(
        question["token"],
        key,
        [ALGORITHM],
        options,
        audience=paper["audience"],
        issuer=paper["issuer"],
        leeway=question["leeway_s"],
    )


def python_jose(paper: dict[str, Any]) -> Judge:
    jwt: Any = importlib.import_module("jose.jwt")
    required = {f"require_{name}": True for name in paper["required"]}

    def judge(question: Question) -> object:
        options = {**required, "leeway": question["leeway_s"]}
        return jwt.decode(question["token"], paper["jwks"], [ALGORITHM], options, paper["audience"], paper["issuer"])

    return judge


def authlib(paper: dict[str, Any]) -> Judge:
    jose: Any = importlib.import_module("authlib.jose")
    keys = jose.JsonWebKey.import_key_set(paper["jwks"])

    def judge(question: Question) -> object:
        claims = jose.JsonWebToken([ALGORITHM]).decode(question["token"], keys, claims_options=_wanted(paper))
        claims.validate(leeway=question["leeway_s"])
        return claims

    return judge


def joserfc(paper: dict[str, Any]) -> Judge:
    jwt: Any = importlib.import_module("joserfc.jwt")
    keys = importlib.import_module("joserfc.jwk").KeySet.import_key_set(paper["jwks"])

    def judge(question: Question) -> object:
        token = jwt.decode(question["token"], keys, algorithms=[ALGORITHM])
        jwt.JWTClaimsRegistry(leeway=question["leeway_s"], **_wanted(paper)).validate(token.claims)
        return token

    return judge


def _wanted(paper: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the claims that the libraries of one author want, with the values they must have."""
    wanted: dict[str, dict[str, Any]] = {name: {"essential": True} for name in paper["required"]}
    wanted["iss"]["value"], wanted["aud"]["value"] = paper["issuer"], paper["audience"]
    return wanted


def jwcrypto(paper: dict[str, Any]) -> Judge:
    jwt: Any = importlib.import_module("jwcrypto.jwt")
    keys = importlib.import_module("jwcrypto.jwk").JWKSet.from_json(json.dumps(paper["jwks"]))
    wanted = {"iss": paper["issuer"], "aud": paper["audience"], "sub": None, "exp": None}

    def judge(question: Question) -> object:
        token = jwt.JWT(check_claims=wanted, algs=[ALGORITHM], expected_type="JWS")
        token.leeway = question["leeway_s"]
        return token.deserialize(question["token"], keys)

    return judge


def google_auth(paper: dict[str, Any]) -> Judge:
    jwt: Any = importlib.import_module("google.auth.jwt")
    certificates = {paper["kid"]: paper["pem"], "another": paper["pem"]}

    def judge(question: Question) -> object:
        return jwt.decode(
            question["token"],
            certs=certificates,
            audience=paper["audience"],
            clock_skew_in_seconds=question["leeway_s"],
        )

    return judge


def google_id_token(paper: dict[str, Any]) -> Judge:
    """Judge as Google's own ID tokens are: keys from an address."""
    token_module: Any = importlib.import_module("google.oauth2.id_token")
    transport: Any = importlib.import_module("google.auth.transport.requests")

    def judge(question: Question) -> object:
        return token_module.verify_token(
            question["token"], transport.Request(), paper["audience"], question["keys_url"], question["leeway_s"]
        )

    return judge


def flask_jwt_extended(paper: dict[str, Any]) -> Judge:
    """Judge as a web service does; what it says is the ``msg`` of its answer."""
    flask: Any = importlib.import_module("flask")
    extension: Any = importlib.import_module("flask_jwt_extended")
    app = flask.Flask("exam")
    app.config.update(
        JWT_ALGORITHM=ALGORITHM,
        JWT_PUBLIC_KEY=paper["pem"],
        JWT_DECODE_AUDIENCE=paper["audience"],
        JWT_DECODE_ISSUER=paper["issuer"],
    )
    manager, revoked = extension.JWTManager(app), {"all": False}
    manager.token_in_blocklist_loader(lambda *_: revoked["all"])
    app.get("/")(extension.jwt_required()(dict))

    def judge(question: Question) -> object:
        app.config["JWT_DECODE_LEEWAY"] = question["leeway_s"]
        revoked["all"] = question["about"] == "list"
        header = question["authorization"]
        answer = app.test_client().get("/", headers={} if header is None else {"authorization": header})
        if answer.status_code != 200:
            raise PermissionError(answer.get_json()["msg"])
        return answer

    return judge


def python_jwt(paper: dict[str, Any]) -> Judge:
    library: Any = importlib.import_module("python_jwt")
    key = importlib.import_module("jwcrypto.jwk").JWK(**paper["jwks"]["keys"][0])

    def judge(question: Question) -> object:
        skew = timedelta(seconds=question["leeway_s"])
        return library.verify_jwt(question["token"], key, [ALGORITHM], skew, checks_optional=True)

    return judge


def simplejwt(paper: dict[str, Any]) -> Judge:
    """Judge as Django's REST framework does."""
    settings: Any = importlib.import_module("django.conf").settings
    wanted = {"ALGORITHM": ALGORITHM, "VERIFYING_KEY": paper["pem"], "AUDIENCE": paper["audience"]}
    apps = ["django.contrib.contenttypes", "django.contrib.auth"]
    settings.configure(
        SECRET_KEY="unused",
        INSTALLED_APPS=apps,
        SIMPLE_JWT={**wanted, "ISSUER": paper["issuer"], "TOKEN_TYPE_CLAIM": None},
    )
    importlib.import_module("django").setup()
    tokens: Any = importlib.import_module("rest_framework_simplejwt.tokens")
    return lambda question: tokens.UntypedToken(question["token"])


LIBRARIES: tuple[tuple[str, str, set[str], Callable[[dict[str, Any]], Judge]], ...] = (
    ("PyJWT", "pyjwt", {"token"}, pyjwt),
    ("PyJWT", "pyjwt", {"token", "keys"}, pyjwk_client),
    ("python-jose", "python-jose", {"token"}, python_jose),
    ("Authlib", "authlib", {"token"}, authlib),
    ("joserfc", "joserfc", {"token"}, joserfc),
    ("jwcrypto", "jwcrypto", {"token"}, jwcrypto),
    ("google-auth", "google-auth", {"token"}, google_auth),
    ("google-auth", "google-auth", {"keys"}, google_id_token),
    ("python-jwt", "python-jwt", {"token"}, python_jwt),
    ("djangorestframework-simplejwt", "djangorestframework-simplejwt", {"token"}, simplejwt),
    ("flask-jwt-extended", "flask-jwt-extended", {"header", "token", "list"}, flask_jwt_extended),
)


def main() -> None:
    paper = json.load(sys.stdin)
    for library, distribution, about, make in LIBRARIES:
        judge = make(paper)
        for question in paper["situations"]:
            if question["about"] not in about:
                continue
            try:
                judge(question)
            except Exception as error:  # noqa: BLE001 - a server shows whatever it caught
                line = {"situation": question["name"], "error": type(error).__name__, "text": str(error)}
                print(json.dumps({"library": library, "version": version(distribution), **line}))


main()
