import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.tokens.source import guard_alone
from harness.tokens.sources.client_auth import ClientSecret, NoClientAuth
from harness.tokens.sources.refresh_token import RefreshingSource, RefreshToken
from harness.tokens.sources.token_file import TokenFile
from tests.tokens.sources.fake_issuer import SECRET, Answer, Issuer, body, issuer, refusal

FIRST = "refresh-0"


class Rotating:
    """An issuer's memory: one refresh token is good, and using an old one ends them all."""

    def __init__(self) -> None:
        self.serial: int | None = 0

    def __call__(self, form: dict[str, str]) -> Answer:
        if self.serial is None or form["refresh_token"] != f"refresh-{self.serial}":
            self.serial = None
            return 400, {}, body(error="invalid_grant", error_description=SECRET)
        self.serial += 1
        return 200, {}, body(access_token=f"a.b.{self.serial}", refresh_token=f"refresh-{self.serial}")


def opened(server: Issuer, folder: Path, **settings: Any) -> RefreshingSource:
    (folder / "refresh").write_text(f"{FIRST}\n")
    return RefreshToken(server.url, "storm", auth=NoClientAuth(), file=folder / "refresh", **settings).open()


@pytest.mark.e2e
def test_a_rotated_refresh_token_is_used_next(tmp_path: Path) -> None:
    with issuer() as server:
        server.grant = Rotating()
        source = opened(server, tmp_path)
        assert [source.fetch() for _ in range(3)] == ["a.b.1", "a.b.2", "a.b.3"]
        source.endpoint.close()
    assert [form["refresh_token"] for _, form in server.asked] == [FIRST, "refresh-1", "refresh-2"]
    assert {(form["grant_type"], form["client_id"]) for _, form in server.asked} == {("refresh_token", "storm")}
    assert source.rotations == 3
    assert (tmp_path / "refresh").read_text().strip() == FIRST


@pytest.mark.e2e
def test_the_rotated_token_is_kept_only_where_it_is_asked_for(tmp_path: Path) -> None:
    with issuer() as server:
        server.grant = Rotating()
        source = opened(server, tmp_path, keep_rotated=True)
        source.fetch()
        source.endpoint.close()
    assert (tmp_path / "refresh").read_text() == "refresh-1"
    assert stat.S_IMODE((tmp_path / "refresh").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["refresh"]


@pytest.mark.e2e
def test_reuse_by_somebody_else_is_told_apart_from_a_dead_token(tmp_path: Path) -> None:
    with issuer() as server:
        memory = server.grant = Rotating()
        source, other = opened(server, tmp_path), opened(server, tmp_path)
        source.fetch()
        assert "expired, revoked, another client's, or used up by rotation" in str(refusal(other.fetch))
        assert memory.serial is None  # the reuse ended the whole line
        error = refusal(source.fetch)
        source.endpoint.close()
        other.endpoint.close()
    assert error.cause == "BAD_CLIENT"
    assert "somebody reused one of its line" in str(error)


def test_several_workers_are_refused_before_the_first_request_unless_the_issuer_does_not_rotate() -> None:
    settings = RefreshToken("http://127.0.0.1:1/token", "storm")
    guard_alone(settings, 1)
    with pytest.raises(UsageError, match=r"2 workers share one source of tokens: .* run one worker, or give"):
        guard_alone(settings, 2)
    guard_alone(replace(settings, rotates=False), 2)
    guard_alone(TokenFile(Path("token")), 8)


def test_a_missing_refresh_token_is_named_before_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REFRESH_TOKEN", raising=False)
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    settings = RefreshToken("http://127.0.0.1:1/token", "storm", keep_rotated=True)
    assert [text.partition(";")[0] for text in settings.mistakes()] == [
        "RefreshToken: keep_rotated=True has no file to keep it in",
        "RefreshToken: env names the environment variable REFRESH_TOKEN, which is not set",
    ]
    (tmp_path / "empty").touch()
    empty = RefreshToken("http://127.0.0.1:1/token", "storm", ClientSecret(), file=tmp_path / "empty")
    with pytest.raises(UsageError, match="is empty; log in anew"):
        empty.open()
