"""A source's options: each is seen with its value, changed while in use, and holds for what is there already."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Invalid, NotFound
from thruline.testing.homes import as_user, write

VALVE = "# Valve\n\nThe blue valve is kept by anna@example.org, who opens it at nine in the morning."


def values(home: Platform, source: str = "docs") -> dict[str, str]:
    return {o.name: o.value for o in home.data.source(source=source).options if o.value}


@pytest.fixture
def filled(home: Platform, docs: Path) -> Platform:
    home.data.add(path=str(write(docs, valve=VALVE)), options=("every=1h",))
    home.data.sync()
    return home


def test_every_option_of_a_source_is_shown_with_what_it_means(filled: Platform) -> None:
    options = {o.name: o for o in filled.data.source(source="docs").options}
    assert options["every"].value == "1h"
    assert options["mask"].value == ""
    assert all(o.says for o in options.values())


def test_options_are_set_and_taken_away_and_the_others_stay(filled: Platform) -> None:
    filled.data.change(source="docs", options=("rate=5", "keep=365d"))
    assert values(filled) == {"every": "1h", "rate": "5", "keep": "365d"}
    filled.data.change(source="docs", options=("keep=", "every=2h"))
    assert values(filled) == {"every": "2h", "rate": "5"}


def test_a_mask_that_is_set_later_covers_what_is_there_from_the_next_sync_on(filled: Platform) -> None:
    filled.data.change(source="docs", options=("mask=email",))
    report = filled.data.sync()[0]
    assert (report.unchanged, report.changed, report.added) == (1, 0, 0)
    text = filled.data.text(record="docs/valve.md")[0].text
    assert "anna@example.org" not in text
    assert "opens it at nine" in text
    assert filled.vectors.search(question="Who keeps the blue valve?").passages[0].text == text
    filled.data.change(source="docs", options=("mask=",))
    filled.data.sync()
    assert "anna@example.org" in filled.data.text(record="docs/valve.md")[0].text


def test_a_mask_set_later_covers_what_was_sent_at_once(home: Platform) -> None:
    home.data.add(path="push://desk")
    home.data.push(source="desk", path="valve.md", text=VALVE)
    home.data.change(source="desk", options=("mask=email",))
    assert "anna@example.org" not in home.data.text(record="desk/valve.md")[0].text


def test_an_option_that_cannot_be_meant_changes_nothing(filled: Platform) -> None:
    for given, hint in (("mask=emial", "did you mean 'email'?"), ("evry=1h", "did you mean 'every'?")):
        with pytest.raises(Invalid) as error:
            filled.data.change(source="docs", options=(given,))
        assert hint in error.value.hint
    assert values(filled) == {"every": "1h"}
    with pytest.raises(NotFound) as missing:
        filled.data.source(source="dosc")
    assert "did you mean 'docs'?" in missing.value.hint


def test_a_secret_is_named_never_given_and_shown_to_the_operator_alone(filled: Platform) -> None:
    with pytest.raises(Invalid, match="named, not given"):
        filled.data.change(source="docs", options=("secret=hunter2",))
    names = {o.name for o in as_user(filled, "rita").data.source(source="docs").options}
    assert "secret" not in names
    assert "every" in names


def test_a_change_is_on_the_ledger_without_its_words(filled: Platform) -> None:
    filled.data.change(source="docs", options=("basis=consent of Anna",))
    event = [e for e in filled.ledger.events() if e.verb == "source.changed"][-1]
    assert event.facts["options"] == 2
    assert "Anna" not in str(event)
