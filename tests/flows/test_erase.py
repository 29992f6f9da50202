"""Erase: a person goes from everything that is kept, provably, and does not come back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import docx
import polars as pl
import pytest

from thruline.api.passthrough import UNSCREENED
from thruline.api.recording import Relayed, relayed
from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import random_id
from thruline.flows.answer import NAMES_ERASED, finish, prepare
from thruline.flows.erase import ERASED, _delete, erase
from thruline.flows.reach import find
from thruline.flows.words import by_words
from thruline.ledger.residue import OUT_OF_SIGHT, residue_apart
from thruline.testing.canary import assert_gone, canary
from thruline.testing.homes import as_user, write
from thruline_verify import main as verify_offline

NAME, MAIL, PHONE = "Ottilie Kvasthoug", "ottilie.kvasthoug@example.org", "+44 20 7946 0131"
WHO = (NAME, MAIL, PHONE)
TEXTS = {
    "letter": f"# A vase\n\nDear {NAME},\n\nyour vase is here. We shall ring {PHONE}.\n\nRegards,\nFjord Vasework",
    "ticket": f"# Ticket 12\n\nCustomer: {NAME} <{MAIL}>\n\nThe parcel was late by nine days.",
    "running": f"# Postmortem\n\nDuring the outage {NAME} rang three times and was put through to four people.",
    "reversed": "# List\n\nGuests of the fair: Kvasthoug, Ottilie; and one more.",
    "broken": "# Wrapped\n\nThe chairs were lent to Ottilie\nKvasthoug until March.",
    "other": "# Namesake\n\nDear Ottilie Brandlhuber,\n\nyour lamp is ready at the desk.\n\nRegards,\nFjord Vasework",
    "plain": "# Opening hours\n\nThe shop opens at nine and closes at six.",
}


@pytest.fixture
def shop(home: Platform, docs: Path) -> Platform:
    home.data.add(path=str(write(docs, **TEXTS)))
    home.data.sync()
    return home


def found(home: Platform) -> set[str]:
    return {d.path for d in home.data.documents(state="live")}


def test_every_document_that_calls_the_person_goes_and_the_others_stay(shop: Platform) -> None:
    report = shop.data.erase(identifiers=WHO)
    assert {r.path for r in report.records} == {"letter.md", "ticket.md", "running.md", "reversed.md", "broken.md"}
    assert found(shop) == {"other.md", "plain.md"}
    assert report.residue == 0


def test_a_namesake_keeps_their_documents_and_their_answers(shop: Platform) -> None:
    shop.data.erase(identifiers=WHO)
    assert "lamp" in shop.vectors.ask(question="What is ready for Ottilie Brandlhuber?").text


def test_no_byte_of_a_person_is_left_in_the_home_in_any_disguise(home: Platform, docs: Path) -> None:
    name = canary()
    slug = name.replace(" ", "_")
    write(
        docs,
        **{"plain": TEXTS["plain"], slug: "# Lease\n\nA lease without a name.", "note": f"# Note\n\nAsk {name} first."},
    )
    (docs / f"{name}.bin").write_bytes(b"\x7fELF" + bytes(60))
    home.data.add(path=str(docs))
    home.data.sync()
    reader = as_user(home, name)
    reader.vectors.ask(question=f"What did {name} say about the opening hours?")
    home.vectors.ask(question="Who is to be asked first?")
    home.infra.run(command=("echo", f"hello {name}"))
    home.data.quarantine(what="docs/note.md")
    report = home.data.erase(identifiers=(name,))
    assert (report.residue, report.users, report.jobs) == (0, 1, 1)
    assert_gone(home.home.path, [name])
    assert not any(name in str(x) for x in (home.data.documents(), home.vectors.answers(), home.infra.jobs()))
    assert not any(name.split()[1] in text.decode("utf-8", "replace") for text in _all_texts(home))


def _all_texts(home: Platform) -> list[bytes]:
    rows = home.line.database.query("SELECT id FROM payloads")
    return list(home.line.payloads.get_many([row[0] for row in rows]).values())


def test_the_scan_does_see_what_is_still_there(home: Platform) -> None:
    name = canary()
    (home.home.path / "jobs" / "left.txt").write_text(f"for {name}")
    assert residue_apart(home.home.path, [name.encode()])


def test_a_byte_that_stays_is_reported_with_its_place(shop: Platform) -> None:
    (shop.home.path / "jobs" / "left.log").write_text(f"hello {NAME}")
    report = shop.data.erase(identifiers=WHO)
    assert report.residue == 1
    assert report.residue_places == ("jobs/left.log at 6",)


def test_a_dry_run_says_what_would_go_and_changes_nothing(shop: Platform) -> None:
    before = set(_all_texts(shop))
    report = shop.data.erase(identifiers=WHO, dry_run=True)
    assert (len(report.records), report.dry_run, report.receipt, report.residue) == (5, True, "", -1)
    assert set(_all_texts(shop)) == before
    assert "running.md" in found(shop)


def test_the_erased_files_stay_refused_by_later_syncs(shop: Platform, docs: Path) -> None:
    shop.data.erase(identifiers=WHO)
    for _ in range(2):
        (report,) = shop.data.sync()
        assert {(r.path, r.reason) for r in report.refused} == {
            (f"{n}.md", "suppressed") for n in ("letter", "ticket", "running", "reversed", "broken")
        }
    assert not any(b"Kvasthoug" in text for text in _all_texts(shop))


@pytest.mark.parametrize(
    "text",
    [
        "The key is with OTTILIE  KVASTHOUG now.",
        "Thank ottilie\u00a0kvasthoug for it.",
        "It was Ottilie-Kvasthoug's idea.",
        "Kvasthoug, Ottilie: two chairs.",
        f"Write to {MAIL.upper()} please.",
        f"Ring {PHONE} before noon.",
        "Ring +442079460131 before noon. Phone: +442079460131",
        "Ring 020 7946 0131 before noon.",
        "Thank Otti**lie** Kvasthoug for it.",
        "Thank Ottilie H. Kvasthoug for it.",
        "See https://shop.example/guests/Ottilie%20Kvasthoug for it.",
        "It was Ottilie Kvast-\nhoug who came.",
        "Thank Ottílie Kvasthoüg for it.",
    ],
)
def test_a_new_document_that_names_them_is_refused_however_it_is_written(shop: Platform, docs: Path, text: str) -> None:
    shop.data.erase(identifiers=WHO)
    write(docs, **dict.fromkeys(TEXTS, "# Short\n\nNothing of note."), new=f"# New\n\n{text}")
    (report,) = shop.data.sync()
    assert [(r.path, r.reason) for r in report.refused] == [("new.md", "suppressed")]


@pytest.mark.parametrize(
    "text", ["Ottilie Brandlhuber came.", "The Kvasthoug prize went to Ottilie.", "Kvasthougs gate"]
)
def test_a_new_document_that_only_sounds_like_them_is_taken_in(shop: Platform, docs: Path, text: str) -> None:
    shop.data.erase(identifiers=WHO)
    write(docs, **dict.fromkeys(TEXTS, "# Short\n\nNothing of note."), new=f"# New\n\n{text}")
    assert shop.data.sync()[0].refused == ()


def test_a_file_named_after_them_is_refused_and_its_name_is_not_kept(shop: Platform, docs: Path) -> None:
    shop.data.erase(identifiers=WHO)
    write(docs, **{"cv_ottilie_kvasthoug": "# CV\n\nTen years of glass."})
    for _ in range(2):
        (report,) = shop.data.sync()
        assert ("", "suppressed") in {(r.path, r.reason) for r in report.refused}
        assert report.seen == len(TEXTS) + 1
    (docs / "cv_ottilie_kvasthoug.md").unlink()
    assert shop.data.sync()[0].seen == len(TEXTS)
    assert not any(b"kvasthoug" in text.lower() for text in _all_texts(shop))


def test_whoever_stands_only_in_the_markup_does_not_come_back(home: Platform, docs: Path) -> None:
    page = (
        f'<html><head><meta name="author" content="{NAME}"></head><body><p>The lamp is lit at nine.</p></body></html>'
    )
    (write(docs, plain=TEXTS["plain"]) / "page.html").write_text(page)
    home.data.add(path=str(docs))
    home.data.sync()
    home.data.erase(identifiers=(NAME,))
    home.data.sync()
    assert found(home) == {"plain.md"}


def test_a_file_renamed_after_them_leaves_answers(shop: Platform, docs: Path) -> None:
    shop.data.erase(identifiers=WHO)
    (docs / "plain.md").rename(docs / "Ottilie Kvasthoug.md")
    shop.data.sync()
    assert found(shop) == {"other.md"}
    assert not any(b"kvasthoug" in text.lower() for text in _all_texts(shop))


def test_whoever_is_known_by_an_address_is_also_found_by_the_name_in_it(shop: Platform) -> None:
    report = shop.data.erase(identifiers=(MAIL,))
    assert {r.path for r in report.records} >= {"ticket.md", "running.md"}


def test_nothing_erased_returns_by_rollback_or_switch(shop: Platform, docs: Path) -> None:
    write(docs, more="# More\n\nThe lamp shop is next door.")
    shop.data.sync()
    shop.data.erase(identifiers=WHO)
    for generation in [g.id for g in shop.vectors.generations()]:
        shop.vectors.switch(generation=generation)
        assert not any("Kvasthoug" in p.text for p in shop.vectors.search(question="Kvasthoug outage").passages)


def test_the_receipt_verifies_offline_and_names_nobody(shop: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    report = shop.data.erase(identifiers=WHO)
    text = Path(report.receipt).read_text()
    assert not any(word in text.lower() for word in ("ottilie", "kvasthoug", MAIL, PHONE))
    assert json.loads(text)
    assert verify_offline([report.receipt]) == 0
    proof = {p["of"]: p for p in json.loads(text)["body"]["proof"]}
    assert proof["every byte of this home"]["places"] == report.residue == 0
    assert proof["what is left of them in copies of this home's files"]["keys"] == report.keys > 0
    assert "models that learnt from them" not in proof
    changed = Path(report.receipt).with_name("changed.json")
    changed.write_text(text.replace('"residue": 0', '"residue": 7'))
    assert changed.read_text() != text
    assert verify_offline([str(changed)]) == 1


def test_the_home_verifies_offline_after_an_erasure(shop: Platform) -> None:
    shop.data.erase(identifiers=WHO)
    assert shop.ledger.verify().ok
    assert verify_offline([str(shop.home.path)]) == 0


def test_the_ledger_says_that_it_happened_in_numbers_only(shop: Platform) -> None:
    shop.data.erase(identifiers=WHO)
    (event,) = shop.ledger.events(verb="erase.done")
    assert (event.facts["records"], event.facts["residue"]) == (5, 0)


def test_erasing_again_ends_in_the_same_place(shop: Platform) -> None:
    shop.data.erase(identifiers=WHO)
    again = shop.data.erase(identifiers=WHO)
    assert (again.records, again.residue) == ((), 0)


def test_the_receipt_after_a_killed_erasure_names_what_the_killed_one_took(shop: Platform) -> None:
    shop.vectors.ask(question="When was the parcel late?")
    reach = find(shop.line, WHO)
    with shop.line.runs.start("erase", only="home") as run:
        _delete(shop.line, run, reach)  # and no further
    body = json.loads(Path(shop.data.erase(identifiers=WHO).receipt).read_text())["body"]
    assert (body["records"], body["subjects"]) == (reach.record_ids, list(reach.subjects))
    assert body["answers"] == list(reach.answers)
    later = json.loads(Path(shop.data.erase(identifiers=WHO).receipt).read_text())["body"]
    assert later["records"] == []


def test_what_a_receipt_told_that_a_kill_prevented_is_told_by_the_next(shop: Platform) -> None:
    prevented = Path(shop.data.erase(identifiers=WHO).receipt)
    told = json.loads(prevented.read_text())["body"]
    prevented.unlink()  # as if killed between the event and the file
    receipt = shop.data.erase(identifiers=WHO).receipt
    later = json.loads(Path(receipt).read_text())["body"]
    assert told["records"]
    assert [later[f"{kind}s"] for kind in ERASED] == [told[f"{kind}s"] for kind in ERASED]
    assert verify_offline([receipt]) == 0
    again = json.loads(Path(shop.data.erase(identifiers=WHO).receipt).read_text())["body"]
    assert again["records"] == []


def test_somebody_who_was_never_here_is_not_found(shop: Platform) -> None:
    with pytest.raises(NotFound, match="nothing here holds 'Nobody Atall'"):
        shop.data.erase(identifiers=("Nobody Atall",))


def test_a_word_that_is_too_short_is_invalid(shop: Platform) -> None:
    with pytest.raises(Invalid, match="too short"):
        shop.data.erase(identifiers=("Ott",))


def test_a_single_word_asks_for_a_second_look(shop: Platform) -> None:
    with pytest.raises(Invalid, match=r"'Ottilie' is one word.*: 6 documents hold it"):
        shop.data.erase(identifiers=("Ottilie",))
    assert len(shop.data.erase(identifiers=("Ottilie",), dry_run=True).records) == 6
    assert len(shop.data.erase(identifiers=("Ottilie",), one_word=True).records) == 6
    assert found(shop) == {"plain.md"}


def test_an_author_of_a_file_is_found_where_no_page_shows_the_name(home: Platform, docs: Path) -> None:
    write_docx(docs / "lease.docx", author=NAME)
    write_docx(docs / "rent.docx", cells=NAME.split())
    write_docx(docs / "other.docx", author="Somebody Else")
    home.data.add(path=str(docs))
    home.data.sync()
    assert len(home.data.erase(identifiers=(NAME,), dry_run=True).records) == 2
    report = home.data.erase(identifiers=(NAME,))
    assert {r.path for r in report.records} == {"lease.docx", "rent.docx"}
    assert {r.path for r in home.data.sync()[0].refused} == {"lease.docx", "rent.docx"}
    assert found(home) == {"other.docx"}


def write_docx(path: Path, *, author: str = "", cells: Sequence[str] = ()) -> None:
    document = docx.Document()
    document.core_properties.author = author
    document.add_paragraph(f"The lease called {path.stem} ends in March.")
    row = document.add_table(rows=1, cols=max(len(cells), 1)).rows[0]
    for cell, text in zip(row.cells, cells, strict=False):
        cell.text = text
    path.parent.mkdir(exist_ok=True)
    document.save(str(path))


def test_a_source_named_after_them_has_to_go_first(shop: Platform, tmp_path: Path) -> None:
    shop.data.add(path=str(write(tmp_path / "kvasthoug ottilie", a="# A\n\nAlpha.")), name="theirs")
    with pytest.raises(Conflict, match="'theirs' is named after them") as refused:
        shop.data.erase(identifiers=WHO)
    assert "thruline remove theirs" in refused.value.hint


def test_a_group_named_after_them_has_to_be_renamed_first(shop: Platform) -> None:
    as_user(shop, "zed", "ottilie kvasthoug")
    with pytest.raises(Conflict, match="the group 'ottilie kvasthoug' is named after them"):
        shop.data.erase(identifiers=WHO)


def test_a_copy_that_does_not_name_them_answers_when_the_original_goes(home: Platform, tmp_path: Path) -> None:
    long = "# Manual\n\n" + " ".join(f"Step {n} turns screw number {n} by {n} degrees." for n in range(60))
    home.data.add(path=str(write(tmp_path / "one", manual=f"{long}\n\nSigned by {NAME}.")))
    home.data.add(path=str(write(tmp_path / "two", manual=long)))
    home.data.sync()
    home.data.erase(identifiers=WHO)
    assert {p.source for p in home.vectors.search(question="turn screw number 7").passages} == {"two"}


def test_a_model_trained_on_an_erased_record_is_withdrawn(shop: Platform) -> None:
    line = shop.line
    (record,) = [d.record for d in shop.data.documents() if d.path == "running.md"]
    columns = {"text": ["a", "b"], "label": [0, 1], "origin": ["", ""], "licence": ["", ""], "group": ["x", "y"]}
    rows = pl.DataFrame(columns | {"split": ["train", "test"]})
    dataset = line.registry.add_dataset(rows, [record])
    model = line.registry.register({"weights": b"1"}, dataset)
    line.registry.deploy("detector", model, force=True)
    assert shop.data.erase(identifiers=WHO).models == (model,)
    assert line.registry.serving("detector") is None
    assert line.registry.models() == []
    assert not line.payloads.exists(dataset)


def test_what_a_killed_sync_remembered_goes_too(home: Platform, docs: Path) -> None:
    """A step's result outlives a sync that never took the record in."""
    home.data.add(path=str(write(docs, running=TEXTS["running"], plain=TEXTS["plain"])))
    home.data.sync()
    home.line.database.execute("DELETE FROM records")
    home.line.database.execute("DELETE FROM entries")
    home.data.erase(identifiers=WHO)
    assert not any(b"Kvasthoug" in text for text in _all_texts(home))


