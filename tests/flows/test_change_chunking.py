"""Documents cut in another way without a gap: built of what is stored, asked, switched to in one event, and back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Conflict, Invalid
from thruline.flows import INDEX
from thruline.testing.canary import assert_gone
from thruline.testing.homes import ApartEngines, open_home, write
from thruline.vectors.recipes import Recipe

NAME = "Ottilie Kvasthoug"
WORDS = ("anvil", "barge", "crane", "dough", "elbow", "flute", "grain", "hinge", "igloo", "joint")
HALLS = ("north", "south", "east", "west", "upper", "lower", "inner", "outer")
CHUNKING = "words=20"


def page(word: str) -> str:
    """One document of eight sections, that is cut into a few passages or into eight."""
    return "\n\n".join(
        f"# The {word} of hall {hall}\n\nThe {word} of hall {hall} is open from dawn, and whoever comes late to it rings."
        for hall in HALLS
    )


@pytest.fixture
def home(tmp_path: Path, docs: Path) -> Iterator[Platform]:
    write(docs, **{word: page(word) for word in WORDS})
    with open_home(tmp_path / "home") as home:
        home.data.add(path=str(docs), name="docs")
        home.data.sync()
        yield home


def found(home: Platform, question: str = "Is the crane of hall west open?") -> str:
    return home.vectors.search(question=question).passages[0].path


def longest(home: Platform) -> int:
    """Words of the longest passage that answers."""
    return max(len(p.text.split()) for p in home.vectors.search(question="hall open dawn", k=100).passages)


def passages(home: Platform, question: str = "hall west") -> set[tuple[str, str]]:
    return {(p.chunk, p.text) for p in home.vectors.search(question=question, k=100).passages}


def chunked(home: Platform) -> int:
    return sum(e.verb == "record.chunked" for e in home.line.ledger.read(limit=100_000))


def test_documents_are_cut_anew_and_answer_in_smaller_passages(home: Platform, docs: Path) -> None:
    before = home.vectors.generations()[0]
    assert longest(home) > 60
    planned = home.vectors.change(chunking=CHUNKING, dry_run=True)
    assert (planned.outcome, planned.left, planned.after) == ("planned", 10, "hash-64, words=20")
    assert planned.chunks > 2 * before.chunks
    assert chunked(home) == 10
    shutil.rmtree(docs)

    report = home.vectors.change(chunking=CHUNKING, share=1, questions=200)

    assert report.outcome == "switched", render(report)
    assert report.read is not None
    assert report.read.looked > 20
    assert (report.read.questions, report.lost) == (90, 0)
    assert "in as much text" in render(report)
    now = home.vectors.generations()[0]
    assert (now.records, now.chunking, now.embedder) == (10, CHUNKING, "hash-64")
    assert now.chunks == planned.chunks
    assert (found(home), longest(home)) == ("crane.md", 16)
    assert {d.chunks for d in home.data.documents()} == {16}
    assert home.ledger.verify().ok
    assert home.vectors.change(chunking=CHUNKING).outcome == "serving"


def test_a_rollback_is_one_event_and_gives_back_the_passages_of_before(home: Platform) -> None:
    before = passages(home)
    home.vectors.change(chunking=CHUNKING, share=1, force=True)
    after = passages(home)
    seq = home.line.ledger.head().seq
    home.vectors.rollback()
    assert [e.verb for e in home.line.ledger.read(after=seq)].count("index.switched") == 1
    assert passages(home) == before
    assert home.ledger.verify().ok
    home.vectors.change(chunking=CHUNKING, share=1, force=True)
    assert (passages(home), chunked(home)) == (after, 20)
    assert not {chunk for chunk, _ in before} & {chunk for chunk, _ in after}


def test_each_passage_of_either_leads_to_its_record_and_to_its_vectors(home: Platform) -> None:
    home.vectors.change(chunking=CHUNKING, share=1, force=True)
    record = next(d.record for d in home.data.documents() if d.path == "crane.md")
    chunks = [
        e.outputs for e in home.line.ledger.read(limit=100_000) if e.verb == "record.chunked" and e.inputs == (record,)
    ]
    sets = {e.inputs: e.outputs[0] for e in home.line.ledger.read(limit=100_000) if e.verb == "chunk.embedded"}
    assert sorted(len(of_one) for of_one in chunks) == [1, 16]
    assert {sets[of_one] for of_one in chunks} == set(home.line.generations.sets_of([record]))
    assert all(home.line.records.places(of_one).keys() == set(of_one) for of_one in chunks)


def test_an_answer_of_before_still_shows_what_it_rests_on(home: Platform) -> None:
    said = home.vectors.ask(question="Is the crane of hall west open?")
    moment = home.line.clock.now()
    home.vectors.change(chunking=CHUNKING, share=1, force=True)
    then = home.vectors.why(answer=said.id).answer
    assert [(p.chunk, p.text) for p in then.passages] == [(p.chunk, p.text) for p in said.passages]
    replayed = home.vectors.replay(answer=said.id)
    assert (replayed.retrieval, replayed.generation) == ("same", "same")
    at = f"{datetime.fromtimestamp(moment / 1e6, UTC).isoformat()}"
    asked = home.vectors.ask(question="Is the crane of hall west open?", as_of=at)
    assert [p.chunk for p in asked.passages] == [p.chunk for p in said.passages]


def test_what_comes_in_meanwhile_is_cut_both_ways(home: Platform, docs: Path) -> None:
    seen: list[str] = []

    def meanwhile(stage: str, done: int, total: int) -> None:
        if stage == "embedding" and not seen:
            seen.append(stage)
            write(docs, quay=page("quay"), anvil=page("anvil") + "\n\n# The anvil of hall zebra\n\nIt never opens.")
            home.progress = None
            home.data.sync()
            seen.append(found(home, "the quay of hall west"))

    home.progress = meanwhile
    report = home.vectors.change(chunking=CHUNKING, share=1, force=True)
    assert (seen, report.outcome) == (["embedding", "quay.md"], "switched")
    assert (found(home, "quay of hall west"), found(home, "hall zebra"), longest(home)) == ("quay.md", "anvil.md", 16)
    assert home.vectors.generations()[0].chunks == 16 * 11 + 1
    assert home.ledger.verify().ok
    home.vectors.rollback()
    assert (found(home, "quay of hall west"), longest(home) > 60) == ("quay.md", True)
    assert any("zebra" in text for _, text in passages(home))
    assert home.ledger.verify().ok


def test_what_comes_in_afterwards_is_cut_as_what_serves(home: Platform, docs: Path) -> None:
    home.vectors.change(chunking=CHUNKING, share=1, force=True)
    write(docs, quay=page("quay"), anvil=page("anvil").replace("rings", "knocks"))
    home.data.sync()
    assert (found(home, "quay of hall west"), longest(home)) == ("quay.md", 16)
    home.vectors.switch(generation=home.vectors.generations()[-1].id)
    assert found(home, "quay of hall west") != "quay.md"
    home.data.sync()
    assert (found(home, "quay of hall west"), longest(home) > 60) == ("quay.md", True)
    assert any("knocks" in text for _, text in passages(home, "anvil"))
    assert home.ledger.verify().ok
    home.data.quarantine(what="docs/quay.md")
    home.vectors.change(chunking=CHUNKING, share=1, force=True)
    home.data.release(what="docs/quay.md")
    assert (found(home, "quay of hall west"), longest(home)) == ("quay.md", 16)
    assert home.ledger.verify().ok


def test_an_erasure_reaches_what_was_cut_either_way(home: Platform, docs: Path) -> None:
    write(docs, letter=f"{page('parcel')}\n\n# Letter\n\nDear {NAME},\n\nthe parcel is here.")
    home.data.sync()
    home.vectors.change(chunking=CHUNKING, share=1, force=True)
    kept = len(home.line.payloads.ids("memo"))
    report = home.data.erase(identifiers=(NAME,))
    assert (report.residue, report.chunks) == (0, 1 + 17)
    assert len(home.line.payloads.ids("memo")) == kept - 2
    assert_gone(home.home.path, [NAME])
    home.vectors.rollback()
    assert "letter.md" not in {p.path for p in home.vectors.search(question="parcel letter", k=100).passages}
    assert home.ledger.verify().ok


def test_other_rules_leave_nothing_of_what_was_cut_before(home: Platform, docs: Path) -> None:
    write(docs, letter=f"{page('parcel')}\n\n# Letter\n\nWrite to ottilie@kvasthoug.example about it.")
    home.data.sync()
    home.vectors.change(chunking=CHUNKING, share=1, force=True)
    home.data.change(source="docs", options=("mask=email",))
    home.data.sync()
    assert not any("kvasthoug" in text for _, text in passages(home, "letter parcel write"))
    documents = home.line.payloads.get_many(home.line.payloads.ids("memo"))
    assert not any(b"Write to ottilie" in data for data in documents.values())
    assert home.ledger.verify().ok
    home.vectors.switch(generation=home.vectors.generations()[-1].id)
    assert not any("kvasthoug" in text for _, text in passages(home, "letter parcel write"))
    home.data.sync()
    assert (longest(home) > 60, any("kvasthoug" in text for _, text in passages(home, "letter parcel write"))) == (
        True, False,
    )  # fmt: skip


def test_embedder_and_chunking_change_in_one_go(home: Platform) -> None:
    report = home.vectors.change(embedder="hash-96", chunking=CHUNKING, share=1, questions=200)
    assert (report.outcome, report.before, report.after) == ("switched", "hash-64", "hash-96, words=20")
    now = home.vectors.generations()[0]
    assert (now.embedder, now.chunking, longest(home), found(home)) == ("hash-96", CHUNKING, 16, "crane.md")
    kept = home.vectors.change(embedder="hash-64", share=1, force=True)
    assert (kept.after, longest(home)) == ("hash-64, words=20", 16)
    assert chunked(home) == 20


def test_by_heading_every_section_is_a_passage_of_its_own(home: Platform) -> None:
    home.vectors.change(chunking="words=300,headings", share=1, force=True)
    assert home.vectors.generations()[0].chunks == 80
    assert {len(text.split()) for _, text in passages(home)} == {21}


def test_a_change_that_was_cut_short_goes_on_where_it_was(home: Platform) -> None:
    def cancel(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    home.progress = cancel
    with pytest.raises(KeyboardInterrupt):
        home.vectors.change(chunking=CHUNKING, share=1)
    home.progress = None
    assert home.line.changes.under_way(INDEX) == Recipe(home.line.recipe.embedder, CHUNKING)
    assert 0 < home.vectors.change(chunking=CHUNKING, dry_run=True).left < 10
    assert (home.vectors.change(chunking=CHUNKING, share=1, force=True).left, chunked(home)) == (2, 20)
    assert home.line.changes.under_way(INDEX) is None


def test_what_is_no_longer_stored_whole_keeps_the_switch_from_losing_it(home: Platform) -> None:
    record = next(d.record for d in home.data.documents() if d.path == "crane.md")
    home.line.payloads.delete([record])
    refused = home.vectors.change(chunking=CHUNKING, share=1, margin=1)
    assert (refused.outcome, refused.lost, found(home)) == ("refused", 1, "crane.md")
    assert "1 document could not be made anew" in render(refused)


def test_a_judged_passage_is_found_in_either_way_to_cut(home: Platform) -> None:
    for word in WORDS:
        said = home.vectors.ask(question=f"Is the {word} of hall west open?")
        home.vectors.feedback(answer=said.id, says="good")
    home.vectors.change(chunking=CHUNKING, share=1, force=True)
    before = home.vectors.generations()[-1].id
    report = home.vectors.evaluate(compare=before, k=10)
    assert all(m.value == 1 for m in report.search if m.name.startswith("success")), render(report)
    assert all(abs(d.value) < 1 for d in report.differences)


@pytest.mark.parametrize(
    ("chunking", "said"),
    [
        ("big", "'big' says nothing of how to cut"),
        ("word=100", "'word' says nothing"),
        ("headings", "does not say how long"),
        ("words=", "does not say how long"),
        ("words=-5", "does not say how long"),
        ("words=19", "does not say how long"),
        ("words=2001", "does not say how long"),
        ("words=100 headings=no", "says too much"),
    ],
)
def test_a_chunking_that_cannot_be_meant_is_refused(home: Platform, chunking: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        home.vectors.change(chunking=chunking)


def test_a_home_without_documents_has_nothing_to_cut(tmp_path: Path) -> None:
    with open_home(tmp_path / "home") as home, pytest.raises(Conflict, match="nothing is cut yet"):
        home.vectors.change(chunking=CHUNKING)


def test_nodes_cut_as_the_home_does(tmp_path: Path, docs: Path) -> None:
    write(docs, **{word: page(word) for word in WORDS})
    with open_home(tmp_path / "home", engines=ApartEngines) as home:
        home.data.add(path=str(docs))
        home.data.sync()
        home.vectors.change(chunking=CHUNKING, share=1, force=True)
        assert (found(home), longest(home), home.vectors.generations()[0].chunks) == ("crane.md", 16, 160)
