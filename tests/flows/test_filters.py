"""Filters: what somebody narrows a question to is left out before anything is scored, and is on the receipt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thruline.app.platform import Platform
from thruline.core.clock import exact
from thruline.core.errors import Invalid, NotFound
from thruline.testing.homes import as_user, write

GERMAN = "# Lampe\n\nDie Lampe im Flur wird nachts nicht ausgeschaltet, weil sonst niemand den Weg zur Treppe findet."


@pytest.fixture
def filled(home: Platform, tmp_path: Path) -> Platform:
    wiki = write(tmp_path / "wiki", lamp="# Lamp\n\nThe lamp in the hall is red and shines at night.", lampe=GERMAN)
    manual = write(tmp_path / "manual", hall__lamp="# Lamp\n\nThe lamp in the hall is blue and shines at noon.")
    home.data.add(path=str(wiki))
    home.data.add(path=str(manual))
    home.data.sync()
    return home


def paths(home: Platform, **filters: object) -> set[str]:
    found = home.vectors.search(question="the lamp in the hall, die Lampe im Flur", k=20, **filters)
    return {f"{p.source}/{p.path}" for p in found.passages}


EVERYTHING = {"wiki/lamp.md", "wiki/lampe.md", "manual/hall/lamp.md"}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, EVERYTHING),
        ({"source": ["manual"]}, {"manual/hall/lamp.md"}),
        ({"source": ["manual", "wiki"]}, EVERYTHING),
        ({"path": "*lamp.md"}, {"wiki/lamp.md", "manual/hall/lamp.md"}),
        ({"path": "hall/*"}, {"manual/hall/lamp.md"}),
        ({"path": "WIKI/LAMP?.md"}, {"wiki/lampe.md"}),
        ({"path": "[lw]*"}, set()),
        ({"language": "de"}, {"wiki/lampe.md"}),
        ({"language": "en", "source": ["wiki"]}, {"wiki/lamp.md"}),
        ({"language": "zh"}, set()),
        ({"since": "1h"}, EVERYTHING),
        ({"until": "1h"}, set()),
        ({"since": "2h", "until": "1h", "path": "*"}, set()),
    ],
)
def test_only_what_fits_is_found(filled: Platform, filters: dict[str, object], found: set[str]) -> None:
    assert paths(filled, **filters) == found


def test_all_that_fit_come_back_however_few_and_however_far_down(home: Platform, tmp_path: Path) -> None:
    texts = {f"page{n}": f"# Lamp\n\nThe lamp number {n} in the hall shines." for n in range(150)}
    home.data.add(path=str(write(tmp_path / "many", **texts, odd="# Boat\n\nA boat waits for the tide.")))
    home.data.sync()
    found = home.vectors.search(question="lamp in the hall", k=10, path="odd.md")
    assert [p.path for p in found.passages] == ["odd.md"]
    assert found.visible == 1


def test_what_was_narrowed_is_on_the_receipt_and_a_replay_means_the_same(filled: Platform, tmp_path: Path) -> None:
    answer = filled.vectors.ask(question="Which colour has the lamp in the hall?", source=["manual"], since="1h")
    assert "blue" in answer.text
    receipt = filled.vectors.why(answer=answer.id).answer
    assert receipt.filters == answer.filters
    assert (receipt.filters.sources, receipt.filters.since[:2]) == (("manual",), "20")
    write(tmp_path / "manual", other="# Lamp\n\nThe lamp in the hall is green, the lamp in the hall is green.")
    filled.data.sync()
    assert filled.vectors.replay(answer=answer.id).retrieval == "same"


def test_the_ledger_holds_a_digest_of_the_filter_and_none_of_its_words(filled: Platform) -> None:
    filled.vectors.ask(question="Which lamp?", path="*secret-project*")
    filled.vectors.ask(question="Which lamp?")
    narrowed, plain = filled.ledger.events(verb="answer.given")[-2:]
    assert len(narrowed.facts["filters"]) == 32
    assert "filters" not in plain.facts
    assert "secret-project" not in json.dumps([dict(e.facts) for e in filled.ledger.events(limit=50)])


def test_a_filter_that_nothing_fits_says_so_instead_of_not_knowing(filled: Platform) -> None:
    answer = filled.vectors.ask(question="Which colour has the lamp?", source=["wiki"], path="*.pdf")
    assert answer.outcome == "unknown"
    assert answer.text == (
        "No document that you may see fits what you narrowed the question to: from wiki, at '*.pdf'."
    )
    assert filled.vectors.replay(answer=answer.id).generation == "same"
    assert filled.vectors.ask(question="Who won at chess?", source=["wiki"]).text.startswith("I do not know")


def test_a_source_that_somebody_does_not_see_is_no_source(filled: Platform) -> None:
    filled.data.share(source="manual", groups=["staff"])
    guest = as_user(filled, "guest", "everyone")
    for source in ("manual", "nothing"):
        with pytest.raises(NotFound, match=f"no source named '{source}'") as raised:
            guest.vectors.ask(question="Which lamp?", source=[source])
        assert "manual" not in raised.value.hint
    assert paths(guest, path="*lamp*") == {"wiki/lamp.md", "wiki/lampe.md"}


def test_letters_of_a_path_that_are_covered_for_somebody_are_not_found(home: Platform, tmp_path: Path) -> None:
    page = "# Offer\n\nThe offer for the lamp went to anna.meyer@example.org in May."
    home.data.add(path=str(write(tmp_path / "mail", **{"anna.meyer@example.org": page})), name="mail")
    home.data.sync()
    assert paths(home, path="*meyer*") == {"mail/anna.meyer@example.org.md"}
    guest = as_user(home, "guest", "everyone")
    home.guard.set_clearance(group="everyone", kinds=("date",))
    shown = next(iter(paths(guest)))
    assert "meyer" not in shown
    assert paths(guest, path="*meyer*") == set()
    assert paths(guest, path="*@*") == {shown}


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"language": "German"}, "'German' is no code"),
        ({"since": "yesterday"}, "'yesterday' is no moment"),
        ({"since": "1h", "until": "2h"}, "nothing lies between"),
        ({"path": "x" * 201}, "201 characters"),
        ({"as_of": "2999-01-01"}, "still to come"),
    ],
)
def test_what_cannot_be_meant_is_told(filled: Platform, filters: dict[str, str], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        filled.vectors.search(question="lamp", **filters)


def test_as_of_asks_what_served_then_without_what_was_taken_out_since(filled: Platform, tmp_path: Path) -> None:
    then = filled.line.generations.history("main")[-1].at
    moment = exact(then)
    write(tmp_path / "manual", hall__lamp="# Lamp\n\nThe lamp in the hall is yellow and shines at dawn.")
    filled.data.sync()
    now = filled.vectors.ask(question="Which colour has the lamp in the hall?", source=["manual"])
    before = filled.vectors.ask(question="Which colour has the lamp in the hall?", source=["manual"], as_of=moment)
    assert ("yellow" in now.text, "blue" in before.text) == (True, True)
    assert before.generation != now.generation
    filled.data.quarantine(what="wiki/lamp.md")
    assert paths(filled, as_of=moment) == EVERYTHING - {"wiki/lamp.md"}
    filled.data.share(source="manual", groups=["staff"])
    assert paths(as_user(filled, "guest", "everyone"), as_of=moment) == {"wiki/lampe.md"}


def test_as_of_before_anything_served_names_the_first_moment(filled: Platform) -> None:
    with pytest.raises(NotFound, match="nothing answered at") as raised:
        filled.vectors.ask(question="lamp?", as_of="2001-01-01")
    assert "first generation served from 20" in raised.value.hint


def test_a_question_that_is_asked_again_is_narrowed_as_before(filled: Platform) -> None:
    filled.vectors.ask(question="Which colour has the lamp in the hall?", source=["manual"])
    (again,) = filled.data.reask(what="manual")
    assert "blue" in again.text


def test_the_language_of_a_document_is_noted_once_and_erased_with_it(filled: Platform, tmp_path: Path) -> None:
    write(tmp_path / "wiki", who="# Lamp\n\nWhoever breaks the lamp in the hall writes to kit.orlando@example.org.")
    filled.data.sync()
    counted = "SELECT COUNT(*) FROM languages"
    assert paths(filled, language="de") == {"wiki/lampe.md"}
    assert filled.line.database.query(counted)[0][0] == 4
    filled.data.erase(identifiers=["kit.orlando@example.org"])
    assert filled.line.database.query(counted)[0][0] == 3


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pattern=st.text(alphabet="*?[]!-lampe./\\x", max_size=24))
def test_any_pattern_is_answered_and_narrows(filled: Platform, pattern: str) -> None:
    assert paths(filled, path=pattern) <= EVERYTHING
