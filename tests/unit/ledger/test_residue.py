"""The scanner that a receipt of erasure rests on finds every disguise, and nothing where nothing is."""

import bz2
import gzip
import io
import lzma
import os
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thruline.ledger import residue as scanner
from thruline.ledger.residue import Hit, residue
from thruline.ledger.unpacking import unpacked
from thruline.testing.canary import DISGUISES, assert_gone, canary, names

DIGITS = "".join(random.Random(3).choices("0123456789", k=300_000)).encode()  # packs to half, without a copy of itself


@pytest.mark.parametrize("disguise", DISGUISES)
@given(name=names(), before=st.binary(max_size=70), after=st.binary(max_size=9))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_name_is_found_in_every_disguise(
    tmp_path: Path, disguise: str, name: str, before: bytes, after: bytes
) -> None:
    (tmp_path / "file").write_bytes(before + DISGUISES[disguise](name) + after)
    found = {hit.canary for hit in residue(tmp_path, [b"somebody else", name.encode(), b"Pat Nobody"])}
    assert found == {name.encode()}


def test_a_hit_says_where(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b").write_bytes(b"x" * 100 + b"Ada Quine, ada quine")
    assert residue(tmp_path, [b"Ada Quine"]) == [
        Hit(tmp_path / "sub" / "b", 100, b"Ada Quine"),
        Hit(tmp_path / "sub" / "b", 111, b"Ada Quine"),
    ]


@pytest.mark.parametrize("place", [-40, -12, -5, -1, 0, 1])
def test_a_name_across_two_blocks_is_found_once(tmp_path: Path, place: int) -> None:
    start = scanner.BLOCK_BYTES + place
    (tmp_path / "big").write_bytes(b"." * start + b"Ada Quine" + b"." * 50)
    assert [hit.offset for hit in residue(tmp_path, [b"Ada Quine", b"A much longer canary than that"])] == [start]


def test_a_stream_across_blocks_is_unpacked(tmp_path: Path) -> None:
    packed = zlib.compress(DIGITS + b"Ada Quine")
    start = scanner.BLOCK_BYTES - 1000
    (tmp_path / "big").write_bytes(b"." * start + packed)
    assert [hit.offset for hit in residue(tmp_path, [b"Ada Quine"])] == [start]


def test_a_stream_that_was_cut_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    packed = zlib.compress(b"Ada Quine" + DIGITS)
    (tmp_path / "cut").write_bytes(packed[:60_000])
    assert len(residue(tmp_path, [b"Ada Quine"])) == 1


@pytest.mark.parametrize("pack", [zstandard.compress, lzma.compress, bz2.compress, gzip.compress])
def test_what_others_compressed_is_looked_into(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(DIGITS + b"Ada Quine" + DIGITS)
    (tmp_path / "whole").write_bytes(b"before" + packed + b"behind")
    (tmp_path / "cut").write_bytes(pack(b"Ada Quine" + DIGITS * 8)[:-1000])
    (tmp_path / "nested").write_bytes(gzip.compress(packed))
    (tmp_path / "broken").write_bytes(packed[:20] + b"\0" * 50_000)
    found = {hit.path.name: hit.offset for hit in residue(tmp_path, [b"Ada Quine"])}
    assert (found.keys(), found["whole"]) == ({"whole", "cut", "nested"}, 6)


@pytest.mark.parametrize("pack", [zstandard.compress, bz2.compress, lzma.compress, gzip.compress])
def test_a_bomb_is_unpacked_no_further_than_it_may(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b"\0" * (64 << 20))
    assert 8 << 20 <= len(unpacked(io.BytesIO(bomb), 0, most=8 << 20)) <= 9 << 20
    (tmp_path / "bomb").write_bytes(bomb + b" Ada Quine")
    assert [hit.offset for hit in residue(tmp_path, [b"Ada Quine"])] == [len(bomb) + 1]


@pytest.mark.parametrize("how", ["zstd", "snappy", "lz4", "gzip", "brotli", "uncompressed"])
def test_the_rows_of_a_parquet_file_are_looked_into(tmp_path: Path, how: Any) -> None:
    texts = [f"row {n} of nobody" for n in range(30_000)]
    frame = pl.DataFrame({"n": range(30_000), "text": [*texts[:29_000], "Ada Quine", *texts[29_001:]], "none": None})
    frame.with_columns(raw=pl.lit(b"raw")).write_parquet(tmp_path / "set.parquet", compression=how)
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "set.parquet").read_bytes()[:5000])
    assert {hit.path.name for hit in residue(tmp_path, [b"Ada Quine"])} == {"set.parquet"}


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(os.urandom(3_000_000))
    (tmp_path / "empty").touch()
    (tmp_path / "one").write_bytes(b"A")
    (tmp_path / "link").symlink_to("missing")
    assert residue(tmp_path, [canary().encode() for _ in range(50)]) == []
    assert residue(tmp_path, []) == []
    assert_gone(tmp_path, [canary()])


def test_the_failure_names_file_and_canary(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("Zoë Quine")
    with pytest.raises(AssertionError, match=r"kept\.txt at 0: Zoë Quine"):
        assert_gone(tmp_path, ["Zoë Quine"])
