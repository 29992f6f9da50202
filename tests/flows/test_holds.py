"""What a law or a case forbids to delete stays, and whoever asks is told the rule's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.testing.homes import write

NAME, RULE = "Ottilie Kvasthoug", "tax law, ten years"


@pytest.fixture
def shop(home: Platform, docs: Path, tmp_path: Path) -> Platform:
    home.data.add(path=str(write(docs, bill=f"# Bill\n\n{NAME} owes ninety crowns for a vase.", b="# B\n\nBread.")))
    home.data.add(path=str(write(tmp_path / "mail", letter=f"# Letter\n\nDear {NAME},\n\nplease pay.")))
    home.data.sync()
    return home


def test_an_erasure_of_somebody_under_a_hold_is_refused_with_the_rules_name(shop: Platform):
    shop.data.hold(name=RULE, what="docs/bill.md")
    with pytest.raises(Conflict, match="1 document must be kept under the hold 'tax law, ten years'"):
        shop.data.erase(identifiers=(NAME,))
    assert len(shop.data.documents(state="live")) == 3
    plan = shop.data.erase(identifiers=(NAME,), dry_run=True)
    assert len(plan.records) == 2
    assert [(r.rule, r.documents) for r in plan.refused_by] == [(f"the hold {RULE!r}", ("docs/bill.md",))]
    shop.data.unhold(name=RULE)
    assert len(shop.data.erase(identifiers=(NAME,)).records) == 2


def test_a_file_that_goes_leaves_answers_and_its_bytes_stay_until_the_hold_ends(shop: Platform, docs: Path):
    (bill,) = [d.record for d in shop.data.documents() if d.path == "bill.md"]
    shop.data.hold(name=RULE, what="docs/bill.md")
    (docs / "bill.md").unlink()
    for _ in range(2):
        shop.data.sync(source="docs")
        assert not any("crowns" in p.text for p in shop.vectors.search(question="ninety crowns").passages)
        assert b"ninety crowns" in shop.line.payloads.get(bill)
    shop.data.unhold(name=RULE)
    shop.data.sync(source="docs")
    assert not shop.line.payloads.exists(bill)


def test_a_source_with_held_documents_is_not_removed(shop: Platform):
    shop.data.hold(name=RULE, what="docs")
    with pytest.raises(Conflict, match="2 documents must be kept"):
        shop.data.remove(source="docs")
    shop.data.remove(source="mail")


def test_what_was_sent_and_is_held_is_not_withdrawn(home: Platform):
    home.data.add(path="push://crm")
    home.data.push(source="crm", path="a.md", text="# A\n\nAlpha.")
    home.data.hold(name=RULE, what="crm/a.md")
    with pytest.raises(Conflict, match="must be kept"):
        home.data.withdraw(source="crm", path="a.md")


def test_holds_are_listed_by_name_and_each_is_on_the_ledger(shop: Platform):
    shop.data.hold(name="b", what="docs")
    shop.data.hold(name="a", what="mail/letter.md")
    assert [(h.name, h.what) for h in shop.data.holds()] == [("a", "mail/letter.md"), ("b", "docs")]
    shop.data.unhold(name="b")
    assert [len(shop.ledger.events(verb=v)) for v in ("hold.placed", "hold.lifted")] == [2, 1]


def test_what_cannot_be_held_is_refused(shop: Platform):
    shop.data.hold(name="a", what="docs")
    with pytest.raises(Conflict, match="a hold 'a' already"):
        shop.data.hold(name="a", what="mail")
    for what in ("docs/none.md", "nowhere", "record:" + "0" * 32):
        with pytest.raises(NotFound):
            shop.data.hold(name="c", what=what)
    with pytest.raises(Invalid):
        shop.data.hold(name=" ", what="docs")
    with pytest.raises(NotFound, match="no hold 'z'"):
        shop.data.unhold(name="z")


def test_a_held_file_that_is_renamed_or_copied_stays_held(shop: Platform, docs: Path):
    (bill,) = [d.record for d in shop.data.documents() if d.path == "bill.md"]
    shop.data.hold(name=RULE, what="docs/bill.md")
    (docs / "copy.md").write_bytes((docs / "bill.md").read_bytes())
    shop.data.sync(source="docs")
    (docs / "bill.md").rename(docs / "later.md")
    shop.data.sync(source="docs")
    with pytest.raises(Conflict, match="must be kept"):
        shop.data.erase(identifiers=(NAME,))
    (docs / "later.md").unlink()
    (docs / "copy.md").unlink()
    shop.data.sync(source="docs")
    assert shop.line.payloads.exists(bill)
