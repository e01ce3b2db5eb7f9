import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.registry import Registry

Folder = Callable[..., Registry[int]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Folder:
    """Return what makes a package whose files add entries: ``folder(one="FRUIT.add('apple', 1)")``."""
    name = f"fruit_{abs(hash(request.node.name))}"
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(**files: str) -> Registry[int]:
        package = tmp_path / name
        package.mkdir()
        begin = "from harness.registry import Registry\nFRUIT = Registry('fruit', __name__)\n"
        (package / "__init__.py").write_text(begin)
        for stem, line in files.items():
            (package / f"{stem}.py").write_text(f"from {name} import FRUIT\n{line}\n")
        registry: Registry[int] = __import__(name).FRUIT
        return registry

    return make


def test_a_file_in_the_folder_is_all_that_an_entry_takes(folder: Folder) -> None:
    assert dict(folder(one="FRUIT.add('apple', 1)", two="FRUIT.add('pear', 2)")) == {"apple": 1, "pear": 2}


def test_nothing_is_loaded_before_the_registry_is_read(folder: Folder) -> None:
    fruit = folder(one="FRUIT.add('apple', 1)")
    (package,) = fruit._folders
    assert f"{package}.one" not in sys.modules
    assert "apple" in fruit


def test_two_files_cannot_take_the_same_name(folder: Folder) -> None:
    fruit = folder(one="FRUIT.add('apple', 1)", two="FRUIT.add('apple', 2)")
    with pytest.raises(ValueError, match="two fruits are called apple; give one of them another name"):
        len(fruit)


def test_a_broken_file_is_told_each_time_and_never_hidden(folder: Folder) -> None:
    fruit = folder(one="FRUIT.add('apple', 1)", two="1 / 0")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fruit.get("pear")


def test_a_file_may_read_what_was_added_before_it(folder: Folder) -> None:
    assert folder(one="FRUIT.add('apple', 1)", two="FRUIT.add('pear', FRUIT['apple'] + 1)")["pear"] == 2


def test_an_unknown_name_is_refused_with_those_that_are_near(folder: Folder) -> None:
    fruit = folder(one="FRUIT.add('apple', 1)")
    assert fruit.find("apple") == 1
    with pytest.raises(UsageError, match="no fruit is called 'aple'; did you mean apple"):
        fruit.find("aple")
    with pytest.raises(UsageError, match="no fruit is called 'zzz'; known are apple"):
        fruit.find("zzz")
