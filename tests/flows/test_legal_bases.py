"""Where a source rests on consent its people's consent decides; objections and bases of a person's own are followed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.testing.canary import assert_gone
from thruline.testing.homes import as_user, open_home, write

OTTILIE, HER_MAIL = "Ottilie Kvasthoug", "ottilie.kvasthoug@example.org"
BRUNO, HIS_MAIL = "Bruno Zwieback", "bruno.zwieback@example.net"
HERS = (
    f"# Vase\n\nDear {OTTILIE}, the blue vase is here. Write to {HER_MAIL} and we will send the blue vase to you today."
)
HIS = f"# Jug\n\n{BRUNO} ({HIS_MAIL}) asked whether the blue vase has a jug beside it. It has one, in the same blue glaze."
BOTH = (
    f"# Meeting\n\nThe blue vase was seen by {OTTILIE}, {HER_MAIL}, and by {BRUNO}, {HIS_MAIL}, on the same afternoon."
)
HOURS = (
    "# Hours\n\nThe shop with the blue vase opens at nine in the morning and closes at five on every day but Sunday."
)

PARTS = ("rim", "neck", "handle", "belly", "foot", "glaze", "lid", "spout", "knob", "base", "band", "seam", "crack")


def found(home: Platform, purpose: str = "answer") -> set[str]:
    report = home.vectors.search(question="blue vase", purpose=purpose)
    asked = home.vectors.ask(question="Where is the blue vase?", purpose=purpose)
    assert {p.path for p in asked.passages} == {p.path for p in report.passages}
    assert asked.left_out == report.left_out
    return {p.path for p in report.passages}


def allow(home: Platform, *identifiers: str, purpose: str = "answer", **more: str) -> None:
    home.data.consent(identifiers=identifiers, purpose=purpose, state="given", **more)


def filled(home: Platform, docs: Path, *options: str) -> Platform:
    home.data.add(path=str(write(docs, hers=HERS, his=HIS, both=BOTH, hours=HOURS)), options=options)
    home.data.sync()
    return home


@pytest.fixture
def shop(home: Platform, docs: Path) -> Platform:
    return filled(home, docs, "basis=consent, form of 2026")


def test_a_source_that_rests_on_consent_answers_with_whom_nobody_can_be_asked_about(shop: Platform):
    assert found(shop) == {"hours.md"}
    assert shop.vectors.search(question="blue vase").left_out == 3


def test_every_person_in_a_record_must_have_allowed_the_purpose(shop: Platform):
    allow(shop, OTTILIE, HER_MAIL)
    assert found(shop) == {"hours.md", "hers.md"}
    assert found(shop, "research") == {"hours.md"}
    allow(shop, BRUNO, HIS_MAIL)
    assert found(shop) == {"hours.md", "hers.md", "his.md", "both.md"}
    shop.data.consent(identifiers=(OTTILIE, HER_MAIL), purpose="answer", state="withdrawn")
    assert found(shop) == {"hours.md", "his.md"}


def test_who_allows_it_is_told_how_many_documents_wait_for_others(shop: Platform):
    said = {"purpose": "answer", "state": "given"}
    first = shop.data.consent(identifiers=(OTTILIE, HER_MAIL), **said)
    assert (first.documents, first.waiting) == (2, 1)
    assert "1 document still for want of somebody else's" in render(first)
    assert shop.data.consent(identifiers=(BRUNO, HIS_MAIL), **said).waiting == 0


def test_what_waits_is_counted_by_the_sync_the_source_the_status_and_the_receipt(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, hers=HERS, his=HIS, both=BOTH, hours=HOURS)), options=("basis=consent",))
    (synced,) = home.data.sync()
    assert (synced.indexed, synced.waiting, synced.withheld) == (4, 3, 0)
    assert home.data.sources()[0].waiting == home.ledger.status().waiting == 3
    home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer")
    source = home.data.source(source="docs").source
    assert (source.waiting, source.withheld) == (1, 2)
    answer = home.vectors.ask(question="Where is the blue vase?")
    assert home.vectors.why(answer=answer.id).answer.left_out == 3


def test_whose_consent_is_missing_is_listed_as_they_stand_in_the_documents(shop: Platform):
    waiting = shop.data.waiting(source="docs")
    assert {w.called for w in waiting} == {(OTTILIE, HER_MAIL), (BRUNO, HIS_MAIL)}
    assert {w.documents for w in waiting} == {2}
    allow(shop, OTTILIE, HER_MAIL)
    assert [w.called for w in shop.data.waiting()] == [(BRUNO, HIS_MAIL)]
    kept = {d.path: d.kept_out for d in shop.data.documents()}
    assert kept == {"hers.md": "", "hours.md": "", "his.md": "waiting", "both.md": "waiting"}
    with pytest.raises(NotFound):
        shop.data.waiting(source="other")


def test_a_reader_is_told_only_of_what_they_see(shop: Platform):
    shop.data.share(source="docs", groups=("support",))
    assert as_user(shop, "anna", "support").vectors.search(question="blue vase").left_out == 3
    assert as_user(shop, "otto", "sales").vectors.search(question="blue vase").left_out == 0


def test_a_consent_ends_on_its_day_without_anybody_doing_anything(shop: Platform):
    allow(shop, OTTILIE, HER_MAIL, until="2099-01-01")
    assert "hers.md" in found(shop)
    with pytest.raises(Invalid, match="that is past"):
        allow(shop, OTTILIE, HER_MAIL, until="2020-01-01")
    bars = shop.line.consents.barred("answer", {s.id: "consent" for s in shop.line.records.sources()}, 5 * 10**15)
    assert {bar.why for bar in bars.values()} == {"waiting"}
    assert len(bars) == 3
    assert shop.data.consents()[0].until.startswith("2099-01-01")


def test_who_comes_in_after_their_consent_is_let_in_and_who_comes_in_without_waits(home: Platform, docs: Path):
    allow(home, OTTILIE, HER_MAIL)
    filled(home, docs, "basis=Art. 6(1)(a) GDPR")
    assert found(home) == {"hours.md", "hers.md"}
    write(docs, later=f"# Later\n\n{OTTILIE}, {HER_MAIL}, wants to see the blue vase once more before she buys it.")
    home.data.sync()
    assert found(home) == {"hours.md", "hers.md", "later.md"}


def test_a_basis_that_is_set_later_holds_for_what_is_there(home: Platform, docs: Path):
    filled(home, docs)
    assert len(found(home)) == 4
    home.data.change(source="docs", options=("basis=consent",))
    assert found(home) == {"hours.md"}
    home.data.change(source="docs", options=("basis=contract",))
    assert len(found(home)) == 4
    with pytest.raises(Invalid, match="'our custom' states no legal basis"):
        home.data.change(source="docs", options=("basis=our custom",))
    with pytest.raises(Invalid, match="states no legal basis"):
        home.data.add(path=str(docs), name="other", options=("basis=because we can",))


def test_one_who_allowed_it_is_found_although_a_letter_like_hers_waits(home: Platform, docs: Path):
    letter = "# Letter\n\n{} ({}) asked for the blue vase. " + " ".join(
        f"Parcel number {n} holds a part of it that is called {word}." for n, word in enumerate(PARTS)
    )
    write(docs, one=letter.format(OTTILIE, HER_MAIL), two=letter.format(BRUNO, HIS_MAIL))
    home.data.add(path=str(docs), options=("basis=consent",))
    assert home.data.sync()[0].duplicates == 1
    allow(home, BRUNO, HIS_MAIL)
    assert found(home) == {"two.md"}


def test_a_training_set_and_a_table_leave_out_who_has_not_allowed_it(shop: Platform, tmp_path: Path):
    allow(shop, OTTILIE, HER_MAIL, purpose="train")
    report = shop.data.corpus(sources=("docs",), purpose="rag", out=str(tmp_path / "set.parquet"))
    assert (report.documents, report.written, report.withheld) == (4, 2, 2)
    assert "2 of people who have not allowed this use" in (tmp_path / "set.md").read_text("utf-8")
    assert "Zwieback" not in str(pl.read_parquet(tmp_path / "set.parquet")["text"].to_list())


def test_an_objection_takes_a_person_out_of_a_purpose_until_it_is_lifted(home: Platform, docs: Path):
    filled(home, docs, "basis=legitimate interests")
    assert len(found(home)) == 4
    planned = home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer", dry_run=True)
    assert (planned.documents, planned.staying, len(found(home))) == (2, 0, 4)
    home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer", evidence="call of May 3")
    assert found(home) == {"hours.md", "hers.md"}
    assert len(found(home, "research")) == 4
    home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer", state="lifted")
    assert len(found(home)) == 4
    with pytest.raises(NotFound, match="no objection of theirs to 'answer' stands"):
        home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer", state="lifted")


def test_an_objection_is_overruled_for_a_reason_and_one_to_marketing_never(home: Platform, docs: Path):
    filled(home, docs, "basis=public task")
    for purpose in ("answer", "marketing"):
        home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose=purpose)
    overruled = {"identifiers": (BRUNO, HIS_MAIL), "state": "overruled"}
    with pytest.raises(Invalid, match="for a reason"):
        home.data.objection(**overruled, purpose="answer")
    home.data.objection(**overruled, purpose="answer", evidence="defence of a claim, decided by the board")
    assert len(found(home)) == 4
    with pytest.raises(Conflict, match="cannot be overruled"):
        home.data.objection(**overruled, purpose="marketing", evidence="we like to")
    assert found(home, "marketing") == {"hours.md", "hers.md"}


def test_a_contract_gives_no_right_to_object_but_to_marketing(home: Platform, docs: Path):
    filled(home, docs, "basis=contract")
    said = home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer")
    assert (said.documents, said.staying) == (2, 2)
    assert len(found(home)) == 4
    assert home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="direct-marketing").staying == 0
    assert found(home, "direct-marketing") == {"hours.md", "hers.md"}


def test_overruling_an_objection_brings_back_no_withdrawn_consent(home: Platform, docs: Path):
    filled(home, docs, "basis=legitimate interests")
    home.data.consent(identifiers=(BRUNO, HIS_MAIL), purpose="answer", state="withdrawn")
    home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer")
    home.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer", state="overruled", evidence="a claim")
    assert found(home) == {"hours.md", "hers.md"}


def test_a_basis_of_ones_own_holds_instead_of_the_sources(shop: Platform):
    shop.data.basis(identifiers=(BRUNO, HIS_MAIL), basis="contract", source="docs", evidence="works here")
    assert found(shop) == {"hours.md", "his.md"}
    shop.data.basis(identifiers=(OTTILIE, HER_MAIL), basis="contract")
    assert len(found(shop)) == 4
    shop.data.basis(identifiers=(BRUNO, HIS_MAIL), source="docs")
    assert found(shop) == {"hours.md", "hers.md"}
    with pytest.raises(Invalid, match="states no legal basis"):
        shop.data.basis(identifiers=(BRUNO,), basis="custom")
    with pytest.raises(NotFound):
        shop.data.basis(identifiers=(BRUNO,), basis="contract", source="other")


def test_one_person_may_rest_on_consent_where_the_source_does_not(home: Platform, docs: Path):
    filled(home, docs, "basis=contract")
    home.data.basis(identifiers=(BRUNO, HIS_MAIL), basis="consent")
    assert found(home) == {"hours.md", "hers.md"}


def test_a_list_of_consents_is_recorded_once_however_often_it_is_read(shop: Platform, tmp_path: Path):
    people = tmp_path / "opt-in.csv"
    people.write_text(
        "First name;Last name;Email;City;State;Until\n"
        f"Ottilie;Kvasthoug;{HER_MAIL};Oslo;yes;2099-01-01\n"
        f"Bruno;Zwieback;{HIS_MAIL};Bern;no;\n",
        "utf-8",
    )
    asked = {"table": str(people), "purpose": "answer", "state": "given", "evidence": "newsletter form"}
    planned = shop.data.consent(**asked, dry_run=True)
    assert (planned.people, planned.unchanged, shop.data.consents()) == (2, 0, ())
    done = shop.data.consent(**asked)
    assert (done.people, done.unchanged, done.ignored) == (2, 0, ("city",))
    assert found(shop) == {"hours.md", "hers.md"}
    recorded = len(shop.data.consents())
    assert shop.data.consent(**asked).unchanged == 2
    assert len(shop.data.consents()) == recorded


def test_a_list_says_how_many_documents_wait_for_who_is_not_on_it(shop: Platform, tmp_path: Path):
    (tmp_path / "list.csv").write_text(f"name,email\n{OTTILIE},{HER_MAIL}\n", "utf-8")
    said = {"table": str(tmp_path / "list.csv"), "purpose": "answer", "state": "given"}
    done = shop.data.consent(**said)
    assert (done.documents, done.waiting) == (2, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,city\nAnna,Oslo\n", "row 2: 'Anna' is one word"),
        (f"email,state\n{HER_MAIL},perhaps\n", "row 2: 'perhaps' is no state"),
        (f"email,until\n{HER_MAIL},2001-01-01\n", "row 2: a consent cannot end"),
        ("city,age\nOslo,7\n", "no column of 'list.csv' names a person"),
        ("", "no column of 'list.csv' names a person"),
        ("email,state\n,yes\n", "row 2: nobody is named"),
    ],
)
def test_a_list_with_a_row_that_cannot_be_meant_records_nothing(shop: Platform, tmp_path: Path, text: str, says: str):
    (tmp_path / "list.csv").write_text(f"{text}", "utf-8")
    with pytest.raises(Invalid, match=says):
        shop.data.consent(table=str(tmp_path / "list.csv"), purpose="answer", state="given")
    assert shop.data.consents() == ()


def test_papers_and_the_persons_report_tell_bases_objections_and_what_waits(shop: Platform):
    shop.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer", evidence="call of May 3")
    shop.data.basis(identifiers=(OTTILIE, HER_MAIL), basis="contract", source="docs")
    said = shop.data.processing()
    assert "- answer: objected by" in said
    assert "not used for answers: 0 wait for a consent, 2 kept out by people" in said
    assert "legal basis of their own: contract in docs" in said
    person = shop.data.person(identifiers=(OTTILIE, HER_MAIL))
    assert {(c.state, c.basis, c.source) for c in person.consents} == {("basis", "contract", "docs")}
    assert {d.path: d.kept_out for d in person.documents} == {"hers.md": "", "both.md": "objected"}
    paper = shop.guard.paper(kind="dpia").body
    assert "0 wait for a consent, 2 kept out" in str(paper)


def test_an_erasure_takes_objections_and_bases_with_their_reasons(shop: Platform):
    canary = "said by Zebedeus Quittenbaum on the phone"
    shop.data.objection(identifiers=(BRUNO, HIS_MAIL), purpose="answer", evidence=canary)
    shop.data.basis(identifiers=(BRUNO, HIS_MAIL), basis="contract", evidence=canary)
    allow(shop, BRUNO, HIS_MAIL, until="2099-01-01", evidence=canary)
    assert shop.data.erase(identifiers=(BRUNO, HIS_MAIL)).residue == 0
    assert shop.data.consents() == ()
    assert shop.ledger.verify().ok
    assert_gone(shop.home.path, [canary, BRUNO])


def test_a_home_of_before_states_its_basis_in_words_and_still_opens(tmp_path: Path, docs: Path):
    with open_home(tmp_path / "home") as home:
        filled(home, docs, "basis=contract")
        source = home.line.records.sources()[0]
        with home.line.database.transaction():
            home.line.records.set_options(source.id, {"basis": "our custom", "every": "1h"})
            for table in ("consent_ends", "objections", "own_bases", "said_version"):
                home.line.database.execute(f"DROP TABLE {table}")
    with open_home(tmp_path / "home") as home:
        assert len(found(home)) == 4
        home.data.change(source="docs", options=("every=2h",))
        allow(home, BRUNO, HIS_MAIL, until="2099-01-01")
        assert len(found(home)) == 4
