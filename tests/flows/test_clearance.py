"""What a reader is not cleared for is covered wherever they look, and reaches no language model for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid
from thruline.flows.answer import prepare
from thruline.testing.homes import actor_of, as_user, write

NAME, MAIL, PHONE = "Ottilie Kvasthoug", "ottilie.kvasthoug@example.org", "+49 30 1234567"
LETTER = (
    f"# The vase of {NAME}\n\nDear {NAME}, the blue vase is here in the shop. Write to {MAIL} or call {PHONE} today.\n\n"
    "## What Kvasthoug said\n\nThe blue vase of Kvasthoug is broken and she wants another blue vase from the shop."
)
HIDDEN = ("kvasthoug", "ottilie", "1234567")


@pytest.fixture
def shop(home: Platform, docs: Path) -> Platform:
    home.data.add(path=str(write(docs, letter=LETTER, **{"note_ottilie_kvasthoug": LETTER + "\n\nA second one."})))
    home.data.add(path="push://refusing", options=("block=email",))
    home.data.push(source="refusing", path="ottilie.kvasthoug@example.org.md", text=LETTER)
    home.data.sync(source="docs")
    return home


def doors(reader: Platform, answer: str) -> dict[str, Any]:
    """All that a reader may be shown of documents, by the door."""
    record = reader.data.documents(source="docs")[0].record
    return {
        "ask": reader.vectors.ask(question="Where is the blue vase?"),
        "search": reader.vectors.search(question="blue vase", k=10),
        "words": reader.vectors.search(question="blue vase", by="words"),
        "documents": reader.data.documents(),
        "refused": reader.data.documents(state="refused"),
        "document": reader.data.document(record=record),
        "text": reader.data.text(record=record),
        "why": reader.vectors.why(answer=answer),
        "answers": reader.vectors.answers(),
        "lineage": reader.ledger.lineage(artifact=record),
        "quality": reader.data.quality(source="docs", purpose="training"),
        "quarantined": reader.data.quarantined(),
        "source": reader.data.source(source="docs"),
        "sources": reader.data.sources(),
    }


def told(what: Any) -> str:
    return msgspec.json.encode(what).decode().lower()


def test_everybody_sees_all_until_somebody_says_otherwise(shop: Platform):
    ada = as_user(shop, "ada")
    answer = ada.vectors.ask(question="Where is the blue vase?").id
    shown = doors(ada, answer)
    assert all(word in told(shown["text"]) for word in HIDDEN)
    shop.guard.set_clearance(group="hr", kinds=("email",))
    assert told(doors(ada, answer)["text"]) == told(shown["text"])


def test_no_door_shows_what_a_reader_is_not_cleared_for(shop: Platform):
    ada = as_user(shop, "ada")
    answer = ada.vectors.ask(question="Where is the blue vase?").id
    shop.guard.set_clearance(group="everyone")
    leaks = {
        name: [w for w in HIDDEN if w in told(what)] for name, what in doors(ada, answer).items() if name != "sources"
    }
    assert {name: words for name, words in leaks.items() if words} == {}
    assert "\u2588" in told(ada.vectors.why(answer=answer))
    assert "blue vase" in told(ada.vectors.why(answer=answer))


def test_a_group_sees_what_it_is_cleared_for_and_the_operator_sees_all(shop: Platform):
    shop.guard.set_clearance(group="everyone", kinds=("phone",))
    shop.guard.set_clearance(group="hr", kinds=("all",))
    ada, bea = as_user(shop, "ada"), as_user(shop, "bea", "hr")
    seen = told(ada.vectors.search(question="blue vase"))
    assert "1234567" in seen
    assert "kvasthoug" not in seen
    assert "kvasthoug" in told(bea.vectors.search(question="blue vase"))
    assert "kvasthoug" in told(shop.vectors.search(question="blue vase"))
    assert "kvasthoug" not in told(shop.vectors.search(question="blue vase", as_user="ada"))
    assert {c.group: len(c.kinds) for c in shop.guard.clearances()}["everyone"] == 1


def test_a_language_model_is_not_told_what_the_asker_may_not_see(shop: Platform):
    shop.guard.set_clearance(group="everyone")
    as_user(shop, "ada")
    asked = prepare(shop.line, actor_of(shop, "ada"), "Where is the blue vase?")
    prompt = told(asked.messages())
    assert "blue vase" in prompt
    assert [word for word in HIDDEN if word in prompt] == []


def test_citations_of_covered_words_still_point_at_their_place(shop: Platform):
    shop.guard.set_clearance(group="everyone")
    ada = as_user(shop, "ada")
    answer = ada.vectors.ask(question="What is with the blue vase?")
    chunks = {p.chunk: p.text for p in answer.passages}
    for sentence in answer.sentences:
        assert all(chunks[q.chunk][q.start : q.end] in sentence.text for q in sentence.quotes)


def test_a_masked_source_covers_the_names_of_its_files_too(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, **{"note_ottilie_kvasthoug": LETTER})), options=("mask=name",))
    home.data.sync()
    seen = as_user(home, "ada").data.documents()
    assert "kvasthoug" not in told(seen)
    assert seen[0].path.startswith("note_")
    assert home.data.documents()[0].path == "note_ottilie_kvasthoug.md"


def test_only_the_operator_sets_a_clearance_and_only_for_kinds_that_there_are(shop: Platform):
    with pytest.raises(Denied):
        as_user(shop, "ada").guard.set_clearance(group="everyone", kinds=("all",))
    with pytest.raises(Invalid, match="is no kind"):
        shop.guard.set_clearance(group="everyone", kinds=("shoes",))
    shop.guard.set_clearance(group="everyone", kinds=("name", "email"))
    assert [e.facts["kinds"] for e in shop.line.ledger.read(verbs=("clearance.set",))] == [2]
