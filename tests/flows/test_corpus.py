"""A set for training: what passes, each text once, on the line; and named by who erases one of its people."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.files import part_of
from thruline.data.sets import lines
from thruline.testing.homes import killed_after, open_home, write

WORDS = [
    "the",
    "keeper",
    "of",
    "this",
    "hall",
    "and",
    "a",
    "smith",
    "that",
    "have",
    "to",
    "carry",
    "anvils",
    "with",
    "care",
    "to",
    "our",
    "yard",
    "by",
    "some",
    "harbour",
    "gate",
    "where",
    "old",
    "boats",
    "rest",
    "while",
    "many",
    "people",
    "walk",
    "along",
    "every",
    "morning",
    "before",
    "bread",
    "is",
    "baked",
    "under",
    "roofs",
    "made",
    "from",
    "straw",
]


def prose(seed: int, more: str = "") -> str:
    dice = random.Random(seed)
    sentences = [" ".join(dice.choices(WORDS, k=dice.randint(7, 12))).capitalize() + "." for _ in range(30)]
    return f"# Page {seed}\n\n" + " ".join(sentences) + more


@pytest.fixture
def wiki(home: Platform, docs: Path) -> Platform:
    one = prose(1)
    write(docs, one=one, copy=one + "\n", two=prose(2, " Ottilie Kvasthoug baked it."), short="# S\n\nToo short.")
    home.data.add(path=str(docs), name="wiki", options=("purpose=training of the shop's model",))
    home.data.sync()
    return home


def test_what_passes_is_written_once_and_the_rest_is_counted(wiki: Platform, tmp_path: Path):
    report = wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "set.parquet"))
    assert (report.documents, report.written, report.repeated, report.failing) == (4, 2, 1, 1)
    assert report.by_rule["words"] == 1
    frame = pl.read_parquet(report.file)
    assert frame.height == 2
    assert set(frame["source"]) == {"wiki"}
    sheet = Path(report.sheet).read_text()
    assert "4 documents = 2 written + 1 that repeat another + 1 that fail a rule + 0 that" in sheet
    assert "purpose of the processing: training of the shop's model" in sheet


def test_an_erasure_names_the_sets_that_hold_the_person(wiki: Platform, tmp_path: Path):
    held = wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "set.parquet"))
    (record,) = [d.record for d in wiki.data.documents() if d.path == "two.md"]
    (place,) = wiki.data.blast(what="wiki/two.md").corpora
    assert place.startswith(held.file)
    report = wiki.data.erase(identifiers=("Ottilie Kvasthoug",))
    assert [d.record for d in report.records] == [record]
    assert held.file in report.out_of_scope[0]
    assert held.file not in Path(report.receipt).read_text()
    assert wiki.ledger.verify().ok


def test_a_set_is_named_as_long_as_its_file_holds_the_person_whatever_went_before(
    wiki: Platform, docs: Path, tmp_path: Path
):
    held = wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "set.parquet"))
    (docs / "two.md").unlink()
    wiki.data.sync()
    for _ in range(2):
        assert held.file in wiki.data.erase(identifiers=("Ottilie Kvasthoug",)).out_of_scope[0]
    assert held.file in wiki.data.person(identifiers=("Ottilie Kvasthoug",)).sets[0]
    Path(held.file).unlink()
    assert not any(held.file in x for x in wiki.data.erase(identifiers=("Ottilie Kvasthoug",)).out_of_scope)


def test_a_lance_set_says_what_a_parquet_one_says_and_is_named_by_an_erasure(
    wiki: Platform, docs: Path, tmp_path: Path
):
    lance = pytest.importorskip("lance", reason="the extra `lance` is not installed")
    held = wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "set.lance"))
    same = wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "same.parquet"))
    assert pl.DataFrame(lance.dataset(held.file).to_table()).equals(pl.read_parquet(same.file))
    assert Path(held.sheet).read_text().startswith("# Data sheet of set.lance")
    (docs / "two.md").unlink()
    wiki.data.sync()
    named = wiki.data.erase(identifiers=("Ottilie Kvasthoug",)).out_of_scope[:2]
    assert any(held.file in place for place in named)
    data = next((Path(held.file) / "data").iterdir())
    data.write_bytes(b"something else by now")
    assert not any(held.file in x for x in wiki.data.erase(identifiers=("Ottilie Kvasthoug",)).out_of_scope)


def test_without_the_extra_a_lance_set_is_neither_written_nor_passed_over(wiki: Platform, tmp_path: Path):
    pytest.importorskip("lance", reason="the extra `lance` is not installed")
    held = wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "set.lance"))
    home = ["--home", str(wiki.home.path)]
    for words in (["corpus", "wiki", "--out", str(tmp_path / "b.lance")], ["person", "Ottilie Kvasthoug"]):
        program = "import sys; sys.modules['lance'] = None; from thruline.cli import main; sys.exit(main(sys.argv[1:]))"
        done = subprocess.run(
            [sys.executable, "-c", program, *words, *home], capture_output=True, text=True, check=False
        )
        assert done.returncode == 3
        assert "thruline[lance]" in done.stderr
    assert Path(held.file).is_dir()
    assert not (tmp_path / "b.lance").exists()


@pytest.mark.parametrize("ending", ["parquet", "lance"])
@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.3, 0.5])
def test_a_killed_export_leaves_nothing_or_the_whole_set_and_the_next_one_can_be_written(
    wiki: Platform, tmp_path: Path, ending: str, seconds: float
):
    if ending == "lance":
        pytest.importorskip("lance", reason="the extra `lance` is not installed")
    path, out = wiki.home.path, tmp_path / f"set.{ending}"
    wiki.close()
    killed_after(seconds, path, "data.corpus", {"sources": ("wiki",), "out": str(out)})
    with open_home(path) as home:
        if out.exists():
            assert len(list(lines(out))) == 2
            assert out.with_suffix(".md").read_text().endswith("delete this one\n")
        else:
            assert home.data.corpus(sources=("wiki",), out=str(out)).written == 2
        assert len(list(lines(out))) == 2
        assert not part_of(out).exists()


def test_what_a_killed_export_left_is_replaced_and_somebody_elses_sheet_is_not(wiki: Platform, tmp_path: Path):
    out, sheet = tmp_path / "set.parquet", tmp_path / "set.md"
    sheet.write_text("# Data sheet of set.parquet\n\nWrit")
    assert wiki.data.corpus(sources=("wiki",), out=str(out)).written == 2
    out.unlink()
    sheet.write_text("# My own notes\n")
    with pytest.raises(Conflict):
        wiki.data.corpus(sources=("wiki",), out=str(out))
    part_of(out).write_bytes(b"PAR1 Ottilie")
    assert any(
        "which a killed command left" in x for x in wiki.data.erase(identifiers=("Ottilie Kvasthoug",)).out_of_scope
    )


def test_an_erasure_of_somebody_else_names_no_set(wiki: Platform, docs: Path, tmp_path: Path):
    wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "set.parquet"))
    write(docs, later="# Later\n\nZebulon Quist came.")
    wiki.data.sync()
    assert not any("set.parquet" in x for x in wiki.data.erase(identifiers=("Zebulon Quist",)).out_of_scope)


def test_what_cannot_be_written_is_said_and_writes_nothing(wiki: Platform, tmp_path: Path):
    (tmp_path / "there.parquet").touch()
    for out, error in (("set.csv", Invalid), ("there.parquet", Conflict), ("none/set.parquet", NotFound)):
        with pytest.raises(error):
            wiki.data.corpus(sources=("wiki",), out=str(tmp_path / out))
    with pytest.raises(NotFound, match="no source named 'shop'"):
        wiki.data.corpus(sources=("shop",), out=str(tmp_path / "set.parquet"))
    assert not (tmp_path / "set.parquet").exists()
    assert wiki.ledger.events(verb="corpus.exported") == ()


def test_what_is_held_out_for_testing_is_not_trained_on(wiki: Platform, docs: Path, tmp_path: Path):
    pl.DataFrame({"text": [prose(2), "Something else."]}).write_parquet(tmp_path / "test.parquet")
    report = wiki.data.corpus(
        sources=("wiki",), out=str(tmp_path / "set.parquet"), held_out=str(tmp_path / "test.parquet")
    )
    assert (report.written, report.contaminated) == (1, 1)
    assert pl.read_parquet(report.file)["title"].to_list() == ["Page 1"]
    for bad in ("none.parquet", "docs/one.md"):
        with pytest.raises((NotFound, Invalid)):
            wiki.data.corpus(sources=("wiki",), out=str(tmp_path / "b.parquet"), held_out=str(tmp_path / bad))
