"""Restriction: somebody's records are kept, and used for nothing, until it is lifted."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, NotFound
from thruline.testing.homes import as_user, write

NAME, MAIL = "Ottilie Kvasthoug", "ottilie.kvasthoug@example.org"


@pytest.fixture
def shop(home: Platform, docs: Path) -> Platform:
    write(docs, letter=f"# Vase\n\nDear {NAME},\n\nthe blue vase is here. Write to {MAIL}.", lamp="# Lamp\n\nA lamp.")
    home.data.add(path=str(docs))
    home.data.sync()
    return home


def texts(home: Platform, question: str = "Where is the blue vase?") -> str:
    return " ".join(p.text for p in home.vectors.search(question=question).passages)


def states(home: Platform) -> dict[str, tuple[str, str]]:
    return {d.path: (d.state, d.reason) for d in home.data.documents()}


def test_restricted_records_answer_nothing_and_answer_again_when_it_is_lifted(shop: Platform) -> None:
    report = shop.data.restrict(identifiers=(NAME,))
    assert [d.path for d in report.documents] == ["letter.md"]
    assert "vase" not in texts(shop)
    assert states(shop)["letter.md"] == ("quarantined", "restricted")
    assert [(d.state, d.reason) for d in shop.data.person(identifiers=(NAME,)).documents] == [
        ("quarantined", "restricted")
    ]
    (listed,) = shop.data.restrictions()
    assert (listed.id, listed.documents) == (report.id, 1)
    shop.data.unrestrict(who=(report.id,))
    assert "vase" in texts(shop)
    assert shop.data.restrictions() == ()
    assert shop.ledger.verify().ok


def test_a_dry_run_of_either_changes_nothing(shop: Platform) -> None:
    assert len(shop.data.restrict(identifiers=(NAME,), dry_run=True).documents) == 1
    assert "vase" in texts(shop)
    shop.data.restrict(identifiers=(NAME,))
    assert len(shop.data.unrestrict(who=(NAME,), dry_run=True).documents) == 1
    assert "vase" not in texts(shop)


def test_what_comes_in_later_and_names_them_stays_out_until_it_is_lifted(shop: Platform, docs: Path) -> None:
    shop.data.restrict(identifiers=(NAME,))
    write(docs, letter=f"# Vase\n\nDear {NAME},\n\nthe blue vase is broken.", note=f"# N\n\nThe vase of {NAME}.")
    shop.data.sync()
    assert "vase" not in texts(shop)
    assert states(shop)["note.md"] == ("quarantined", "restricted")
    shop.data.unrestrict(who=(NAME,))
    assert "broken" in texts(shop)
    assert "here" not in texts(shop)


def test_nothing_restricted_is_deleted_with_its_file_or_erased(shop: Platform, docs: Path) -> None:
    (letter,) = [d.record for d in shop.data.documents() if d.path == "letter.md"]
    restriction = shop.data.restrict(identifiers=(NAME,))
    (docs / "letter.md").unlink()
    shop.data.sync()
    assert b"blue vase" in shop.line.payloads.get(letter)
    with pytest.raises(Conflict, match=f"1 document must be kept under the restriction '{restriction.id}'"):
        shop.data.erase(identifiers=(NAME,))
    shop.data.unrestrict(who=(NAME,))
    assert shop.data.erase(identifiers=(NAME,)).residue == 0


def test_a_release_does_not_lift_a_restriction_nor_the_other_way_round(shop: Platform) -> None:
    shop.data.restrict(identifiers=(NAME,))
    with pytest.raises(Conflict, match="is restricted, not quarantined"):
        shop.data.release(what="docs/letter.md")
    shop.data.quarantine(what="docs/letter.md")
    shop.data.release(what="docs/letter.md")
    assert states(shop)["letter.md"] == ("quarantined", "restricted")
    shop.data.quarantine(what="docs/letter.md")
    shop.data.unrestrict(who=(NAME,))
    assert states(shop)["letter.md"] == ("quarantined", "operator")
    shop.data.release(what="docs/letter.md")
    assert "vase" in texts(shop)
    assert shop.ledger.verify().ok


def test_of_two_restrictions_of_one_document_each_keeps_it_out(shop: Platform, docs: Path) -> None:
    write(docs, both=f"# Both\n\n{NAME} and Quincy Abernathy share a green vase.")
    shop.data.sync()
    shop.data.restrict(identifiers=(NAME,))
    shop.data.restrict(identifiers=("Quincy Abernathy",))
    shop.data.unrestrict(who=(NAME,))
    assert "blue vase" in texts(shop)
    assert "green" not in texts(shop)


def test_a_receipt_says_that_a_passage_is_restricted_and_keeps_its_words_from_readers(shop: Platform) -> None:
    rita = as_user(shop, "rita", "everyone")
    answer = rita.vectors.ask(question="Where is the blue vase?")
    assert "vase" in answer.text
    shop.data.restrict(identifiers=(NAME,))
    now = rita.vectors.why(answer=answer.id).answer
    assert "vase is here" not in now.text
    assert {(p.state, p.text) for p in now.passages if p.path == "letter.md"} == {("restricted", "")}
    assert now.state == "touched"
    theirs = shop.vectors.why(answer=answer.id).answer
    assert any(p.state == "restricted" and "vase" in p.text for p in theirs.passages)
    assert not any(d.startswith("+") and "vase" in d for d in shop.vectors.replay(answer=answer.id).diff)


def test_nobody_is_restricted_or_unrestricted_who_is_not_there(shop: Platform) -> None:
    with pytest.raises(NotFound):
        shop.data.restrict(identifiers=("Nobody Atall",))
    with pytest.raises(NotFound, match="no restriction of 'Nobody Atall'"):
        shop.data.unrestrict(who=("Nobody Atall",))


def test_a_restriction_said_twice_is_one(shop: Platform, docs: Path) -> None:
    first = shop.data.restrict(identifiers=(NAME,))
    second = shop.data.restrict(identifiers=(NAME,))
    assert (first.id, len(second.documents), len(shop.data.restrictions())) == (second.id, 0, 1)
