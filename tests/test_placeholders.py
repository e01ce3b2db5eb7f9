"""The one language of placeholders: how it is written, whatever the names of a place are."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.placeholders import Constant, Language, PlaceholderKind

PLACE = Language(
    {
        "seq": PlaceholderKind(lambda: str, "{{seq}}"),
        "add": PlaceholderKind(lambda by: lambda moment: str(moment + int(by)), "{{add 1}}"),
        "here": PlaceholderKind(lambda: Constant("here"), "{{here}}"),
        "row.": PlaceholderKind(lambda column: lambda moment: f"{column}{moment}", "{{row.COLUMN}}"),
    }
)


def fill(data: Any, moment: int = 5) -> Any:
    return PLACE.compile(data, "data").fill(moment)


def refused(data: Any) -> str:
    with pytest.raises(UsageError) as caught:
        PLACE.compile(data, "data")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "filled"),
    [
        ("{{seq}}", "5"),
        ("{{ seq }}!", "5!"),
        ("{{add 2}}-{{seq}}", "7-5"),
        ("{{here}}", "here"),
        ("{{row.first name}}", "first name5"),
        ("{{'{{'}}seq}}", "{{seq}}"),
        ('{{"{{"}}', "{{"),
        ("{{'it is \"so\"'}}", 'it is "so"'),
        ("{{''}}", ""),
        ('{"json": {"in": {{seq}}}}', '{"json": {"in": 5}}'),
        ("a } b }} c { d", "a } b }} c { d"),
        ("{seq} $seq %s", "{seq} $seq %s"),
        (
            {"tags": {"k{{seq}}": "v", "{{here}}": [1, "{{seq}}", None, True]}},
            {"tags": {"k5": "v", "here": [1, "5", None, True]}},
        ),
    ],
)
def test_what_is_written_is_filled_in(data: Any, filled: Any) -> None:
    assert fill(data) == filled


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{{seq", "data: '{{seq' begins a placeholder that does not end; for braces, write {{'{{'}}"),
        ({"a": "x {{ {{seq}} }}"}, "data at a: '{{ ' begins a placeholder"),
        ({"a": {"k{{sek}}": 1}}, "data at a.k{{sek}}: {{sek}} is unknown; did you mean {{seq}}?"),
        (
            [["{{nothing like it}}"]],
            "data at [0][0]: {{nothing like it}} is unknown; give one of seq, add",
        ),
        ("{{}}", "is unknown"),
        ("{{seq 1}}", "{{seq 1}} does not fit; write {{seq}}"),
        ("{{add}}", "does not fit; write {{add 1}}"),
        ("{{env}}", "does not fit; write {{env NAME}}"),
        ("{{file}}", "does not fit; write {{file PATH}}"),
        ("{{env NO_SUCH_VARIABLE_HERE}}", "the environment variable NO_SUCH_VARIABLE_HERE is not set"),
        ("{{file /no/such file}}", "file /no/such file: No such file or directory"),
        ("{{file /}}", "Is a directory"),
        ("{{file \0}}", "null"),
    ],
)
def test_what_cannot_be_is_named_with_its_place_and_a_way_out(data: Any, said: str) -> None:
    assert said in refused(data)


def test_the_environment_and_files_are_read_once_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a key").write_bytes("\ufeffswordfish\r\n".encode())
    monkeypatch.setenv("STORM_KEY", "plaice")
    template = PLACE.compile({"a": f"{{{{file {tmp_path}/a key}}}}", "b": "x{{env STORM_KEY}}"}, "data")
    (tmp_path / "a key").unlink()
    monkeypatch.setenv("STORM_KEY", "other")
    assert template.fixed
    assert template.fill(1) == {"a": "swordfish", "b": "xplaice"}
    assert "swordfish" not in repr(template) + repr(template.fill)
    assert template.hiding("cannot parse 'xplaice', nor swordfish") == "cannot parse 'x[secret]', nor [secret]"


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bin").write_bytes(b"\xff\xfe\x00")
    assert "is no UTF-8 text" in refused(f"{{{{file {tmp_path}/bin}}}}")


def test_deep_nesting_is_one_line() -> None:
    data: Any = "{{seq}}"
    for _ in range(5000):
        data = [data]
    assert "nested too deep" in refused(data)


def test_what_has_no_placeholder_is_fixed() -> None:
    assert PLACE.compile({"a": [1, "b", {"c": None}]}, "data").fixed
    assert not PLACE.compile({"a": ["{{seq}}"]}, "data").fixed
    assert not PLACE.compile({"{{seq}}": 1}, "data").fixed
    assert PLACE.compile("{{row.a}}{{row.b c}}{{seq}}", "data").starting("row.") == {"a", "b c"}


TEXTS = st.text(st.sampled_from("{}'\"a \nseqrow.env:") | st.characters(), max_size=40)


@given(st.recursive(TEXTS | st.none() | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_any_value_is_compiled_or_refused_in_one_sentence(data: Any) -> None:
    said = ""
    try:
        assert type(PLACE.compile(data, "data").fill(1)) is type(data)
    except UsageError as refusal:
        said = str(refusal)
    assert said.count("\n") == 0


@given(TEXTS)
def test_braces_that_are_escaped_come_out_as_they_stood(text: str) -> None:
    assert fill(text.replace("{{", "{{'{{'}}")) == text
