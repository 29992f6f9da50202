"""Matches: who may be one person is a person's to decide, and what they decide is followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.flows.reports import MatchView
from thruline.testing.canary import assert_gone
from thruline.testing.homes import write

HERS, NAMESAKES = "anna.kvast@example.org", "anna.k@elsewhere.net"
TEXTS = {
    "hers": f"# Order\n\nCustomer: Anna Kvasthoug <{HERS}>\n\nA blue vase was ordered.",
    "short": "# Note\n\nThe vase was signed for. A. Kvasthoug took it home.",
    "namesake": f"# Lamp\n\nCustomer: Anna Kvasthoug <{NAMESAKES}>\n\nA lamp was ordered.",
    "lizzy": "# Chair\n\nCustomer: Lizzy Brandlhuber\nPhone: +44 20 7946 0131\n\nA chair was ordered.",
    "elizabeth": "# Table\n\nCustomer: Elizabeth Brandlhuber\nPhone: +44 20 7946 0958\n\nA table was ordered.",
    "plain": "# Opening hours\n\nThe shop opens at nine.",
}


@pytest.fixture
def shop(home: Platform, docs: Path) -> Platform:
    home.data.add(path=str(write(docs, **TEXTS)))
    home.data.sync()
    return home


def pair(home: Platform, *documents: str) -> MatchView:
    """The match between these two documents."""
    wanted = {f"docs/{d}.md" for d in documents}
    (found,) = [m for m in home.data.matches() if {*m.one.documents, *m.other.documents} == wanted]
    return found


def paths(home: Platform, *identifiers: str) -> set[str]:
    return {d.path for d in home.data.person(identifiers=identifiers).documents}


def test_doubtful_pairs_are_listed_with_documents_words_and_evidence(shop: Platform) -> None:
    match = pair(shop, "lizzy", "elizabeth")
    assert {match.one.name, match.other.name} == {"Lizzy Brandlhuber", "Elizabeth Brandlhuber"}
    assert "A chair was ordered" in " ".join((*match.one.words, *match.other.words))
    said = {e.says: e.bits for e in match.evidence}
    assert said["a given name and its short form, the same surname"] > 0 > said["other telephones"]
    assert 0.02 < match.probability < 0.99
    assert pair(shop, "hers", "namesake")
    assert len(shop.data.matches(identifiers=("Lizzy Brandlhuber",))) == 1


def test_two_that_are_confirmed_as_one_are_found_and_erased_together(shop: Platform) -> None:
    assert paths(shop, "Elizabeth Brandlhuber") == {"elizabeth.md"}
    plan = shop.data.erase(identifiers=("Elizabeth Brandlhuber",), dry_run=True)
    assert (plan.open_matches, len(plan.records)) == (1, 1)
    shop.data.matches(same=(pair(shop, "lizzy", "elizabeth").id,))
    assert paths(shop, "Elizabeth Brandlhuber") == {"elizabeth.md", "lizzy.md"}
    report = shop.data.erase(identifiers=("Elizabeth Brandlhuber",))
    assert (len(report.records), report.residue) == (2, 0)
    assert shop.data.matches(decided=True) == ()
    assert_gone(shop.home.path, ["Lizzy Brandlhuber", "Elizabeth Brandlhuber"])


def test_a_document_that_calls_them_by_initial_goes_too_and_does_not_come_back(shop: Platform, docs: Path) -> None:
    shop.data.matches(different=(pair(shop, "hers", "namesake").id,))
    shop.data.matches(same=(pair(shop, "hers", "short").id,))
    assert paths(shop, "Anna Kvasthoug", HERS) == {"hers.md", "short.md"}
    shop.data.erase(identifiers=("Anna Kvasthoug", HERS))
    (docs / "short.md").touch()
    (report,) = shop.data.sync()
    assert {r.path for r in report.refused} == {"hers.md", "short.md"}


def test_a_namesake_who_was_told_apart_keeps_everything(shop: Platform, docs: Path) -> None:
    shop.data.matches(different=(pair(shop, "hers", "namesake").id,))
    assert paths(shop, "Anna Kvasthoug", HERS) == {"hers.md"}
    assert paths(shop, "Anna Kvasthoug", NAMESAKES) == {"namesake.md"}
    report = shop.data.erase(identifiers=("Anna Kvasthoug", HERS))
    assert ([r.path for r in report.records], report.residue) == (["hers.md"], 0)
    write(docs, namesake=TEXTS["namesake"].replace("A lamp", "A green lamp"), new="# New\n\nAnna Kvasthoug rang.")
    shop.data.sync()
    refused = {d.path for d in shop.data.documents(state="refused")}
    assert refused == {"hers.md", "new.md"}
    assert any("green lamp" in p.text for p in shop.vectors.search(question="green lamp").passages)
    assert_gone(shop.home.path, [HERS])
    assert not any(HERS.encode() in shop.line.payloads.get(id) for id in shop.line.payloads.ids("match"))
    assert {r.path for r in shop.data.erase(identifiers=("Anna Kvasthoug", NAMESAKES)).records} == {"namesake.md"}
    assert shop.ledger.verify().ok


def test_a_name_that_two_bear_is_not_erased_until_it_is_said_who_is_meant(shop: Platform) -> None:
    shop.data.matches(different=(pair(shop, "hers", "namesake").id,))
    with pytest.raises(Conflict, match="more than one person is called 'Anna Kvasthoug'"):
        shop.data.erase(identifiers=("Anna Kvasthoug",))


def test_a_decision_is_kept_listed_and_undone(shop: Platform) -> None:
    match = pair(shop, "lizzy", "elizabeth")
    before = len(shop.data.matches())
    assert len(shop.data.matches(same=(match.id,))) == before - 1
    (kept,) = shop.data.matches(decided=True)
    assert (kept.id, kept.decided) == (match.id, "same")
    shop.data.matches(different=(match.id,))
    assert [m.decided for m in shop.data.matches(decided=True)] == ["different"]
    assert len(shop.data.matches(undo=(match.id,))) == before
    assert [e.facts["outcome"] for e in shop.ledger.events(verb="match.decided")] == ["same", "different", "undone"]
    for given in ({"same": ("match:" + "0" * 32,)}, {"undo": (match.id,)}):
        with pytest.raises(NotFound):
            shop.data.matches(**given)
    with pytest.raises(Conflict, match="cannot be both"):
        shop.data.matches(same=(match.id,), different=(match.id,))


def test_declared_identifiers_are_one_persons(shop: Platform, docs: Path, tmp_path: Path) -> None:
    write(docs, staff="# Staff\n\nBadge E-10234 opened the door.")
    shop.data.sync()
    shop.data.declare(identifiers=("E-10234", "Elizabeth Brandlhuber"))
    assert paths(shop, "Elizabeth Brandlhuber") == {"elizabeth.md", "staff.md"}
    (tmp_path / "people.csv").write_text("number;name;mail\nE-10234;Lizzy Brandlhuber;lizzy@example.org\n")
    made = shop.data.declare(table=str(tmp_path / "people.csv"))
    assert (made.people, made.identifiers) == (1, 3)
    assert paths(shop, "lizzy@example.org") == {"elizabeth.md", "staff.md", "lizzy.md"}
    assert len(shop.data.erase(identifiers=("E-10234",)).records) == 3
    assert shop.line.payloads.ids("match") == []


def test_nobody_is_declared_by_one_word_or_by_no_file(shop: Platform, tmp_path: Path) -> None:
    for identifiers in ((), ("Elizabeth Brandlhuber",), ("a@example.org", "b@example.org")):
        with pytest.raises(Invalid):
            shop.data.declare(identifiers=identifiers)
    with pytest.raises(NotFound):
        shop.data.declare(table=str(tmp_path / "none.csv"))
    (tmp_path / "bad.csv").write_bytes(b"\0\xff\n\0")
    with pytest.raises(Invalid):
        shop.data.declare(table=str(tmp_path / "bad.csv"))


def test_a_home_of_a_version_before_is_looked_through_when_it_is_asked(shop: Platform) -> None:
    shop.line.database.execute("DELETE FROM kin")
    assert pair(shop, "lizzy", "elizabeth")


@pytest.mark.parametrize(
    ("typed", "known", "evidence"),
    [
        ("Elizabteh Brandlhubr", "Elizabeth Brandlhuber", "given names one letter apart, surnames one letter apart"),
        ("Liz Brandlhuber", "Elizabeth Brandlhuber", "a given name and its short form, the same surname"),
        ("Kvasthough Anna", "Anna Kvasthoug", "the words in another order; "),
        ("Анна Квастхоуг", "Anna Kvasthoug", "another script"),
    ],
)
def test_a_name_that_nobody_bears_is_answered_with_those_near_it(
    shop: Platform, typed: str, known: str, evidence: str
) -> None:
    found = {near.person.name: near for near in shop.data.near(names=(typed,))}
    assert evidence in "; ".join(found[known].evidence)
    assert found[known].person.documents
    for asked in (shop.data.person, shop.data.export, shop.data.erase):
        with pytest.raises(NotFound, match="nothing here holds") as caught:
            asked(identifiers=(typed,))
        assert repr(known) in caught.value.hint
        assert "not meant unless you name them" in caught.value.hint
    assert len(shop.data.documents()) == len(TEXTS)


def test_a_name_in_another_script_is_met_by_its_latin_letters(shop: Platform, docs: Path) -> None:
    write(docs, sofia="# Rug\n\nCustomer: Иван Петров <ivan.petrov@example.org>\n\nA rug was ordered.")
    shop.data.sync()
    for typed in ("Ivan Petrov", "Ivan Petrof", "Petrov Ivan"):
        assert [near.person.name for near in shop.data.near(names=(typed,))] == ["Иван Петров"]
    assert shop.data.near(names=("Xaver Unbekannt",)) == ()
    assert shop.data.near(names=("Anna",)) == ()
