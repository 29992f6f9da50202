"""Rectification: wrong words are put right in every record concerned, for good, and the wrong ones are gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Denied, Invalid, NotFound
from thruline.testing.canary import assert_gone
from thruline.testing.homes import as_user, open_home, write
from thruline_verify import main as verify_offline

NAME, WRONG, RIGHT = "Ottilie Kvasthoug", "12 Quillback Street", "14 Osprey Terrace"
LETTER = f"# Vase\n\nDear {NAME},\n\nthe blue vase went to {WRONG} on Monday."


@pytest.fixture
def shop(home: Platform, docs: Path) -> Platform:
    write(docs, letter=LETTER, lamp="# Lamp\n\nThe lamp of the porter burns until nine.")
    home.data.add(path=str(docs))
    home.data.sync()
    return home


def texts(home: Platform, question: str = "Where did the blue vase go?") -> str:
    return " ".join(p.text for p in home.vectors.search(question=question).passages)


def record_of(home: Platform, path: str = "letter.md") -> str:
    return next(d.record for d in home.data.documents(state="live") if d.path == path)


def test_a_record_gives_its_place_to_one_with_the_right_words(shop: Platform) -> None:
    old = record_of(shop)
    report = shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs/letter.md")
    assert [d.record for d in report.documents] == [old]
    assert (report.residue, report.older, report.refused) == (0, 0, ())
    new = record_of(shop)
    assert new != old
    assert RIGHT in texts(shop)
    assert WRONG not in texts(shop)
    with pytest.raises(NotFound):
        shop.data.document(record=old)
    assert_gone(shop.home.path, [WRONG])
    (event,) = shop.ledger.events(verb="record.rectified")
    assert (event.inputs, event.outputs) == ((old,), (new,))
    assert not {o for o in shop.line.vault.owners() if o == old}
    assert shop.ledger.verify().ok


def test_no_sync_brings_the_wrong_words_back(shop: Platform, docs: Path) -> None:
    shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs")
    new = record_of(shop)
    (unchanged,) = shop.data.sync()
    assert (unchanged.changed, unchanged.added, unchanged.unchanged) == (0, 0, 2)
    (docs / "letter.md").touch()
    assert shop.data.sync()[0].changed == 0
    assert record_of(shop) == new
    write(docs, letter=f"{LETTER}\n\nIt was heavy.")
    assert shop.data.sync()[0].changed == 1
    assert "heavy" in texts(shop)
    assert WRONG not in texts(shop)
    assert [c.needed for c in shop.data.corrections()] == [True]
    (docs / "letter.md").rename(docs / "moved.md")
    shop.data.sync()
    write(docs, moved=f"{LETTER}\n\nIt was light.")
    shop.data.sync()
    assert "light" in texts(shop)
    assert WRONG not in texts(shop)
    (docs / "moved.md").unlink()
    shop.data.sync()
    write(docs, back=f"{LETTER}\n\nIt was light.")
    shop.data.sync()
    assert "light" in texts(shop)
    assert WRONG not in texts(shop)
    assert_gone(shop.home.path, [WRONG])


def test_a_correction_that_its_source_has_made_too_is_shown_as_needless(shop: Platform, docs: Path) -> None:
    shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs")
    write(docs, letter=LETTER.replace(WRONG, RIGHT))
    shop.data.sync()
    assert texts(shop).count(RIGHT) == 1
    ((document, needed),) = [(c.document, c.needed) for c in shop.data.corrections()]
    assert (document, needed) == ("docs/letter.md", False)


def test_right_words_that_hold_the_wrong_ones_are_said_once(shop: Platform, docs: Path) -> None:
    shop.data.rectify(wrong="Quillback Street", right="Quillback Street West", what="docs")
    assert texts(shop).count("Quillback Street West on") == 1
    write(docs, letter=LETTER.replace("Quillback Street", "Quillback Street West"))
    shop.data.sync()
    assert "West West" not in texts(shop)
    assert [c.needed for c in shop.data.corrections()] == [False]


def test_a_second_correction_comes_on_top_of_the_first(shop: Platform, docs: Path) -> None:
    shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs")
    shop.data.rectify(wrong=RIGHT, right="16 Egret Row", what="docs")
    assert "16 Egret Row" in texts(shop)
    now = record_of(shop)
    (docs / "letter.md").touch()
    shop.data.sync()
    assert record_of(shop) == now
    write(docs, letter=f"{LETTER}\n\nIt was heavy.")
    shop.data.sync()
    assert "16 Egret Row" in texts(shop)
    assert_gone(shop.home.path, [WRONG, RIGHT])


def test_markup_is_corrected_as_it_is_read(shop: Platform, docs: Path) -> None:
    page = "<html><title>Vase</title><h1>Vase</h1><p>The green jug went to 12 <b>Quillback</b>&nbsp;Street.</p></html>"
    (docs / "page.html").write_text(page, "utf-8")
    shop.data.sync()
    report = shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs/page.html")
    assert [d.path for d in report.elsewhere] == ["letter.md"]
    assert f"jug went to {RIGHT}" in texts(shop, "Where did the green jug go?")
    (docs / "page.html").write_text(page.replace("green", "tall green"), "utf-8")
    shop.data.sync()
    assert f"tall green jug went to {RIGHT}" in texts(shop, "Where did the green jug go?")
    now = record_of(shop, "page.html")
    assert b"Quillback" not in shop.line.payloads.get(now)
    shop.data.rectify(wrong="green jug", right="green pitcher", what="docs/page.html")
    assert f"green pitcher went to {RIGHT}" in texts(shop, "Where did the green pitcher go?")
    assert shop.ledger.verify().ok


def test_a_file_that_pretends_to_be_our_copy_is_read_as_a_file(shop: Platform, docs: Path) -> None:
    (docs / "page.html").write_text(f"<h1>Jug</h1><p>The jug went to {WRONG}.</p>", "utf-8")
    shop.data.sync()
    shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs/page.html")
    copy = shop.line.payloads.get(record_of(shop, "page.html"))
    (docs / "fake.txt").write_bytes(copy.replace(b"jug", b"bad"))
    shop.data.sync()
    assert "thruline copy" in texts(shop, "Where did the bad go? thruline copy")


def test_an_answer_that_quoted_the_wrong_words_goes_and_others_stay(shop: Platform) -> None:
    rita = as_user(shop, "rita", "everyone")
    told = rita.vectors.ask(question="Where did the blue vase go?")
    other = rita.vectors.ask(question="Until when does the lamp of the porter burn?")
    assert WRONG in told.text
    report = shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs/letter.md")
    assert told.id in {a.id for a in report.answers}
    assert report.askers == ("rita",)
    with pytest.raises(NotFound):
        rita.vectors.why(answer=told.id)
    if other.id not in {a.id for a in report.answers}:  # unless the letter was among what it was given
        assert rita.vectors.why(answer=other.id).answer.text == other.text
    assert RIGHT in rita.vectors.ask(question="Where did the blue vase go?").text


def test_a_dry_run_counts_and_changes_nothing(shop: Platform) -> None:
    head = shop.line.ledger.head().seq
    report = shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs", dry_run=True)
    assert (len(report.documents), report.chunks, report.vectors, report.residue) == (1, 1, 1, -1)
    assert [e.verb for e in shop.line.ledger.read(after=head, limit=99)] == ["operation.called"]
    assert WRONG in texts(shop)


def test_only_what_holds_a_person_is_changed(shop: Platform, docs: Path) -> None:
    write(docs, sign=f"# Sign\n\nThe shop at {WRONG} sells yellow paint.")
    shop.data.sync()
    report = shop.data.rectify(wrong=WRONG, right=RIGHT, person=(NAME,))
    assert [d.path for d in report.documents] == ["letter.md"]
    assert [d.path for d in report.elsewhere] == ["sign.md"]
    assert WRONG in texts(shop, "Who sells yellow paint?")
    (correction,) = shop.data.person(identifiers=(NAME,)).corrections
    assert (correction.document, correction.wrong, correction.right) == ("docs/letter.md", WRONG, RIGHT)


def test_an_erasure_takes_the_correction_and_the_file_stays_out(shop: Platform, docs: Path) -> None:
    shop.data.rectify(wrong=NAME, right="Ottilia Kvasthoug", what="docs")
    report = shop.data.erase(identifiers=("Ottilia Kvasthoug",))
    assert (len(report.records), report.residue) == (1, 0)
    assert shop.data.corrections() == ()
    assert_gone(shop.home.path, [NAME, "Ottilia Kvasthoug", RIGHT])
    (docs / "letter.md").touch()
    assert [r.reason for r in shop.data.sync()[0].refused] == ["suppressed"]
    assert "vase" not in texts(shop)


def test_an_erasure_takes_the_correction_of_a_document_that_is_gone(shop: Platform, docs: Path) -> None:
    write(docs, note=f"# Note\n\n{NAME} likes the red lamp.")
    shop.data.sync()
    shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs")
    (docs / "letter.md").unlink()
    shop.data.sync()
    assert len(shop.data.corrections()) == 1
    shop.data.erase(identifiers=(NAME,))
    assert shop.data.corrections() == ()
    assert_gone(shop.home.path, [RIGHT])


def test_older_versions_with_the_wrong_words_are_deleted(shop: Platform, docs: Path) -> None:
    old = record_of(shop)
    write(docs, letter=f"{LETTER}\n\nIt was heavy.")
    shop.data.sync()
    assert shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs/letter.md").older == 1
    assert not shop.line.payloads.exists(old)


def test_what_is_held_is_refused_and_what_is_restricted_stays_restricted(shop: Platform) -> None:
    shop.data.hold(name="tax law", what="docs/letter.md")
    planned = shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs", dry_run=True)
    assert [r.rule for r in planned.refused_by] == ["the hold 'tax law'"]
    with pytest.raises(Conflict, match="the hold 'tax law'"):
        shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs")
    shop.data.unhold(name="tax law")
    shop.data.restrict(identifiers=(NAME,))
    shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs")
    assert [(d.path, d.reason) for d in shop.data.documents(state="quarantined")] == [("letter.md", "restricted")]
    assert "vase" not in texts(shop)
    shop.data.unrestrict(who=(NAME,))
    assert RIGHT in texts(shop)
    assert shop.ledger.verify().ok


def test_what_an_operator_took_out_stays_out_and_a_consent_holds(shop: Platform) -> None:
    shop.data.quarantine(what="docs/letter.md")
    shop.data.rectify(wrong=NAME, right="Ottilia Kvasthoug", what="docs")
    assert [d.reason for d in shop.data.documents(state="quarantined")] == ["operator"]
    shop.data.release(what="docs/letter.md")
    assert "Ottilia" in texts(shop)
    shop.data.consent(identifiers=("Ottilia Kvasthoug",), purpose="answer", state="withdrawn")
    shop.data.rectify(wrong="Ottilia Kvasthoug", right="Odalys Kvasthoug", what="docs")
    assert "vase" not in texts(shop)
    assert shop.ledger.verify().ok


def test_the_receipt_verifies_elsewhere_and_names_nobody(shop: Platform, tmp_path: Path) -> None:
    old = record_of(shop)
    report = shop.data.rectify(wrong=WRONG, right=RIGHT, what="docs")
    said = Path(report.receipt).read_text()
    assert json.loads(said)["body"]["what"] == "rectification"
    assert json.loads(said)["body"]["records"] == [old]
    assert WRONG not in said
    assert verify_offline([str(shutil.copy(report.receipt, tmp_path / "receipt.json"))]) == 0


def test_sent_records_and_their_next_versions_are_corrected(home: Platform) -> None:
    home.data.add(path="push://orders")
    home.data.push(source="orders", path="17.txt", text=f"Order 17\n\nThe brass bell goes to {WRONG}.")
    home.data.rectify(wrong=WRONG, right=RIGHT, what="orders/17.txt")
    again = home.data.push(source="orders", path="17.txt", text=f"Order 17\n\nThe brass bell goes to {WRONG}.")
    assert again.change == "unchanged"
    home.data.push(source="orders", path="17.txt", text=f"Order 17\n\nTwo brass bells go to {WRONG}.")
    said = texts(home, "Where do the brass bells go?")
    assert f"Two brass bells go to {RIGHT}" in said
    assert WRONG not in said


@pytest.mark.parametrize(
    ("wrong", "right", "error", "says"),
    [
        ("no such words here", "others", NotFound, "nothing that is meant says 'no such words here'"),
        (WRONG, WRONG, Invalid, "is what is there"),
        ("", "others", Invalid, "cannot be the wrong words"),
        ("…!", "others", Invalid, "cannot be the wrong words"),
        (WRONG, "", Invalid, "cannot be the right words"),
        (WRONG, "two\nlines", Invalid, "cannot be the right words"),
        ("12", "14", Invalid, "too short"),
        ("x" * 401, "others", Invalid, "cannot be the wrong words"),
    ],
)
def test_bad_words_are_refused(shop: Platform, wrong: str, right: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        shop.data.rectify(wrong=wrong, right=right, what="docs")


def test_many_documents_are_changed_only_when_that_is_meant(home: Platform, docs: Path) -> None:
    write(docs, **{f"n{n}": f"# Note {n}\n\nNumber {n} went to {WRONG}." for n in range(101)})
    home.data.add(path=str(docs))
    home.data.sync()
    with pytest.raises(Conflict, match="101 documents say"):
        home.data.rectify(wrong=WRONG, right=RIGHT)
    assert len(home.data.rectify(wrong=WRONG, right=RIGHT, dry_run=True).documents) == 101
    assert home.data.rectify(wrong=WRONG, right=RIGHT, many=True).residue == 0
    assert len(home.data.corrections()) == 101


def test_nobody_but_an_operator_may(shop: Platform, tmp_path: Path) -> None:
    rita = as_user(shop, "rita", "everyone", role="writer")
    with pytest.raises(Denied):
        rita.data.rectify(wrong=WRONG, right=RIGHT)
    with open_home(tmp_path / "empty") as empty, pytest.raises(NotFound):
        empty.data.rectify(wrong=WRONG, right=RIGHT)
