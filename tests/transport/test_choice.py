import importlib.util
from importlib.metadata import version

import pytest

from harness.errors import UsageError
from harness.transport import choice
from harness.transport.choice import (
    AUTO,
    GRPCIO,
    NATIVE,
    PYTHON,
    TRANSPORT,
    Choice,
    choose,
    maker,
    native_version,
)


def absent() -> str | None:
    return None


def present() -> str | None:
    return "0.3.0"


def nothing_refused() -> str | None:
    return None


def retries_refused() -> str | None:
    return "the native transport refuses: grpc.enable_retries=1"


def never_asked() -> str | None:
    raise AssertionError("nobody may ask what an absent package refuses")


def test_auto_takes_native_where_it_is_installed_and_has_every_setting() -> None:
    assert choose(AUTO, nothing_refused, present) == Choice(NATIVE, "0.3.0", "it is installed and has every setting")


def test_auto_takes_grpcio_and_says_how_to_get_native_where_that_is_absent() -> None:
    choice = choose(AUTO, never_asked, absent)
    assert (choice.name, choice.version) == (GRPCIO, version("grpcio"))
    assert "not installed" in choice.text()
    assert "make transport" in choice.text()
    assert "\n" not in choice.text()


def test_auto_takes_grpcio_and_names_the_setting_that_native_does_not_have() -> None:
    choice = choose(AUTO, retries_refused, present)
    assert choice.name == GRPCIO
    assert "grpc.enable_retries=1" in choice.why


def test_native_where_it_is_absent_is_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"not installed; in a checkout, `make transport` builds it"):
        choose(NATIVE, never_asked, absent)


def test_native_without_a_setting_it_needs_is_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"grpc\.enable_retries=1; drop that setting, or take --transport grpcio"):
        choose(NATIVE, retries_refused, present)


def test_grpcio_is_taken_without_a_look_at_native() -> None:
    assert choose(GRPCIO, never_asked, present) == Choice(GRPCIO, version("grpcio"), "asked for")


def test_the_version_of_an_absent_package_is_none_and_one_of_a_source_tree_is_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice, "MODULE", "no_such_module_of_ours")
    assert native_version() is None
    monkeypatch.setattr(choice, "MODULE", "harness")
    monkeypatch.setattr(choice, "DISTRIBUTION", "no-such-distribution-of-ours")
    assert native_version() == "source"
    assert importlib.util.find_spec("harness") is not None


@pytest.mark.parametrize(
    ("asked", "transport", "declared", "right_clients", "wanted"),
    [
        (AUTO, NATIVE, True, True, TRANSPORT),
        (TRANSPORT, NATIVE, True, True, TRANSPORT),
        (PYTHON, NATIVE, True, True, PYTHON),
        (AUTO, GRPCIO, True, True, PYTHON),
        (AUTO, NATIVE, False, True, PYTHON),
        (AUTO, NATIVE, True, False, PYTHON),
    ],
)
def test_the_transport_makes_declared_calls_of_right_clients_unless_told_otherwise(
    asked: str, transport: str, wanted: str, *, declared: bool, right_clients: bool
) -> None:
    assert maker(asked, transport, declared=declared, right_clients=right_clients) == wanted


@pytest.mark.parametrize(
    ("transport", "declared", "right_clients", "way_out"),
    [
        (GRPCIO, True, True, "--transport native"),
        (NATIVE, False, True, "calls="),
        (NATIVE, True, False, "clients="),
    ],
)
def test_a_transport_that_cannot_make_the_calls_is_refused_with_the_way_out(
    transport: str, way_out: str, *, declared: bool, right_clients: bool
) -> None:
    with pytest.raises(UsageError, match=way_out):
        maker(TRANSPORT, transport, declared=declared, right_clients=right_clients)
