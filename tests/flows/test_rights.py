"""What is held of a person: listed, handed over, and gone with them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, NotFound
from thruline.testing.canary import assert_gone
from thruline.testing.homes import as_user, open_home, write

NAME, MAIL = "Ottilie Kvasthoug", "ottilie.kvasthoug@example.org"


@pytest.fixture
def shop(home: Platform, docs: Path, tmp_path: Path) -> Platform:
    home.data.add(path=str(write(docs, letter=f"# Vase\n\nDear {NAME},\n\nthe blue vase is here. Write to {MAIL}.")))
    home.data.add(path=str(write(tmp_path / "hr", pay=f"# Pay\n\n{NAME} is paid on the twentieth.")), groups=("hr",))
    home.data.add(path=str(write(tmp_path / "other", note="# Lamp\n\nThe lamp is ready.")))
    home.data.sync()
    return home


def test_a_person_is_told_what_is_held_where_and_who_saw_it(shop: Platform):
    as_user(shop, "rita", "everyone").vectors.ask(question="Where is the blue vase?")
    report = shop.data.person(identifiers=(NAME, MAIL))
    assert [(d.source, d.path, d.groups) for d in report.documents] == [
        ("docs", "letter.md", ("everyone",)), ("hr", "pay.md", ("hr",)),
    ]  # fmt: skip
    assert [(a.asker, a.question) for a in report.answers] == [("rita", "Where is the blue vase?")]
    assert report.recipients == ("rita",)
    (event,) = shop.ledger.events(verb="person.reported")
    assert dict(event.facts) == {"records": 2, "answers": 1}


def test_a_copy_holds_the_documents_as_they_came_in_and_the_answers(shop: Platform, docs: Path):
    shop.vectors.ask(question="Where is the blue vase?")
    export = shop.data.export(identifiers=(NAME,))
    assert (export.records, export.answers) == (2, 1)
    assert Path(export.file).stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(export.file) as archive:
        assert archive.read("documents/docs/letter.md") == (docs / "letter.md").read_bytes()
        assert json.loads(archive.read("report.json"))["documents"][1]["path"] == "pay.md"
        (answer,) = [json.loads(archive.read(n)) for n in archive.namelist() if n.startswith("answers/")]
    assert answer["question"] == "Where is the blue vase?"


def test_the_letter_says_what_article_15_asks_for_and_asks_what_nobody_here_knows(home: Platform, docs: Path):
    stated = ("purpose=support of customers", "basis=contract", "keep=365d", "uses=answer")
    home.data.add(path=str(write(docs, letter=f"# Vase\n\nDear {NAME},\n\nwrite to {MAIL}.")), options=stated)
    home.data.sync()
    as_user(home, "rita", "everyone").vectors.ask(question="Where is the vase?")
    report = home.data.person(identifiers=(NAME,))
    (origin,) = report.origins
    assert (origin.purpose, origin.basis, origin.kept, origin.uses) == (
        "support of customers", "contract", "365d", ("answer",),
    )  # fmt: skip
    assert {"email", "name"} <= set(report.kinds)
    with zipfile.ZipFile(home.data.export(identifiers=(NAME,)).file) as archive:
        letter = archive.read("letter.md").decode()
    for said in (
        "purpose: support of customers; legal basis: contract", "kept: 365d", "lies in: **not stated**", "- rita",
        "Services outside that questions, texts or notices are sent to\n\n- none", "supervisory authority (art. 77)",
        "It decides nothing about anybody", "To be completed before this is sent",
    ):  # fmt: skip
        assert said in letter


def test_another_system_takes_in_the_copy(shop: Platform, tmp_path: Path):
    with zipfile.ZipFile(shop.data.export(identifiers=(NAME,)).file) as archive:
        rows = [json.loads(line) for line in archive.read("records.jsonl").splitlines()]
        schema = json.loads(archive.read("records.schema.json"))
        archive.extract("records.jsonl", tmp_path / "taken")
    assert [set(row) for row in rows] == [set(schema["properties"])] * 2
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is in the test group")
    for row in rows:
        jsonschema.validate(row, schema)
    with open_home(tmp_path / "elsewhere") as other:
        other.data.add(path=str(tmp_path / "taken" / "records.jsonl"))
        other.data.sync()
        assert len(other.data.person(identifiers=(NAME,)).documents) == 2


def test_an_erasure_takes_the_copies_that_were_made(shop: Platform):
    export = shop.data.export(identifiers=(NAME,))
    other = shop.data.export(identifiers=("lamp is ready",))
    assert shop.data.erase(identifiers=(NAME, MAIL)).residue == 0
    assert not Path(export.file).exists()
    assert Path(other.file).exists()
    assert_gone(shop.home.path, [NAME, MAIL])


def test_only_the_operator_lists_and_nobody_is_found_who_is_not_there(shop: Platform):
    with pytest.raises(Denied):
        as_user(shop, "wim", "everyone", "hr", role="writer").data.person(identifiers=(NAME,))
    for ask in (shop.data.person, shop.data.export):
        with pytest.raises(NotFound):
            ask(identifiers=("Nobody Atall",))
    assert list((shop.home.path / "exports").iterdir()) == []


def test_a_copy_that_names_somebody_else_goes_when_they_are_erased(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, both=f"# Two\n\n{NAME} and Quincy Abernathy met at noon.")))
    home.data.sync()
    export = home.data.export(identifiers=(NAME,))
    assert home.data.erase(identifiers=("Quincy Abernathy",)).residue == 0
    assert not Path(export.file).exists()


def test_two_versions_of_a_path_are_both_in_the_copy(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, a=f"# A\n\n{NAME} came in May.")))
    home.data.sync()
    write(docs, a=f"# A\n\n{NAME} came in June.")
    home.data.sync()
    with zipfile.ZipFile(home.data.export(identifiers=(NAME,)).file) as archive:
        pages = [name for name in archive.namelist() if name.endswith("a.md")]
        assert len(set(pages)) == len(pages) == 2
