import argparse
import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.tap.account import TokenAccount
from harness.tap.options import declare
from harness.tap.seen import SeenCall
from harness.tap.tap import TapSettings, Teller
from tests.tap.test_account import NOW_S, call, token


def tapping(*words: str) -> TapSettings:
    parser = argparse.ArgumentParser()
    declare(parser)
    return TapSettings.of(parser.parse_args(words))


def test_a_service_is_reached_in_plaintext_unless_an_option_says_tls() -> None:
    assert tapping("127.0.0.1:1", "[::1]:2").upstream.addresses == ("127.0.0.1:1", "[::1]:2")
    assert tapping("127.0.0.1:1").upstream.tls is None
    for words in (["--tls"], ["--ca", "ca.pem"], ["--server-name", "shop.test"], ["--cert", "a.pem", "--key", "a.key"]):
        assert tapping("127.0.0.1:1", *words).upstream.tls


def test_mutual_tls_is_spoken_on_both_sides() -> None:
    ours = ("--cert", "a.pem", "--key", "a.key", "--ca", "ca.pem")
    theirs = ("--listen-cert", "b.pem", "--listen-key", "b.key", "--client-ca", "clients.pem")
    settings = tapping("127.0.0.1:1", *ours, *theirs)
    assert settings.upstream.tls
    assert settings.upstream.tls.certificate == Path("a.pem")
    assert settings.tls
    assert settings.tls.client_ca == Path("clients.pem")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["shop.test:443"], "add --allow-target shop.test"),
        (["nowhere"], "is no address; give host:port"),
        (["127.0.0.1:1", "--cert", "a.pem"], "--cert and --key belong together"),
        (["127.0.0.1:1", "--listen-key", "a.key"], "--listen-cert and --listen-key belong together"),
        (["127.0.0.1:1", "--client-ca", "a.pem"], "add --listen-tls"),
    ],
)
def test_what_cannot_be_tapped_is_said_with_the_way_out(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        tapping(*words)


def test_a_service_elsewhere_is_tapped_where_its_user_names_it() -> None:
    assert tapping("shop.test:443", "--allow-target", "shop.test").upstream.addresses == ("shop.test:443",)


def test_calls_that_come_faster_than_they_can_be_told_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller(TokenAccount(lambda: NOW_S))
    good = call(token())
    for _ in range(1234):
        teller.take(good)
    teller.finish()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1001
    assert lines[-1] == "(234 more calls came faster than they could be told)"


class HeldAccount(TokenAccount):
    """An account that has two lines for each call, and is held between them the first time."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW_S)
        self.within, self.release, self.calls = threading.Event(), threading.Event(), 0

    def tell(self, _: SeenCall) -> Iterator[str]:
        self.calls += 1
        mine = self.calls
        yield f"{mine} begins"
        if mine == 1:
            self.within.set()
            self.release.wait(10)
        yield f"{mine} ends"


def test_lines_of_two_calls_are_never_mixed_when_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    account = HeldAccount()

    async def end_within_a_batch() -> None:
        teller = Teller(account)
        telling = asyncio.create_task(teller.run())
        teller.take(call(token()))
        await asyncio.to_thread(account.within.wait, 10)
        teller.take(call(token()))
        telling.cancel()
        ending = threading.Thread(target=teller.finish)
        ending.start()
        ending.join(0.1)
        account.release.set()
        await asyncio.to_thread(ending.join, 10)

    asyncio.run(end_within_a_batch())
    assert capsys.readouterr().out.splitlines() == ["1 begins", "1 ends", "2 begins", "2 ends"]
