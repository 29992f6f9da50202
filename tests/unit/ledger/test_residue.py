"""The scanner that a receipt of erasure rests on finds every disguise, and nothing where nothing is."""

import os
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thruline.ledger import residue as scanner
from thruline.ledger.residue import Hit, residue
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
