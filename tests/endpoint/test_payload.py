import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.endpoint.call import Call
from harness.endpoint.methods import Methods, from_stubs
from harness.endpoint.payload import Payload
from harness.endpoint.repertoire import Repertoire, pack, unpack
from harness.endpoint.rows import read_rows
from harness.endpoint.template import Moment, compile_template
from harness.errors import UsageError

LEDGER = "jwtstorm.lab.v1.Ledger"


@pytest.fixture(scope="module")
def ledger() -> Methods:
    return from_stubs("harness.lab.proto.ledger_pb2_grpc")


def payload(ledger: Methods, name: str, data: Any, rows: Any = ()) -> Payload:
    return Payload(ledger.find(f"{LEDGER}/{name}"), ledger.pool, data, rows, seed=7)


def fill(data: Any, call_id: int = 5, seed: int = 7, row: Any = None) -> Any:
    return compile_template(data).fill(Moment(call_id, seed, row))


def test_placeholders_are_filled_in_wherever_they_stand() -> None:
    assert fill({"a": "{{seq}}", "b": "no {{ seq 100 }}!", "c": [1, "{{seq}}"]}) == {
        "a": "5",
        "b": "no 105!",
        "c": [1, "5"],
    }


@given(seed=st.integers(), call_id=st.integers(min_value=0, max_value=2**40))
def test_the_same_seed_and_call_give_the_same_data(seed: int, call_id: int) -> None:
    data = {"n": "{{random 1 6}}", "u": "{{uuid}}", "c": "{{choice a b}}", "f": "{{random 0.5 2.5}}"}
    first = fill(data, call_id, seed)
    assert first == fill(data, call_id, seed)
    assert 1 <= int(first["n"]) <= 6
    assert first["c"] in {"a", "b"}
    assert 0.5 <= float(first["f"]) <= 2.5


