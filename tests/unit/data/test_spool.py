"""Rows that wait in sealed pieces are the table that they were, however many there are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pl = pytest.importorskip("polars")

from thruline.data.spool import Spool  # noqa: E402 - needs the extra

NAMES = st.sampled_from(("id", "عنوان", "名前", "a b"))
ROWS = st.lists(st.dictionaries(NAMES, st.none() | st.text("aé名م \n", max_size=20), max_size=4), max_size=30)
_MEMORY = """
import re, sys
from pathlib import Path
from thruline.data.spool import Spool

with Spool(Path(sys.argv[1])) as rows:
    for number in range(20_000):
        rows.add({"id": str(number), "text": f"{number} of very many words " * 500})
    import polars as pl
    found = rows.table().select(pl.col("text").str.len_chars().sum()).collect(engine="streaming").item()
    print(found, re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(rows=ROWS, piece=st.integers(1, 12), kept=st.integers(0, 400))
def test_the_table_is_the_rows_in_their_order(
    rows: list[dict[str, str | None]], piece: int, kept: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Spool(tmp_path_factory.getbasetemp(), piece=piece, in_memory=kept) as held:
        for row in rows:
            held.add(row)
        columns = list(dict.fromkeys(name for row in rows for name in row))
        for _ in range(2):
            frame = held.table().collect()
            assert frame.columns == columns
            if columns:
                assert frame.to_dicts() == [{name: row.get(name) for name in columns} for row in rows]


def test_it_is_read_by_column_by_condition_and_by_number(tmp_path: Path) -> None:
    with Spool(tmp_path, {"n": "integer"}, piece=7) as held:
        for number in range(100):
            held.add({"n": number, "text": f"row {number}"})
        table = held.table()
        assert table.filter(pl.col("n") % 10 == 3).select("text").collect()["text"].to_list()[:2] == ["row 3", "row 13"]
        assert table.select(pl.len()).collect(engine="streaming").item() == 100
        assert table.head(9).select(pl.col("n").sum()).collect().item() == 36
        numbered = table.with_row_index("at", offset=1).filter(pl.col("at") != pl.col("n") + 1)
        assert numbered.collect(engine="streaming").is_empty()


def test_what_is_on_the_disk_is_noise_without_a_name(tmp_path: Path) -> None:
    with Spool(tmp_path, piece=3, in_memory=10) as held:
        for _ in range(60):
            held.add({"text": "Anna Okafor lives here"})
        assert held.table().collect().height == 60
        assert list(tmp_path.iterdir()) == []
        behind = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
        mine = [fd for fd in behind if os.path.realpath(fd).startswith(str(tmp_path))]
        assert len(mine) == 1
        assert b"Okafor" not in Path(mine[0]).read_bytes()


def test_two_hundred_megabytes_of_text_take_a_part_of_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _MEMORY, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    characters, peak_kb = map(int, told.split())
    assert characters > 200_000_000
    assert peak_kb * 1024 < characters
