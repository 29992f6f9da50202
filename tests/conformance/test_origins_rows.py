"""A file of rows is a place whose items are its rows, whatever its format."""

from __future__ import annotations

import datetime
import json
import os
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from thruline.backends.rows_origin import RowsOrigin
from thruline.core.errors import Denied, Invalid, NotFound, Refused, Unavailable
from thruline.ports.origin import Item

LIMIT = 1_000_000
PEOPLE = ({"id": 1, "name": "Anna", "town": "Oslo"}, {"id": 2, "name": "Ben", "town": None})
Write = Callable[[Path, Sequence[Mapping[str, Any]]], None]


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], delimiter: str = ",") -> None:
    lines = [
        delimiter.join(rows[0]),
        *(delimiter.join("" if v is None else str(v) for v in row.values()) for row in rows),
    ]
    path.write_text("\n".join(lines), "utf-8")


def write_tsv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    write_csv(path, rows, "\t")


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    polars = pytest.importorskip("polars", reason="Parquet needs the extra `train`")
    polars.DataFrame(rows).write_parquet(path)


FORMATS: Mapping[str, Write] = {
    ".csv": write_csv, ".tsv": write_tsv, ".jsonl": write_jsonl, ".parquet": write_parquet,
}  # fmt: skip


@pytest.fixture(params=FORMATS)
def suffix(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def path(tmp_path: Path, suffix: str) -> Path:
    """A file of two people."""
    path = tmp_path / f"people{suffix}"
    FORMATS[suffix](path, PEOPLE)
    return path


def text_file(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def opened(path: Path, **options: str) -> RowsOrigin:
    return RowsOrigin(str(path), options)


def documents(path: Path, **options: str) -> dict[str, str]:
    origin = opened(path, **options)
    return {item.path: origin.read(item, limit=LIMIT).data.decode() for item in origin.list().items}


def refused(path: Path, **options: str) -> dict[str, str]:
    return dict(opened(path, **options).list().refused)


def test_a_row_is_a_title_and_a_line_for_each_column_that_says_something(path: Path) -> None:
    assert documents(path, key="id") == {
        "1.txt": "people 1\n\nid: 1\nname: Anna\ntown: Oslo\n",
        "2.txt": "people 2\n\nid: 2\nname: Ben\n",
    }


def test_columns_and_title_are_those_that_were_chosen(path: Path) -> None:
    found = documents(path, key="name, id", columns="town", title="name")
    assert found == {"Anna,1.txt": "Anna\n\ntown: Oslo\n", "Ben,2.txt": "Ben\n\n"}


def test_without_a_key_a_row_is_called_by_what_it_says(path: Path, suffix: str) -> None:
    before = set(documents(path))
    FORMATS[suffix](path, [*PEOPLE[1:], {"id": 3, "name": "Carl", "town": "Moss"}, *PEOPLE[:1]])
    after = set(documents(path))
    assert len(before) == 2
    assert before < after


def test_rows_that_say_the_same_are_each_listed(path: Path, suffix: str) -> None:
    FORMATS[suffix](path, [*PEOPLE, *PEOPLE, *PEOPLE])
    assert sorted(documents(path).values()) == sorted(3 * list(documents(path).values())[:2])


def test_marks_tell_what_changed_and_a_reading_has_the_mark_of_the_listing(path: Path, suffix: str) -> None:
    before = {item.path: item.mark for item in opened(path, key="id").list().items}
    FORMATS[suffix](path, [PEOPLE[0], {**PEOPLE[1], "town": "Moss"}])
    origin = opened(path, key="id")
    after = {item.path: item.mark for item in origin.list().items}
    assert after["1.txt"] == before["1.txt"]
    assert after["2.txt"] != before["2.txt"]
    assert opened(path, key="id").read(Item("2.txt", ""), limit=LIMIT).mark == after["2.txt"]


def test_the_first_row_of_a_key_counts_and_the_others_are_refused_by_their_place(path: Path, suffix: str) -> None:
    FORMATS[suffix](path, [*PEOPLE, {"id": 1, "name": "Not Anna", "town": "x"}])
    assert documents(path, key="id")["1.txt"].endswith("town: Oslo\n")
    ((where, reason),) = refused(path, key="id").items()
    assert where == {".csv": "line 4", ".tsv": "line 4", ".jsonl": "line 3", ".parquet": "row 3"}[suffix]
    assert reason == "duplicate_key"


def test_a_row_without_its_key_is_refused(path: Path, suffix: str) -> None:
    FORMATS[suffix](path, [*PEOPLE, {"id": None, "name": "Carl", "town": "x"}])
    assert list(refused(path, key="id").values()) == ["broken_row"]
    assert len(documents(path, key="id")) == 2


def test_a_file_that_changed_after_the_listing_is_listed_again_before_it_is_read(path: Path, suffix: str) -> None:
    origin = opened(path, key="id")
    items = origin.list().items
    FORMATS[suffix](path, [*PEOPLE, {"id": 3, "name": "Carl", "town": "x"}])
    with pytest.raises(Unavailable, match="changed while it was read"):
        origin.read(items[0], limit=LIMIT)


def test_a_row_that_is_not_listed_is_unreadable(path: Path) -> None:
    with pytest.raises(Refused) as gone:
        opened(path, key="id").read(Item("9.txt", ""), limit=LIMIT)
    assert gone.value.reason == "unreadable"


def test_a_document_of_just_the_limit_is_read_and_one_byte_more_is_refused(path: Path) -> None:
    origin = opened(path, key="id")
    item = origin.list().items[0]
    assert len(origin.read(item, limit=item.size).data) == item.size
    with pytest.raises(Refused) as large:
        origin.read(item, limit=item.size - 1)
    assert large.value.reason == "too_large"


def test_a_file_that_is_away_is_unavailable_and_never_empty(path: Path) -> None:
    origin = opened(path, key="id")
    (item, *_) = origin.list().items
    path.unlink()
    with pytest.raises(Unavailable):
        origin.list()
    with pytest.raises(Unavailable):
        origin.read(item, limit=LIMIT)


def test_a_file_that_became_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="no longer a file"):
        opened(path, key="id").list()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_denied(path: Path) -> None:
    path.chmod(0)
    with pytest.raises(Denied):
        opened(path, key="id").list()


def test_a_look_tells_columns_rows_and_size(path: Path, suffix: str) -> None:
    said = opened(path, key="id").look(within_s=5.0)
    columns = "" if suffix == ".jsonl" else f"table '{path.name}': 3 columns, "
    rows = "2 rows" if suffix == ".parquet" else "about 2 rows"
    assert said.startswith(f"{columns}{rows}, ")


def test_a_look_names_a_column_that_may_be_meant(path: Path, suffix: str) -> None:
    if suffix == ".jsonl":
        pytest.skip("each object has columns of its own")
    with pytest.raises(Invalid, match="no column 'twon'") as wrong:
        opened(path, columns="twon").look(within_s=5.0)
    assert "did you mean 'town'?" in wrong.value.hint


def test_a_look_at_a_file_that_never_was_says_so(path: Path) -> None:
    path.unlink()
    with pytest.raises(NotFound, match="is not there"):
        opened(path).look(within_s=5.0)


def test_a_column_that_is_not_there_is_said(path: Path, suffix: str) -> None:
    if suffix == ".jsonl":
        assert set(refused(path, key="nothing").values()) == {"broken_row"}
        return
    with pytest.raises(Invalid, match="no column 'nothing'"):
        opened(path, key="nothing").list()


def test_threads_read_at_once(path: Path, suffix: str) -> None:
    FORMATS[suffix](path, [{"id": n, "name": f"name {n}", "town": "x" * n} for n in range(60)])
    origin = opened(path, key="id")
    items = origin.list().items
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda item: origin.read(item, limit=LIMIT), items))
    assert [reading.mark for reading in found] == [item.mark for item in items]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"], indirect=True)
