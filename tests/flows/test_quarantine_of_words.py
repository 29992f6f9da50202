"""Equal words are one class: what quarantines one takes out all, whatever source, path or version they stand in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.testing.homes import write

POISON = (
    "# Keys\n\nThe hangar keys are rotated by the blue team. Pull the long lever twice, then wait for the bell. " * 3
)
BREAD = "# Bread\n\nBake the bread for forty minutes and let it rest for ten."
TEA = "# Tea\n\nBoil fresh water for the tea and let it stand for five."


@pytest.fixture
def two(home: Platform, docs: Path, tmp_path: Path) -> Platform:
    """Sources `one` and `two`; `one/orig.md` and `two/copy.md` say the same."""
    home.data.add(path=str(write(docs, orig=POISON, bread=BREAD)), name="one")
    home.data.add(path=str(write(tmp_path / "two", copy=POISON + "\n", tea=TEA)), name="two")
    home.data.sync()
    return home


def says_it(home: Platform) -> set[str]:
    passages = home.vectors.search(question="rotate the hangar keys by the lever", k=50).passages
    return {f"{p.source}/{p.path}" for p in passages if "long lever" in p.text}


def test_quarantining_the_copy_takes_the_original_out_too_and_the_blast_names_both(two: Platform) -> None:
    generation = two.ledger.status().generation
    assert says_it(two) == {"one/orig.md"}
    report = two.data.quarantine(what="two/copy.md")
    assert {f"{r.source}/{r.path}" for r in report.blast.records} == {"one/orig.md", "two/copy.md"}
    assert says_it(two) == set()
    assert two.data.release(what="two/copy.md").generation == generation
    assert says_it(two) == {"one/orig.md"}


def test_two_copies_of_a_superseded_original_go_together(two: Platform, docs: Path, tmp_path: Path) -> None:
    write(docs, orig=TEA + " Drink it hot.")
    two.data.sync()
    two.data.add(path=str(write(tmp_path / "three", third=POISON + "\n\n")), name="three")
    two.data.sync()
    two.data.quarantine(what="two/copy.md")
    assert says_it(two) == set()
    for generation in {g.id for g in two.vectors.generations()}:
        two.vectors.switch(generation=generation)
        assert says_it(two) == set()


def test_the_same_words_stay_out_when_the_file_that_held_them_has_changed(two: Platform, docs: Path) -> None:
    two.data.quarantine(what="one/orig.md")
    write(docs, orig=BREAD + " Then eat it.", again=POISON.upper() + "\n")
    reports = two.data.sync()
    assert sum(r.quarantined for r in reports) == 2
    assert says_it(two) == set()
    assert {d.reason for d in two.data.documents(state="quarantined")} == {"operator"}


def test_the_same_words_stay_out_when_the_source_is_removed_and_added_again(two: Platform, docs: Path) -> None:
    two.data.quarantine(what="one/orig.md")
    two.data.remove(source="one")
    two.data.remove(source="two")
    two.data.add(path=str(docs), name="again")
    (report,) = two.data.sync()
    assert report.quarantined == 1
    assert says_it(two) == set()


def test_a_release_lets_the_words_in_wherever_they_come_from(two: Platform, docs: Path, tmp_path: Path) -> None:
    two.data.quarantine(what="one/orig.md")
    two.data.remove(source="two")
    two.data.release(what="one/orig.md")
    shutil.rmtree(docs)
    docs.mkdir()
    write(docs, bread=BREAD)
    two.data.add(path=str(tmp_path / "two"), name="two")
    reports = two.data.sync()
    assert sum(r.quarantined for r in reports) == 0
    assert says_it(two) == {"two/copy.md"}


def test_a_near_copy_answers_on_and_is_named_so_that_a_person_sees_it(two: Platform, tmp_path: Path) -> None:
    two.data.add(path=str(write(tmp_path / "three", more=POISON + " Now.")), name="three")
    two.data.sync()
    report = two.data.quarantine(what="one/orig.md")
    assert [f"{d.source}/{d.path}" for d in report.near] == ["three/more.md"]
    assert "unless you quarantine it too:\n  three/more.md" in render(report)
    assert says_it(two) == {"three/more.md"}
    assert two.data.quarantine(what="three/more.md").near == ()
    assert says_it(two) == set()


def test_every_path_of_one_record_names_it(home: Platform, docs: Path) -> None:
    home.data.add(path=str(write(docs, orig=POISON, twin=POISON, bread=BREAD)))
    home.data.sync()
    home.data.quarantine(what="docs/twin.md", dry_run=True)
    home.data.quarantine(what="docs/orig.md")
    assert says_it(home) == set()
    home.data.release(what="docs/twin.md")
    assert says_it(home) != set()


def test_what_an_earlier_version_took_in_is_compared_as_well(two: Platform) -> None:
    two.line.database.execute("DELETE FROM texts")
    two.data.quarantine(what="two/copy.md")
    assert says_it(two) == set()
