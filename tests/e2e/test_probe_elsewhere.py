"""The probe on gRPC servers that others wrote, in Go and C++: what it finds must be what they are known to do."""

import json
from pathlib import Path

import jwt
import pytest

from harness.probe.result import Outcome
from tests.e2e.foreign import (
    DESCRIPTORS,
    ISSUER,
    WITHOUT_ENVOY,
    WITHOUT_ETCD,
    Etcd,
    KeyFiles,
    envoy,
    etcd,
    has_envoy,
    has_etcd,
)
from tests.e2e.probed import probe

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not has_etcd, reason=WITHOUT_ETCD)]
needs_envoy = pytest.mark.skipif(not has_envoy, reason=WITHOUT_ENVOY)

CALLS = (
    *("--descriptor-set", str(DESCRIPTORS), "--method", "etcdserverpb.KV/Range"),
    *("--data", 'etcdserverpb.KV/Range={"key":"YQ=="}', "--data", 'etcdserverpb.KV/Put={"key":"YQ=="}'),
    *("--skip", "etcdserverpb.Maintenance", "--skip", "etcdserverpb.Watch"),
)


def etcd_options(server: Etcd, folder: Path) -> tuple[str, ...]:
    """Guard an etcd, and return how its tokens are made and sent."""
    claims = folder / "claims.json"
    claims.write_text(json.dumps(jwt.decode(server.guard(), options={"verify_signature": False})))
    sent = ("--metadata-key", "token", "--scheme", "", "--public", "etcdserverpb.Auth/Authenticate")
    return (*CALLS, *sent, "--signing-key", str(server.keys.private), "--claims", str(claims))


def envoy_options(keys: KeyFiles, folder: Path) -> tuple[str, ...]:
    """Return how tokens for Envoy are made."""
    claims = folder / "claims.json"
    claims.write_text(json.dumps({"iss": ISSUER, "aud": "ledger", "sub": "storm"}))
    return (*CALLS, "--signing-key", str(keys.private), "--kid", "rsa-1", "--claims", str(claims))


def test_etcd_is_told_by_its_own_rules_which_methods_it_leaves_open(tmp_path: Path) -> None:
    with etcd(tmp_path) as server:
        done = probe(tmp_path, server.address, *etcd_options(server, tmp_path), "--only", "coverage")
    assert done.code == 1, done.told + done.complained
    open_to_all = done.methods(Outcome.NAKED)
    assert {"MemberList", "LeaseGrant"} <= open_to_all
    assert not {"Range", "Put", "UserAdd", "AuthDisable"} & open_to_all
    shut = {one.subject for one in done.result.findings if one.outcome is Outcome.PASSED and one.seen != "OK"}
    assert {"etcdserverpb.KV/Range", "etcdserverpb.KV/Put"} <= shut, "INVALID_ARGUMENT is its way of refusing"


def test_etcds_clock_is_measured_by_tokens_without_a_scheme(tmp_path: Path) -> None:
    with etcd(tmp_path) as server:
        done = probe(tmp_path, server.address, *etcd_options(server, tmp_path), "--only", "clock")
    (clock,) = done.result.clocks
    assert clock.sound, clock.doubts
    assert clock.offset
    assert clock.offset.low_s <= 0 <= clock.offset.high_s, "it runs on this machine's clock"


@needs_envoy
def test_envoy_before_every_path_lets_no_bare_call_through_and_its_leeway_is_told(tmp_path: Path) -> None:
    with etcd(tmp_path) as server, envoy(tmp_path, server.address, server.keys, "/") as address:
        done = probe(tmp_path, address, *envoy_options(server.keys, tmp_path), "--only", "coverage,clock,keys")
    assert done.methods(Outcome.NAKED) == set()
    assert done.rows("coverage", Outcome.FALSE_ACCEPT) == set()
    (clock,) = done.result.clocks
    assert clock.leeway
    assert clock.leeway.low_s <= 5 <= clock.leeway.high_s, "clock_skew_seconds of its configuration"
    assert not any(one.failing for one in done.result.findings if one.part == "keys")


@needs_envoy
def test_a_rule_of_envoys_that_forgets_paths_is_found(tmp_path: Path) -> None:
    guarded = "/etcdserverpb.KV/"
    with etcd(tmp_path) as server, envoy(tmp_path, server.address, server.keys, guarded) as address:
        done = probe(tmp_path, address, *envoy_options(server.keys, tmp_path), "--only", "coverage")
    assert done.code == 1, done.told + done.complained
    services = {one.subject.partition("/")[0] for one in done.result.findings if one.outcome is Outcome.NAKED}
    assert "etcdserverpb.Lease" in services
    assert "etcdserverpb.KV" not in services