def test_keys_of_what_is_gone_are_destroyed(shop: Platform) -> None:
    before = set(shop.line.vault.owners())
    report = shop.data.erase(identifiers=WHO)
    assert report.keys >= 2
    gone = before - set(shop.line.vault.owners())
    assert {r.record for r in report.records} & before <= gone


def test_rows_that_a_killed_training_left_go_and_those_of_a_running_one_are_reported(shop: Platform) -> None:
    jobs = shop.home.path / "jobs"
    with shop.line.runs.start("train", only="detector") as run:
        for name in (f"train-{run.id.partition(':')[2]}-x", f"train-{'0' * 32}-y"):
            (jobs / name).mkdir()
            (jobs / name / "dataset.parquet").write_text(f"rows of {NAME}")
        assert shop.data.erase(identifiers=WHO).residue == 1
    assert shop.data.erase(identifiers=WHO).residue == 0
    assert OUT_OF_SIGHT in shop.data.erase(identifiers=WHO).out_of_scope


def test_an_answer_in_flight_keeps_nothing_of_somebody_erased_meanwhile(home: Platform, docs: Path) -> None:
    named = f"# Visit\n\n{NAME} visited the hangar on Tuesday at nine to oil the doors."
    home.data.add(path=str(write(docs, named=named, hours="# Hangar\n\nThe hangar opens on Tuesday at nine.")))
    home.data.sync()
    asked = prepare(home.line, home.actor, "When does the hangar open on Tuesday?")
    (number,) = [p.number for p in asked.passages if NAME in p.text]
    (other,) = [p.number for p in asked.passages if NAME not in p.text]
    words = by_words(
        asked, f"The doors were oiled on Tuesday at nine [{number}]. The hangar opens at nine [{other}].", "m"
    )
    home.data.erase(identifiers=(NAME,))
    kept = home.line.answers.read([finish(home.line, asked, words).id])
    (report,) = kept.values()
    assert [p.path for p in report.passages] == ["hours.md"]
    assert [s.citations for s in report.sentences] == [(other,)]
    assert "oiled" not in report.text


