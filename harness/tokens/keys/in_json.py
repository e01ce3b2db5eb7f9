"""Private keys in JSON: a JWK, a set of them, and the keys of service accounts. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.tokens.keys.found import DECRYPT, PRIVATE_WANTED, FoundKey, NoKeyError, refuse
from harness.tokens.keys.pem import from_pem

_PRIVATE = ("d", "k")
_IDS = ("private_key_id", "keyId", "key_id", "kid", "publicKeyID", "id")
"""Where service accounts have a key's id: Google, Zitadel, Oracle, …, Box, Yandex."""
_MOST_DEEP = 8


def from_json(value: Any, algorithm: str, key_id: str) -> FoundKey:
    """Return the private key in JSON; ``key_id`` chooses among several; raises `NoKeyError`."""
    if isinstance(value, Mapping) and "kty" in value:
        return _from_jwk(value, algorithm)
    listed = value.get("keys") if isinstance(value, Mapping) else value
    if isinstance(listed, list):
        return _from_jwk(_chosen(listed, key_id), algorithm)
    if not isinstance(value, Mapping):
        refuse("is JSON without a key; give a JWK or a PEM file")
    if found := list(_pems(value, 0)):
        if len({text for text, _ in found}) > 1:
            refuse(f"is JSON with {len(found)} private keys; keep the one that signs")
        text, holder = found[0]
        return FoundKey(from_pem(text), _id_in(holder))
    raise NoKeyError(_other(value))


def _chosen(listed: list[Any], key_id: str) -> Mapping[str, Any]:
    jwks = [jwk for jwk in listed if isinstance(jwk, Mapping)]
    private = [jwk for jwk in jwks if any(name in jwk for name in _PRIVATE)]
    if not private:
        refuse(f"is a set of {len(listed)} keys, none private, {PRIVATE_WANTED}")
    named = [jwk for jwk in private if jwk.get("kid") == key_id] if key_id else private
    if len(named) != 1:
        what = "is a set of {} private keys, {} of them called so" if key_id else "is a set of {} private keys"
        refuse(f"{what.format(len(private), len(named))}; name the one that signs (--kid)")
    return named[0]


def _from_jwk(jwk: Mapping[str, Any], algorithm: str) -> FoundKey:
    import jwt

    if not any(name in jwk for name in _PRIVATE):
        refuse(f"is a public JWK, {PRIVATE_WANTED}")
    if jwk.get("use", "sig") != "sig":
        refuse("is a JWK for encryption (its use is not sig), not for signatures; give the key that signs")
    try:
        read = jwt.PyJWK(dict(jwk), algorithm or None)
    except Exception as error:  # noqa: BLE001 - members of any kind raise errors of any kind
        kind = type(error).__name__
        refuse(f"is a JWK that cannot be used {f'with {algorithm} ' if algorithm else ''}({kind}); give another")
    return FoundKey(read.key, str(read.key_id or ""), str(read.algorithm_name))


def _pems(value: Any, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the texts with a private key in PEM, each with the object that holds it."""
    if depth > _MOST_DEEP:
        return
    if isinstance(value, Mapping):
        for inner in value.values():
            if isinstance(inner, str) and "PRIVATE KEY-----" in inner:
                yield inner, value
            else:
                yield from _pems(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _pems(inner, depth + 1)


def _id_in(holder: Mapping[str, Any]) -> str:
    return next((holder[name] for name in _IDS if isinstance(holder.get(name), str)), "")


def _other(value: Mapping[str, Any]) -> str:
    if "ciphertext" in value:
        return DECRYPT
    if "refresh_token" in value:
        return (
            "is a user's login, with a refresh token and no key; give RefreshToken(file=…), or a service account's key"
        )
    if value.get("type") == "external_account":
        return "says how a workload logs in elsewhere, and holds no key; give a token of it (--token-command)"
    if "access_token" in value:
        return "holds a token and no key; give it as --token-file"
    return "is JSON without a kty, so no JWK; give a JWK or a PEM file"