def test_a_large_file_is_held_line_by_line(path: Path, suffix: str) -> None:
    FORMATS[suffix](path, [{"id": n, "name": "y" * 20_000} for n in range(2_000)])
    origin = opened(path, key="id")
    tracemalloc.start()
    try:
        assert len(origin.list().items) == 2_000
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_csv_row_may_have_quotes_line_ends_and_commas(tmp_path: Path) -> None:
    path = text_file(tmp_path, "a.csv", b'id,note\r\n1,"one, two\r\nand ""three"""\r\n2,last\r\n')
    assert documents(path, key="id") == {
        "1.txt": 'a 1\n\nid: 1\nnote: one, two\n  and "three"\n', "2.txt": "a 2\n\nid: 2\nnote: last\n",
    }  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_parts_the_columns_is_seen_from_the_header(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    write_csv(path, PEOPLE, delimiter)
    assert documents(path, key="id")["1.txt"] == "a 1\n\nid: 1\nname: Anna\ntown: Oslo\n"


def test_broken_rows_are_refused_by_their_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = [
        "id,name",
        "1,Anna",
        "2,too,many",
        "3",
        '4,"bad"quote',
        "",
        "5,Eve",
        '"6,never closed',
        "7,Finn",
        '8,"a',
        'b"',
    ]
    path = text_file(tmp_path, "a.csv", "\n".join(lines).encode())
    assert refused(path, key="id") == dict.fromkeys(("line 3", "line 4", "line 5", "line 8"), "broken_row")
    assert list(documents(path, key="id")) == ["1.txt", "5.txt", "7.txt", "8.txt"]


def test_a_quote_that_is_never_closed_takes_no_more_than_its_line(tmp_path: Path) -> None:
    rest = "".join(f"{n},{'x' * 90}\n" for n in range(2, 4000))
    path = text_file(tmp_path, "a.csv", f'id,name\n1,"Anna\n{rest}'.encode())
    assert list(refused(path, key="id")) == ["line 2"]
    assert len(opened(path, key="id").list().items) == 3998


def test_fields_and_lines_that_are_too_wide_are_refused_and_never_held(tmp_path: Path) -> None:
    csv = text_file(tmp_path, "a.csv", b"id,name\n1," + b"x" * 200_000 + b"\n2," + b"y" * 20_000_000 + b"\n3,Carl\n")
    lines = text_file(tmp_path, "b.jsonl", b'{"id":1,"n":"' + b"y" * 40_000_000 + b'"}\n{"id":2,"n":"Ben"}')
    tracemalloc.start()
    try:
        assert refused(csv, key="id") == {"line 2": "too_large", "line 3": "too_large"}
        assert refused(lines, key="id") == {"line 1": "too_large"}
        assert tracemalloc.get_traced_memory()[1] < 70_000_000
    finally:
        tracemalloc.stop()
    assert list(documents(csv, key="id")) == ["3.txt"]
    assert list(documents(lines, key="id")) == ["2.txt"]


def test_encodings_of_1995_and_marks_of_windows_are_read(tmp_path: Path) -> None:
    marked = text_file(tmp_path, "a.csv", "\ufeffid,name\n1,Zoë\n".encode())
    western = text_file(tmp_path, "b.csv", "id;name\n1;Müller\n2;Anna\n".encode("cp1252"))
    assert documents(marked, key="id")["1.txt"].endswith("name: Zoë\n")
    assert documents(western, key="id")["1.txt"].endswith("name: Müller\n")
    with pytest.raises(Invalid, match="UTF-16"):
        opened(text_file(tmp_path, "c.csv", "id,name\n".encode("utf-16")), key="id").list()


def test_lines_that_are_no_json_object_are_refused_by_their_line(tmp_path: Path) -> None:
    deep = "[" * 100_000
    path = text_file(
        tmp_path, "a.jsonl", f'{{"id": 1}}\n{{"id": \n[2]\n\n{{"id": {"9" * 5000}}}\n{deep}\n{{"id": 3}}'.encode()
    )
    assert refused(path, key="id") == dict.fromkeys(("line 2", "line 3", "line 5", "line 6"), "broken_row")
    assert list(documents(path, key="id")) == ["1.txt", "3.txt"]


def test_objects_lists_and_nulls_of_json_are_words(tmp_path: Path) -> None:
    path = text_file(
        tmp_path, "a.jsonl", b'{"id": 1, "at": {"x": [1, null, "\\u00e9"]}, "no": null, "ok": true, "t": "\\ud800"}'
    )
    assert documents(path, key="id") == {"1.txt": 'a 1\n\nid: 1\nat: {"x":[1,null,"é"]}\nok: true\nt: ?\n'}


@pytest.mark.parametrize("data", [b"", b"\n", b'"id\n1\n', b"id,id\n1,2\n"])
def test_a_csv_without_a_header_is_never_an_empty_place(tmp_path: Path, data: bytes) -> None:
    with pytest.raises((Invalid, Unavailable)):
        opened(text_file(tmp_path, "a.csv", data)).list()


def test_columns_without_a_name_are_called_by_their_number(tmp_path: Path) -> None:
    path = text_file(tmp_path, "a.csv", b"id,,name\n1,x,Anna\n")
    assert documents(path, key="id") == {"1.txt": "a 1\n\nid: 1\ncolumn 2: x\nname: Anna\n"}


def test_a_parquet_file_that_is_half_written_is_unavailable(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", PEOPLE)
    data = (tmp_path / "a.parquet").read_bytes()
    with pytest.raises(Unavailable, match="no whole Parquet file"):
        opened(text_file(tmp_path, "b.parquet", data[: len(data) // 2]), key="id").list()


def test_types_of_parquet_are_words(tmp_path: Path) -> None:
    row = {
        "id": 1, "at": datetime.datetime(2024, 1, 31, 10, tzinfo=datetime.UTC), "day": datetime.date(2024, 1, 31),
        "scan": b"\x00\xff", "tags": ["a", "b"], "on": {"since": datetime.date(2020, 1, 1)},
    }  # fmt: skip
    write_parquet(tmp_path / "a.parquet", [row])
    assert documents(tmp_path / "a.parquet", key="id") == {
        "1.txt": "a 1\n\nid: 1\nat: 2024-01-31T10:00:00+00:00\nday: 2024-01-31\n"
        'scan: 2 bytes\ntags: ["a","b"]\non: {"since":"2020-01-01"}\n'
    }


def test_rows_of_many_batches_of_parquet_are_found_again(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", [{"id": n, "v": n * 7} for n in range(45_000)])
    origin = opened(tmp_path / "a.parquet", key="id")
    assert len(origin.list().items) == 45_000
    for n in (0, 19_999, 20_000, 44_999):
        assert origin.read(Item(f"{n}.txt", ""), limit=LIMIT).data.endswith(f"v: {n * 7}\n".encode())


def test_a_format_that_is_not_known_and_a_password_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"'\.xls'"):
        RowsOrigin(str(tmp_path / "a.xls"), {})
    with pytest.raises(Invalid, match="password"):
        RowsOrigin(str(tmp_path / "a.csv"), {}, lambda: "x")
