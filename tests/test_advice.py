"""Advice harms nobody: a command in a message writes to a new file, and deletes nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.endpoint.descriptors import read_set
from harness.errors import UsageError

HARNESS = Path(__file__).parents[1] / "harness"
WRITES = re.compile(r"(?:\s-out|_out=|-destkeystore|\s>{1,2})[ ]*(?P<into>[\w.{}/-]+)")
"""Where a command of protoc, openssl, keytool or a shell writes to."""
HARMS = re.compile(
    r"\brm -|\bmv \S+ \S|\bgit (?:checkout|reset|clean|stash)\b|\b(?:delete|remove|overwrite) (?:it|the file)\b"
)
COMMANDS = re.compile(r"\b(?:protoc|openssl|keytool|ssh-keygen|curl)\b ")


def messages() -> Iterator[tuple[str, str]]:
    """Yield every text of the package that is no docstring, with its file; a filled-in place stands as ``{}``."""
    for path in HARNESS.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                yield (
                    path.name,
                    "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values),
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.name, node.value


def harmful(text: str) -> bool:
    """Tell whether what a text advises could cost its reader a file."""
    into = [found["into"] for found in WRITES.finditer(text)] if COMMANDS.search(text) else []
    return bool(HARMS.search(text)) or any(target not in {"NEW_FILE", "FILE"} for target in into)


def test_no_message_advises_a_command_that_writes_over_a_file_or_deletes_one() -> None:
    assert [(name, text) for name, text in messages() if harmful(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "make one: protoc --include_imports --descriptor_set_out={} FILES",
        "decrypt it (openssl pkey -in key.pem -out key.pem)",
        "it is broken; delete it and begin again",
        "drop your changes: git checkout .",
    ],
)
def test_advice_that_harms_is_found(text: str) -> None:
    assert harmful(text)


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("cart.proto", "it is a source, so give --proto {path}"),
        ("cart_pb2.py", "it is generated code, so give --stubs cart_pb2"),
        (
            "cart.binpb",
            "make one: protoc --include_imports --descriptor_set_out=NEW_FILE SOURCE.proto …, and give that",
        ),
    ],
)
def test_a_source_in_place_of_a_descriptor_set_is_named_and_left_alone(tmp_path: Path, name: str, way_out: str) -> None:
    path = tmp_path / name
    path.write_text('syntax = "proto3";\n')
    with pytest.raises(UsageError) as caught:
        read_set(path)
    assert str(caught.value) == f"{path} is no descriptor set; {way_out.format(path=path)}"