def test_two_calls_draw_apart() -> None:
    assert len({fill("{{uuid}}", call_id) for call_id in range(100)}) == 100


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"a": {"b": "{{sequ}}"}}, "data at a.b: {{sequ}} is unknown; did you mean {{seq}}?"),
        ({"a": ["{{random 6}}"]}, "data at a[0]: {{random 6}} does not fit; write {{random 1 6}}"),
        ({"a": "{{random 6 1}}"}, "does not fit"),
        ({"a": "{{now h}}"}, "{{now s}}"),
        ({"a": "{{}}"}, "give one of seq, random"),
    ],
)
def test_a_placeholder_that_cannot_be_is_named_with_its_place(data: Any, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_template(data)
    assert said in str(caught.value)


def test_data_without_placeholders_is_built_once(ledger: Methods) -> None:
    fixed = payload(ledger, "GetBalance", {"account": "42"})
    assert fixed.request(1) is fixed.request(2)


def test_a_template_is_filled_in_for_each_call(ledger: Methods) -> None:
    made = payload(ledger, "Transfer", {"fromAccount": "{{seq}}", "cents": "{{random 1 9}}", "nonce": "{{uuid}}"})
    first, second = made.request(1), made.request(2)
    assert (first.from_account, second.from_account) == ("1", "2")  # type: ignore[union-attr]
    assert first.nonce != second.nonce  # type: ignore[union-attr]


def test_a_stream_takes_a_list_and_one_object_is_a_stream_of_one(ledger: Methods) -> None:
    assert len(payload(ledger, "ImportTransfers", [{"cents": 1}, {"cents": 2}]).request(0)) == 2  # type: ignore[arg-type]
    assert len(payload(ledger, "StreamTransfers", {"cents": 1}).request(0)) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (
            "GetBalance",
            {"acount": "42"},
            "no field 'acount' in jwtstorm.lab.v1.BalanceRequest; did you mean 'account'?",
        ),
        ("GetBalance", {"zzz": "42"}, "it has account"),
        ("Transfer", {"cents": "many"}, "field cents: "),
        ("Transfer", {"cents": True}, "field cents: "),
        ("GetBalance", {"account": 7}, "field account: "),
        ("GetBalance", [{"account": "1"}], "takes one message, not a stream"),
        ("ImportTransfers", [1], "no list of JSON objects"),
        ("GetBalance", "x", "no JSON object"),
    ],
)
def test_data_that_does_not_fit_is_one_line_that_names_the_field(
    ledger: Methods, name: str, data: Any, said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        payload(ledger, name, data)
    assert said in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rows_come_in_turn(ledger: Methods, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("account,note\n1,a\n2,b\n")
    made = payload(ledger, "GetBalance", {"account": "{{row.account}}"}, read_rows(file))
    assert [made.request(call).account for call in range(3)] == ["1", "2", "1"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "data", "rows"),
    [
        ("a.csv", b'a,b\r\n"first\nsecond",2\r\n', [{"a": "first\nsecond", "b": "2"}]),
        ("a.csv", b'a,b\n"first\r\nsecond","say ""hi"""\n', [{"a": "first\r\nsecond", "b": 'say "hi"'}]),
        ("a.csv", "a\nx\u2028y\x0bz\x85\n".encode(), [{"a": "x\u2028y\x0bz\x85"}]),
        ("a.csv", b"a\rb\rc\r", [{"a": "b"}, {"a": "c"}]),
        ("a.csv", "a\n\u00e9\n".encode("utf-16"), [{"a": "\u00e9"}]),
        ("a.csv", b"\xef\xbb\xbfa,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ("a.ndjson", '{"a": "x\u2028y\x85"}\r\n\n{"a": 2}'.encode(), [{"a": "x\u2028y\x85"}, {"a": 2}]),
        ("a.jsonl", b'\xef\xbb\xbf{"a": 1}\n', [{"a": 1}]),
    ],
)
def test_rows_are_read_by_the_formats_own_rules(tmp_path: Path, name: str, data: bytes, rows: list[Any]) -> None:
    (tmp_path / name).write_bytes(data)
    assert list(read_rows(tmp_path / name)) == rows


def test_rows_of_json_keep_their_kinds(ledger: Methods, tmp_path: Path) -> None:
    file = tmp_path / "rows.ndjson"
    file.write_text("\n".join(json.dumps({"n": n}) for n in (3, 4)))
    made = payload(ledger, "Transfer", {"cents": "{{row.n}}"}, read_rows(file))
    assert [made.request(call).cents for call in range(2)] == [3, 4]  # type: ignore[union-attr]


def test_a_row_that_does_not_fit_is_named(ledger: Methods) -> None:
    with pytest.raises(UsageError, match=r"with row 2: field cents"):
        payload(ledger, "Transfer", {"cents": "{{row.n}}"}, [{"n": 1}, {"n": "x"}])
    with pytest.raises(UsageError, match="row 2 has no column 'n'; it has m"):
        payload(ledger, "Transfer", {"cents": "{{row.n}}"}, [{"n": 1}, {"m": 1}])
    with pytest.raises(UsageError, match="--rows"):
        payload(ledger, "Transfer", {"cents": "{{row.n}}"})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "", "holds no row"),
        ("a.csv", "a,b\n1\n", "line 2: it has not the 2 cells of the header"),
        ("a.csv", 'a,b\n"1"2,3\n', "line 2: no CSV"),
        ("a.csv", "a,a\n1,2\n", "the column 'a' stands twice"),
        ("a.ndjson", '{"a": 1, "a": 2}', "line 1 has the member 'a' twice"),
        ("a.ndjson", "[" * 100_000, "line 1 is nested too deep"),
        ("a.ndjson", '{"a": 1}\n{', "line 2 is no JSON"),
        ("a.ndjson", "[1]", "line 1: no JSON object"),
    ],
)
def test_rows_that_cannot_be_read_name_their_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError) as caught:
        read_rows(tmp_path / name)
    assert said in str(caught.value)


def test_calls_are_picked_by_weight_and_alike_in_every_run(ledger: Methods) -> None:
    calls = [Call(f"{LEDGER}/GetBalance", {}, weight=3), Call(f"{LEDGER}/Transfer", {})]
    repertoire = Repertoire(ledger, calls, seed=7)
    picked = [repertoire.pick(call_id) for call_id in range(4000)]
    assert picked == [Repertoire(ledger, calls, seed=7).pick(call_id) for call_id in range(4000)]
    assert 2850 < picked.count(0) < 3150


def test_methods_travel_as_text(ledger: Methods) -> None:
    assert [method.path for method in unpack(pack(ledger))] == [method.path for method in ledger]


def test_a_calls_data_stays_out_of_the_runs_files() -> None:
    written = json.dumps(Call("a.B/C", {"password": "swordfish"}).to_json()) + repr(Call("a.B/C", {"p": "swordfish"}))
    assert "swordfish" not in written
