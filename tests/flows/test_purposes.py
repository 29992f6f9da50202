"""What a source may be used for, and what a person allows, decide what is found, written and trained on."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Invalid
from thruline.testing.canary import assert_gone
from thruline.testing.homes import open_home, write

NAME, MAIL = "Ottilie Kvasthoug", "ottilie.kvasthoug@example.org"
LETTER = f"# Vase\n\nDear {NAME}, the blue vase is here. Write to {MAIL} and we will send the blue vase to you today."
HOURS = (
    "# Hours\n\nThe shop with the blue vase opens at nine in the morning and closes at five on every day but Sunday."
)


def found(home: Platform, purpose: str = "answer") -> set[str]:
    report = home.vectors.search(question="blue vase", purpose=purpose)
    asked = home.vectors.ask(question="Where is the blue vase?", purpose=purpose)
    assert {p.path for p in asked.passages} == {p.path for p in report.passages}
    return {p.path for p in report.passages}


@pytest.fixture
def shop(home: Platform, docs: Path) -> Platform:
    home.data.add(path=str(write(docs, letter=LETTER, hours=HOURS)))
    home.data.sync()
    return home


def test_a_source_that_names_no_use_may_be_used_for_everything(shop: Platform):
    assert found(shop) == found(shop, "train") == found(shop, "research") == {"letter.md", "hours.md"}


def test_a_source_is_found_for_the_uses_that_it_names_alone(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, hours=HOURS)), options=("uses=train,research",))
    home.data.sync()
    assert found(home) == set()
    assert found(home, "research") == {"hours.md"}
    home.data.uses(source="docs", purposes=("answer",))
    assert found(home) == {"hours.md"}
    assert found(home, "research") == set()
    home.data.uses(source="docs")
    assert found(home, "research") == {"hours.md"}


def test_in_a_strict_home_a_source_that_names_no_use_is_used_for_nothing(tmp_path: Path, docs: Path):
    with open_home(tmp_path / "home", {"THRULINE_GUARD__PURPOSES": "stated"}) as home:
        home.data.add(path=str(write(docs, hours=HOURS)))
        home.data.sync()
        assert found(home) == set()
        assert "may be used for: nothing" in home.data.processing()
        home.data.uses(source="docs", purposes=("answer",))
        assert found(home) == {"hours.md"}


def test_a_repetition_answers_for_a_purpose_that_its_original_is_not_for(home: Platform, tmp_path: Path):
    for name, use in (("first", "train"), ("second", "answer")):
        (tmp_path / name).mkdir()
        home.data.add(path=str(write(tmp_path / name, hours=HOURS)), options=(f"uses={use}",))
        home.data.sync(source=name)
    assert [p.source for p in home.vectors.search(question="blue vase").passages] == ["second"]
    assert [p.source for p in home.vectors.search(question="blue vase", purpose="train").passages] == ["first"]


def test_a_receipt_says_for_which_purpose_and_is_made_again_for_it(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, hours=HOURS)), options=("uses=research",))
    home.data.sync()
    answer = home.vectors.ask(question="Where is the blue vase?", purpose="research")
    assert home.vectors.why(answer=answer.id).answer.purpose == "research"
    assert home.vectors.replay(answer=answer.id).retrieval == "same"


def test_a_withdrawal_takes_a_persons_documents_out_of_that_purpose_at_once(shop: Platform):
    given = {"identifiers": (NAME, MAIL), "purpose": "answer", "state": "withdrawn"}
    planned = shop.data.consent(**given, dry_run=True)
    assert (planned.documents, planned.dry_run) == (1, True)
    assert found(shop) == {"letter.md", "hours.md"}
    assert shop.data.consent(**given).documents == 1
    assert found(shop) == {"hours.md"}
    assert found(shop, "research") == {"letter.md", "hours.md"}
    shop.data.consent(**given | {"state": "given"})
    assert found(shop) == {"letter.md", "hours.md"}
    assert next(c.state for c in shop.data.consents()) == "given"


def test_a_withdrawal_holds_for_what_comes_in_later_and_for_who_is_not_known_yet(home: Platform, docs: Path):
    report = home.data.consent(identifiers=(MAIL,), purpose="answer", state="withdrawn")
    assert (report.people, report.documents) == (1, 0)
    home.data.add(path=str(write(docs, letter=LETTER, hours=HOURS)))
    home.data.sync()
    assert found(home) == {"hours.md"}


def test_a_name_that_nobody_detected_is_withheld_too(home: Platform, docs: Path):
    home.data.add(
        path=str(write(docs, letter="# Vase\n\nthe blue vase of ottilie kvasthoug, in the back", hours=HOURS))
    )
    home.data.sync()
    home.data.consent(identifiers=(NAME,), purpose="answer", state="withdrawn")
    assert found(home) == {"hours.md"}
    assert home.ledger.verify().ok


def test_a_set_for_training_is_refused_for_another_use_and_leaves_out_who_withdrew(shop: Platform, tmp_path: Path):
    shop.data.consent(identifiers=(NAME, MAIL), purpose="train", state="withdrawn", evidence="letter of May 3")
    written = {"sources": ("docs",), "purpose": "rag", "out": str(tmp_path / "set.parquet")}
    report = shop.data.corpus(**written)
    assert (report.documents, report.written, report.withheld) == (2, 1, 1)
    assert "1 of people who have not allowed this use" in (tmp_path / "set.md").read_text("utf-8")
    assert "Kvasthoug" not in str(pl.read_parquet(tmp_path / "set.parquet")["text"].to_list())
    shop.data.uses(source="docs", purposes=("answer",))
    with pytest.raises(Conflict, match="may not be used for 'train'"):
        shop.data.corpus(**written | {"out": str(tmp_path / "other.parquet")})


def test_a_withdrawal_names_the_sets_that_were_written_before(shop: Platform, tmp_path: Path):
    shop.data.corpus(sources=("docs",), purpose="rag", out=str(tmp_path / "set.parquet"))
    report = shop.data.consent(identifiers=(NAME, MAIL), purpose="train", state="withdrawn")
    assert [place for place in report.sets if "set.parquet" in place]


def test_the_papers_and_the_persons_report_say_what_was_said(shop: Platform):
    shop.data.consent(identifiers=(NAME, MAIL), purpose="train", state="withdrawn", evidence="letter of May 3")
    said = shop.data.processing()
    assert "- train: withdrawn by" in said
    assert "may be used for: everything" in said
    person = shop.data.person(identifiers=(NAME, MAIL))
    assert {(c.purpose, c.state, c.evidence) for c in person.consents} == {("train", "withdrawn", "letter of May 3")}


def test_an_erasure_takes_what_a_person_said_with_it(shop: Platform):
    canary = "said by Zebedeus Quittenbaum on the phone"
    shop.data.consent(identifiers=(NAME, MAIL), purpose="train", state="withdrawn", evidence=canary)
    assert shop.data.erase(identifiers=(NAME, MAIL)).residue == 0
    assert shop.data.consents() == ()
    assert_gone(shop.home.path, [canary, NAME])


@pytest.mark.parametrize("purpose", ["", "Two words", "x" * 40, "9"])
def test_what_cannot_be_a_purpose_is_refused(shop: Platform, purpose: str):
    with pytest.raises(Invalid, match="cannot name a purpose"):
        shop.vectors.search(question="vase", purpose=purpose)
    with pytest.raises(Invalid, match="cannot name a purpose"):
        shop.data.consent(identifiers=(MAIL,), purpose=purpose, state="given")


def test_a_single_word_gives_no_consent(shop: Platform):
    with pytest.raises(Invalid, match="one word"):
        shop.data.consent(identifiers=("Ottilie",), purpose="train", state="withdrawn")


def test_an_option_that_names_no_purpose_is_refused(home: Platform, docs: Path):
    with pytest.raises(Invalid, match="cannot name a purpose"):
        home.data.add(path=str(write(docs, hours=HOURS)), options=("uses=for my shop",))
