"""Tags: a version of the index is asked, compared and served again by a name, and never keeps what was erased."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Denied, Invalid, NotFound
from thruline.testing.homes import as_user, write

QUESTION = "Which colour has the lamp in the hall?"


@pytest.fixture
def tagged(home: Platform, tmp_path: Path) -> Platform:
    """A version `spring` in which the lamp is red, and one after it in which it is blue."""
    wiki = write(tmp_path / "wiki", lamp="# Lamp\n\nThe lamp in the hall is red and shines at night.")
    home.data.add(path=str(wiki))
    home.data.sync()
    home.vectors.tag(name="spring")
    write(tmp_path / "wiki", lamp="# Lamp\n\nThe lamp in the hall is blue and shines at night.")
    home.data.sync()
    return home


def texts(home: Platform, **filters: object) -> str:
    return " ".join(p.text for p in home.vectors.search(question=QUESTION, **filters).passages)


def test_a_version_is_asked_by_its_tag_and_the_receipt_says_so(tagged: Platform) -> None:
    answer = tagged.vectors.ask(question=QUESTION, as_of="spring")
    assert "red" in answer.text
    assert "blue" in tagged.vectors.ask(question=QUESTION).text
    assert "as of spring" in answer.filters.words
    tagged.vectors.untag(name="spring")
    assert tagged.vectors.replay(answer=answer.id).retrieval == "same"


def test_a_rollback_by_tag_serves_that_version_again(tagged: Platform) -> None:
    (now, _, then) = tagged.vectors.switch(generation="spring")
    assert (now.serving, now.tags, now.why) == (True, ("spring",), "operator")
    assert then.id == now.id
    assert "red" in texts(tagged)


def test_a_tagged_version_stands_in_the_list_however_many_came_after_it(tagged: Platform, tmp_path: Path) -> None:
    for n in range(4):
        write(tmp_path / "wiki", more=f"# More\n\nPage {n} says something else about boats.")
        tagged.data.sync()
    views = tagged.vectors.generations(limit=2)
    assert [view.tags for view in views] == [(), (), ("spring",)]


def test_a_tag_stays_where_it_was_put(tagged: Platform) -> None:
    spring = next(v.id for v in tagged.vectors.generations() if v.tags)
    with pytest.raises(Conflict, match="'spring' is the tag of index:") as raised:
        tagged.vectors.tag(name="spring")
    assert "untag spring" in raised.value.hint
    tagged.vectors.tag(name="spring", generation=spring)
    tagged.vectors.tag(name="first", generation="spring")
    assert len(tagged.ledger.events(verb="index.tagged")) == 2
    assert next(v.tags for v in tagged.vectors.generations() if v.id == spring) == ("first", "spring")


@pytest.mark.parametrize("name", ["", "2h", "Spring", "a b", "a" * 41, "index:0", "2026-11-01", "-x", "ü", "x/y"])
def test_what_is_no_short_name_is_refused(tagged: Platform, name: str) -> None:
    with pytest.raises(Invalid, match="is no tag"):
        tagged.vectors.tag(name=name)


def test_a_tag_that_nobody_gave_is_named_beside_those_that_there_are(tagged: Platform) -> None:
    for use in (
        lambda: tagged.vectors.search(question=QUESTION, as_of="sprng"),
        lambda: tagged.vectors.switch(generation="sprng"),
        lambda: tagged.vectors.untag(name="sprng"),
    ):
        with pytest.raises(NotFound, match="no generation is tagged 'sprng'") as raised:
            use()
        assert "did you mean 'spring'?" in raised.value.hint


def test_nothing_can_be_tagged_before_anything_served(home: Platform) -> None:
    with pytest.raises(NotFound, match="no generation has served"):
        home.vectors.tag(name="spring")


def test_the_ledger_holds_no_tag_and_verify_knows_what_each_was_put_on(tagged: Platform) -> None:
    tagged.vectors.tag(name="summer")
    tagged.vectors.untag(name="summer")
    told = [dict(e.facts) for e in tagged.ledger.events(verb="index.tagged")]
    assert [facts["state"] for facts in told] == ["put", "put", "taken"]
    assert "spring" not in json.dumps(told)
    assert tagged.ledger.verify().problems == ()
    line = tagged.line
    with line.database.transaction():
        line.database.execute("UPDATE index_tags SET generation = :id", {"id": line.generations.active("main")})
    (problem,) = tagged.ledger.verify().problems
    assert "tagged 'spring' in the table: no event did it" in problem.what
    with line.database.transaction():
        line.database.execute("DELETE FROM index_tags", {})
    (problem,) = tagged.ledger.verify().problems
    assert "its tag is missing" in problem.what


def test_a_tag_never_keeps_what_was_erased(home: Platform, tmp_path: Path) -> None:
    wiki = write(
        tmp_path / "wiki",
        who="# Lamp\n\nkit.orlando@example.org repairs the lamp in the hall.",
        lamp="# Hall\n\nThe hall has a lamp.",
    )
    home.data.add(path=str(wiki))
    home.data.sync()
    home.vectors.tag(name="spring")
    write(tmp_path / "wiki", who="# Lamp\n\nSomebody repairs the lamp in the hall.")
    home.data.sync()
    assert "orlando" in texts(home, as_of="spring")
    receipt = home.data.erase(identifiers=["kit.orlando@example.org"])
    assert receipt.residue == 0
    assert "orlando" not in texts(home, as_of="spring")
    home.vectors.switch(generation="spring")
    assert "orlando" not in texts(home)
    assert "hall has a lamp" in texts(home)


def test_a_reader_asks_by_tag_under_their_own_rights_and_gives_none(tagged: Platform) -> None:
    guest = as_user(tagged, "guest", "everyone")
    assert "red" in texts(guest, as_of="spring")
    tagged.data.share(source="wiki", groups=["staff"])
    assert texts(guest, as_of="spring") == ""
    with pytest.raises(Denied):
        guest.vectors.tag(name="mine")
