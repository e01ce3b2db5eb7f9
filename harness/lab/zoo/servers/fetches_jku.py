"""Fetches the key from the address that the token names."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import grpc
import jwt
import urllib3

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.target.key_set import KeySet, VerifyKey
from harness.lab.target.steps import Header
from harness.lab.zoo.seams import Continuation, put_before, put_steps, values_of

FINDS = ("HEAD-02",)


def change(target: Assembly) -> None:
    """Fetch the set that `jku` names before the gate looks at the token."""
    right, fetched = target.steps, dict[str, KeySet]()

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        token = "".join(values_of(details.invocation_metadata, "authorization")).removeprefix("Bearer ")
        with contextlib.suppress(jwt.PyJWTError, ValueError, urllib3.exceptions.HTTPError):
            url = jwt.get_unverified_header(token).get("jku")
            if isinstance(url, str):
                answer = await asyncio.to_thread(urllib3.request, "GET", url, retries=False, timeout=1.0)
                fetched[url] = KeySet.from_jwks(answer.json(), target.settings["algorithms"])
        return await gate.intercept_service(continuation, details)

    def find_keys(keys: KeySet, header: Header, kid: str, algorithm: str) -> Sequence[VerifyKey]:
        return right.find_keys(fetched.get(str(header.get("jku")), keys), header, kid, algorithm)

    put_steps(target, find_keys=find_keys)
    put_before(target, intercept)
