"""Tokens stand for people in all that is shown; whom they stand for is told on the record, until it is erased."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid, NotFound
from thruline.data.digits import is_luhn
from thruline.testing.canary import assert_gone
from thruline.testing.homes import as_user, write

NAME, MAIL, CARD = "Ottilie Kvasthoug", "ottilie.kvasthoug@example.org", "4111 1111 1111 1111"
IBAN = "DE89 3704 0044 0532 0130 00"
LETTER = f"# Vase for {MAIL}\n\nDear {NAME}, the blue vase is here. Paid with card {CARD}, account IBAN {IBAN}.\n"
SECOND = f"# About your order\n\nDear {NAME}, the green bowl for {MAIL} is ready. Ms. Kvasthoug pays with card 4111-1111-1111-1111.\n"


def add(home: Platform, docs: Path, *options: str) -> str:
    home.data.add(path=str(write(docs, letter=LETTER, second=SECOND)), options=options)
    home.data.sync()
    return text(home)


def text(home: Platform) -> str:
    return "\n".join(
        f"{p.title}: {p.text}" for d in home.data.documents(state="live") for p in home.data.text(record=d.record)
    )


def test_one_person_has_one_pseudonym_in_all_documents(home: Platform, docs: Path):
    said = add(home, docs, "pseudonym=name,email")
    people, mails = re.findall(r"PERSON-\w{5}\b", said), set(re.findall(r"EMAIL-\w{5}\b", said))
    assert (len(set(people)), len(people), len(mails)) == (1, 3, 1)
    assert "kvasthoug" not in said.lower()
    found = home.vectors.search(question=people[0], by="words").passages
    assert {p.path for p in found} == {"letter.md", "second.md"}


def test_a_number_is_exchanged_for_one_of_its_form_that_is_nobodys(home: Platform, docs: Path):
    said = add(home, docs, "token=card,iban")
    spaced = re.search(r"card (\d{4} \d{4} \d{4} \d{4})", said)
    hyphened = re.search(r"card (\d{4}-\d{4}-\d{4}-\d{4})", said)
    iban = re.search(r"IBAN (DE00 \d{4} \d{4} \d{4} \d{4} \d\d)\.", said)
    assert spaced
    assert hyphened
    assert iban
    digits = re.sub(r"\D", "", spaced[1])
    assert digits == re.sub(r"\D", "", hyphened[1])
    assert digits != re.sub(r"\D", "", CARD)
    assert not is_luhn(digits)


def test_what_is_dropped_is_cut_out_and_citations_still_point_at_their_words(home: Platform, docs: Path):
    said = add(home, docs, "drop=email", "pseudonym=name")
    assert "# Vase for" not in said
    assert "Vase for" in said
    assert "example.org" not in said
    answer = home.vectors.ask(question="Where is the blue vase?")
    chunks = {p.chunk: p.text for p in answer.passages}
    for sentence in answer.sentences:
        assert " ".join(chunks[q.chunk][q.start : q.end] for q in sentence.quotes) == sentence.text


def test_a_token_is_revealed_to_the_operator_and_on_the_record(home: Platform, docs: Path):
    said = add(home, docs, "pseudonym=name", "token=card")
    person, card = re.findall(r"PERSON-\w{5}", said)[0], re.findall(r"card (\d{4} [\d ]{14})", said)[0]
    assert home.guard.reveal(token=person.lower()).value == NAME.casefold()
    assert home.guard.reveal(token=card).value == re.sub(r"\D", "", CARD)
    assert len(list(home.line.ledger.read(verbs=("token.revealed",)))) == 2
    with pytest.raises(Denied):
        as_user(home, "ada").guard.reveal(token=person)
    assert home.guard.audit(operation_name="guard.reveal")[0].outcome == "refused"
    with pytest.raises(NotFound, match="no token"):
        home.guard.reveal(token="PERSON-00000")


def test_an_erasure_leaves_a_token_without_meaning(home: Platform, docs: Path):
    person = re.findall(r"PERSON-\w{5}", add(home, docs, "pseudonym=name", "token=card,iban", "mask=email"))[0]
    assert home.line.tokens.count() == 3
    assert home.data.erase(identifiers=(NAME, MAIL)).residue == 0
    with pytest.raises(NotFound):
        home.guard.reveal(token=person)
    assert home.line.tokens.count() == 0
    assert_gone(home.home.path, [NAME, MAIL, CARD])
    assert {r.reason for r in home.data.sync()[0].refused} == {"suppressed"}
    assert home.line.tokens.count() == 0


def test_a_meaning_lies_under_a_key_of_its_own_and_goes_with_its_last_document(home: Platform, docs: Path):
    add(home, docs, "pseudonym=name")
    (entry,) = home.line.payloads.ids("token")
    assert list(home.line.payloads.owners([entry])) == [entry]
    (docs / "letter.md").unlink()
    home.data.sync()
    assert home.line.tokens.count() == 1
    home.data.remove(source="docs")
    assert home.line.tokens.count() == 0


def test_the_same_value_keeps_its_token_in_another_source(home: Platform, docs: Path, tmp_path: Path):
    first = set(re.findall(r"PERSON-\w{5}", add(home, docs, "pseudonym=name")))
    (tmp_path / "more").mkdir()
    home.data.add(
        path=str(write(tmp_path / "more", note=f"# Note\n\nDear {NAME}, the vase is here for you.")),
        options=("pseudonym=all",),
    )
    home.data.sync(source="more")
    assert set(re.findall(r"PERSON-\w{5}", text(home))) == first


def test_a_home_of_the_version_before_gets_its_tables(home: Platform, docs: Path):
    path = home.home.path / "thruline.db"
    database = next(p for p in (path, *home.home.path.glob("*.db"), *home.home.path.glob("*.sqlite*")) if p.exists())
    names = {row[0] for row in sqlite3.connect(database).execute("SELECT name FROM sqlite_master")}
    assert {"tokens", "token_uses", "consents"} <= names


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("mask=name", "pseudonym=name"), "is named by 'mask' and by 'pseudonym'"),
        (("token=name",), "has no form to keep"),
        (("drop=shoes",), "is no kind"),
    ],
)
def test_policies_that_cannot_be_meant_are_refused(home: Platform, docs: Path, options: tuple[str, ...], message: str):
    with pytest.raises(Invalid, match=message):
        home.data.add(path=str(write(docs, letter=LETTER)), options=options)
