"""Papers say what is so: each figure on them is read off the home."""

from __future__ import annotations

from pathlib import Path

from thruline.app.platform import Platform
from thruline.testing.homes import write

LETTER = "# Letter\n\nDear Ottilie Kvasthoug,\n\nwrite to ottilie.kvasthoug@example.org.\n\nRegards,\nThe Shop"


def test_the_record_of_processing_names_what_is_held_why_for_whom_and_how_long(home: Platform, docs: Path):
    told = ("purpose=support of customers", "basis=contract, art. 6(1)(b)", "keep=365d", "mask=phone")
    home.data.add(path=str(write(docs, letter=LETTER)), groups=("support",), options=told)
    home.data.add(path="push://crm")
    home.data.sync()
    home.data.hold(name="tax law", what="docs")
    home.data.person(identifiers=("Ottilie Kvasthoug",))
    said = home.data.processing()
    shop, crm = said.split("### crm")[1], said.split("### docs")[1].split("## (e)")[0]
    assert "**not stated**" in shop
    for fact in (
        "purpose of the processing: support of customers", "legal basis: contract, art. 6(1)(b)", "kept: 365d",
        "email (1 person)", "who may see it: support", "covered in answers: phone", "documents: 1 in answers",
    ):  # fmt: skip
        assert fact in crm
    assert "- docs: tax law, since" in said
    assert "none: nothing is sent anywhere" in said
    assert "requests for access that were answered: 1" in said
    assert "corrections: 0" in said
    assert "ottilie" not in said.lower()


def test_a_correction_is_counted_in_the_papers(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, letter=LETTER)))
    home.data.sync()
    home.data.rectify(wrong="The Shop", right="The Shoppe", what="docs")
    assert "- corrections: 1" in home.data.processing()
    assert "corrections that were made: 1" in str(home.guard.paper(kind="dpia").body)


def test_an_empty_home_says_so(home: Platform):
    said = home.data.processing()
    assert "There is no source yet." in said
    assert "nothing is held" in said
