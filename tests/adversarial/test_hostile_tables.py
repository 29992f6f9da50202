"""A Parquet file that was cut, scrambled or made to unfold costs its own reading, and nothing else."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from thruline.core.errors import Refused
from thruline.data.sandbox import ParserPool

pl = pytest.importorskip("polars")

PARQUET = "application/vnd.apache.parquet"
MEMORY = 2**30  # as a home sets it


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(workers=1, memory=MEMORY) as opened:
        yield opened


def a_table(rows: int = 2_000) -> bytes:
    out = io.BytesIO()
    frame = pl.DataFrame({"id": range(rows), "said": [f"Quay {n} lies in the harbour" for n in range(rows)]})
    frame.write_parquet(out)
    return out.getvalue()


def unfolding(rows: int, text: str) -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"said": pl.Series([text]).new_from_index(0, rows)}).write_parquet(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [a_table()[:-300], a_table()[:40], b"PAR1" + bytes(200) + b"PAR1", b"PAR1" + b"\xff" * 5000],
    ids=["without its end", "its beginning", "nothing inside", "noise"],
)
def test_a_broken_file_is_refused_with_its_reason(pool: ParserPool, data: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        pool.parse(data, PARQUET, "bad.parquet")
    assert refusal.value.reason == "parser_failed"
    with pytest.raises(Refused) as refusal:
        pool.table(data, PARQUET, "bad.parquet")
    assert refusal.value.reason in ("broken_row", "parser_failed")


@pytest.mark.parametrize(
    "data", [unfolding(60_000_000, "x"), unfolding(3_000, "y" * 400_000)], ids=["many rows", "long values"]
)
def test_a_small_file_that_unfolds_to_much_is_given_up(pool: ParserPool, data: bytes) -> None:
    assert len(data) < 1_000_000
    began = time.monotonic()
    for read in (pool.parse, pool.table):
        with pytest.raises(Refused) as refusal:
            read(data, PARQUET, "bomb.parquet")
        assert refusal.value.reason in ("too_large", "parser_failed")  # the engine dies where memory ends
    assert time.monotonic() - began < 30


def test_scrambled_bytes_end_no_more_than_their_own_reading(pool: ParserPool) -> None:
    whole, chance = a_table(200), random.Random(7)
    for _ in range(12):
        data = bytearray(whole)
        for _ in range(3):
            data[chance.randrange(4, len(data) - 4)] = chance.randrange(256)
        for read in (pool.parse, pool.table):
            with suppress(Refused):
                read(bytes(data), PARQUET, "bad.parquet")
    assert "Quay 17 lies" in pool.parse(whole, PARQUET, "good.parquet").text
