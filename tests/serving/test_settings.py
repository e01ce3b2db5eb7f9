import argparse
import json
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.serving.options import declare
from harness.serving.settings import ServeSettings, settings


def served(*words: str) -> ServeSettings:
    parser = argparse.ArgumentParser()
    declare(parser)
    return settings(parser.parse_args(words))


def test_without_an_option_it_serves_plaintext_on_free_ports_of_loopback() -> None:
    plan = served().plan
    assert (plan.place.host, plan.place.target_port, plan.place.tls) == ("127.0.0.1", 0, False)
    assert [client.client_id for client in plan.clients] == ["storm"]


def test_what_is_asked_for_of_tokens_reaches_issuer_and_target_alike(tmp_path: Path) -> None:
    claims = tmp_path / "claims.json"
    claims.write_text(json.dumps({"tenant": "t1", "exp": 5}))
    plan = served("--audience", "shop", "--token-life", "30", "--claims", str(claims), "--refresh-tokens").plan
    assert plan.issuer
    assert plan.target
    assert plan.issuer.audience == plan.target.audience == "shop"
    assert (plan.issuer.lifetime_s, plan.issuer.claims, plan.issuer.refresh_tokens) == (30.0, {"tenant": "t1"}, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--zoo", "unary-only"], "did you mean unary-only-interceptor"),
        (["--algorithm", "ES999"], "algorithm='ES999' is unknown"),
        (["--algorithm", "HS256", "--write-key", "new"], "HS256 has none"),
        (["--token-life", "0"], "lifetime_s=0 is under a second"),
        (["--target-port", "70000"], "target_port=70000 is no port"),
        (["--target-port", "1", "--issuer-port", "1"], "cannot both have port 1"),
        (["--write-ca", "new"], "give --tls, too"),
        (["--write-key", "{there}"], "there is such a file"),
        (["--tls", "--write-ca", "{there}"], "there is such a file"),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_starts(tmp_path: Path, words: list[str], said: str) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    with pytest.raises(UsageError, match=said):
        served(*(word.format(there=there) for word in words))
    assert there.read_text() == "mine"