def test_a_relayed_answer_about_somebody_erased_is_not_kept(shop: Platform) -> None:
    shop.data.erase(identifiers=WHO)
    said = Relayed(
        id=random_id("answer"), actor=shop.actor, question=f"Write to {NAME}", text=f"Dear {NAME}", outcome="answered",
        model="m", tokens_in=1, tokens_out=1, screened=UNSCREENED, began=0.0,
    )  # fmt: skip
    with shop.line.database.transaction():
        shop.line.ledger.append(relayed(shop.line, said))
    report = shop.line.answers.read([said.id])[said.id]
    assert (report.question, report.text) == (NAMES_ERASED, NAMES_ERASED)


def test_two_erasures_at_once_are_one_and_a_conflict(shop: Platform) -> None:
    with shop.line.runs.start("erase", only="home"), pytest.raises(Conflict, match="under way"):
        shop.data.erase(identifiers=WHO)


def test_what_comes_in_while_an_erasure_looks_goes_too(home: Platform) -> None:
    home.data.add(path="push://crm")
    home.data.push(source="crm", path="first.md", text=f"# One\n\nDear {NAME}, your vase is here.")
    late = [f"# Two\n\nDear {NAME}, your lamp is here."]

    def sent_meanwhile(_stage: str, _done: int, _total: int) -> None:
        if late:
            home.data.push(source="crm", path="late.md", text=late.pop())

    report = erase(home.line, (NAME,), dry_run=False, actor="", progress=sent_meanwhile)
    assert {r.path for r in report.records} == {"first.md", "late.md"}
    assert home.data.documents(state="live") == ()
    assert not any(b"Kvasthoug" in text for text in _all_texts(home))


def test_a_hold_or_an_option_that_names_them_has_to_go_first(shop: Platform) -> None:
    shop.data.hold(name=f"case of {NAME}", what="docs/plain.md")
    with pytest.raises(Conflict, match=r"the hold .* names them"):
        shop.data.erase(identifiers=WHO)
