"""Another embedder without a gap: built beside what serves, asked, switched to in one event, and the way back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Conflict, Corrupt, Denied, Invalid, NotFound
from thruline.flows import INDEX
from thruline.ports.embedder import Embedder, EmbedderSettings
from thruline.testing.canary import assert_gone
from thruline.testing.embedders import HashEmbedder
from thruline.testing.embeddings_server import EmbeddingsServer
from thruline.testing.homes import FastEngines, OtherEngines, dims_of, open_home, write

NAME = "Ottilie Kvasthoug"
WORDS = ("anvil", "barge", "crane", "dough", "elbow", "flute", "grain", "hinge", "igloo", "joint")
HALLS = ("north", "south", "east", "west", "upper", "lower", "inner", "outer")
PAGES = {
    f"page{one}{two}": f"# The {WORDS[one]} of hall {HALLS[two]}\n\nThe {WORDS[one]} of hall {HALLS[two]} is open."
    for one in range(10)
    for two in range(8)
}
QUESTION = "Is the crane of hall west open?"


@pytest.fixture
def place(tmp_path: Path, docs: Path) -> Path:
    """A home with 80 pages under the fake of 64 dimensions, closed again."""
    write(docs, **PAGES)
    with open_home(tmp_path / "home") as home:
        home.data.add(path=str(docs))
        home.data.sync()
    return tmp_path / "home"


@pytest.fixture
def other(place: Path) -> Iterator[Platform]:
    """The same home after somebody set another embedder."""
    with open_home(place, engines=OtherEngines) as home:
        yield home


def found(home: Platform, question: str = QUESTION) -> str:
    return home.vectors.search(question=question).passages[0].path


def serving(home: Platform) -> str:
    return home.vectors.generations()[0].embedder


def events(home: Platform, verb: str) -> list[dict[str, object]]:
    return [dict(e.facts) for e in home.line.ledger.read() if e.verb == verb]


def test_setting_another_embedder_changes_no_answer_and_says_how_to_move(other: Platform, docs: Path) -> None:
    write(docs, new="# The quay of hall zebra\n\nIt never opens.")
    (report,) = other.data.sync()
    (warned,) = [c for c in other.ledger.doctor() if c.name == "embedder" and c.state == "warn"]

    assert other.vectors.ask(question=QUESTION).embedder == "hash"
    assert found(other) == "page23.md"
    assert found(other, "quay of hall zebra") == "new.md"
    assert serving(other) == "hash-64"
    assert "another embedder is set (hash-96)" in other.vectors.generations()[0].note
    assert "another embedder is set (hash-96)" in report.embedder
    assert "another embedder is set" in render(report)
    assert "thruline index change" in warned.cure


def test_a_change_asks_both_and_serves_by_the_new_one(other: Platform) -> None:
    for _ in range(2):
        other.vectors.ask(question=QUESTION)
    planned = other.vectors.change(dry_run=True)
    assert (planned.outcome, planned.records, planned.left, planned.chunks) == ("planned", 80, 80, 80)
    assert "80 documents of 80 to embed" in render(planned)
    assert serving(other) == "hash-64"

    report = other.vectors.change(share=1)

    assert (report.outcome, report.before, report.after, report.left) == ("switched", "hash-64", "hash-96", 80)
    assert report.read is not None
    assert (report.read.questions, report.read.asked) == (81, 1)
    assert report.read.low >= -report.read.margin
    assert "hash-96 serves" in render(report)
    assert (serving(other), other.vectors.generations()[0].note) == ("hash-96", "")
    assert found(other) == "page23.md"
    (verdict,) = events(other, "verdict.given")
    assert (verdict["rule"], verdict["outcome"]) == ("retrieval_gate", "passed")
    assert [e["state"] for e in events(other, "index.changing")] == ["begun", "switched"]
    assert other.ledger.verify().ok
    assert other.vectors.change().outcome == "serving"


def test_a_rollback_answers_by_the_old_one_whichever_is_set(other: Platform, docs: Path) -> None:
    before = other.vectors.search(question=QUESTION, k=100)
    other.vectors.change(share=1)
    other.vectors.rollback()
    back = other.vectors.search(question=QUESTION, k=100)
    assert serving(other) == "hash-64"
    assert [(p.chunk, p.score) for p in back.passages] == [(p.chunk, p.score) for p in before.passages]


def test_what_came_in_after_the_switch_is_found_again_after_a_rollback_and_a_sync(other: Platform, docs: Path) -> None:
    other.vectors.change(share=1)
    write(docs, new="# The quay of hall zebra\n\nIt never opens.")
    other.data.sync()
    assert found(other, "quay of hall zebra") == "new.md"
    other.vectors.switch(generation=other.vectors.generations()[-1].id)
    assert found(other, "quay of hall zebra") != "new.md"
    other.data.sync()
    assert (serving(other), found(other, "quay of hall zebra"), found(other)) == ("hash-64", "new.md", "page23.md")
    assert other.ledger.verify().ok


def test_a_document_let_back_in_after_a_rollback_answers(other: Platform, docs: Path) -> None:
    other.vectors.change(share=1)
    write(docs, new="# The quay of hall zebra\n\nIt never opens.")
    other.data.sync()
    other.data.quarantine(what="docs/new.md")
    other.vectors.switch(generation=other.vectors.generations()[-1].id)
    other.data.release(what="docs/new.md")
    assert (serving(other), found(other, "quay of hall zebra")) == ("hash-64", "new.md")


def test_what_comes_in_while_an_index_moves_is_there_before_and_after(other: Platform, docs: Path) -> None:
    """The sync runs in the middle of the back-fill, as another process would."""
    seen: list[str] = []

    def meanwhile(stage: str, done: int, total: int) -> None:
        if stage == "embedding" and not seen:
            seen.append(stage)
            write(docs, new="# The quay of hall zebra\n\nIt never opens.")
            other.progress = None
            other.data.sync()
            seen.extend((serving(other), found(other, "quay of hall zebra")))

    other.progress = meanwhile
    report = other.vectors.change(share=1)
    assert seen == ["embedding", "hash-64", "new.md"]
    assert (report.outcome, found(other, "quay of hall zebra")) == ("switched", "new.md")
    dims = Counter(e["dims"] for e in events(other, "chunk.embedded"))
    assert dims == {64: 81, 96: 81}


def test_a_worse_embedder_is_refused_and_can_be_forced(place: Path) -> None:
    with open_home(place) as home:
        refused = home.vectors.change(embedder="hash-2", share=1)
        assert (refused.outcome, refused.ok, serving(home)) == ("refused", False, "hash-64")
        assert refused.read is not None
        assert refused.read.after < refused.read.before
        assert "cannot be ruled out" in render(refused)
        assert home.line.changes.under_way(INDEX) is None
        assert events(home, "verdict.given")[-1]["outcome"] == "failed"

        forced = home.vectors.change(embedder="hash-2", share=1, force=True)
        assert (forced.outcome, forced.left, serving(home)) == ("forced", 0, "hash-2")
        assert [e["state"] for e in events(home, "index.changing")] == ["begun", "refused", "begun", "forced"]
        home.vectors.rollback()
        assert found(home) == "page23.md"


def test_no_question_fails_through_a_change_and_its_rollback(other: Platform) -> None:
    ended = threading.Event()
    failures: list[BaseException] = []
    answers: Counter[tuple[str, str]] = Counter()
    made_by = {other.line.ids.artifact("model", HashEmbedder(dims).info.digest): dims for dims in (64, 96)}

    def ask() -> None:
        while not ended.is_set():
            try:
                said = other.vectors.ask(question=QUESTION)
            except BaseException as failure:  # noqa: BLE001 - any is a failed question
                failures.append(failure)
                return
            assert said.passages[0].path == "page23.md"
            answers[said.id, said.generation] += 1

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert other.vectors.change(share=1).outcome == "switched"
        other.vectors.rollback()
        assert other.vectors.change(share=1).outcome == "switched"
        other.vectors.rollback()
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert failures == []
    embedder_of = {g.id: g.embedder for g in other.vectors.generations()}
    told = {e.outputs[0]: e for e in other.line.ledger.read() if e.verb == "answer.given"}
    for answer, generation in answers:
        models = [made_by[model] for model in told[answer].via if model in made_by]
        assert models == [int(embedder_of[generation].removeprefix("hash-"))]


def test_an_erasure_in_the_middle_reaches_what_both_have_made(other: Platform, docs: Path) -> None:
    write(docs, letter=f"# Letter\n\nDear {NAME},\n\nthe parcel is here.")
    other.data.sync()
    done: list[int] = []

    def meanwhile(stage: str, at: int, total: int) -> None:
        if stage == "embedding" and at > 40 and not done:
            done.append(at)
            other.progress = None
            assert other.data.erase(identifiers=(NAME,)).residue == 0

    other.progress = meanwhile
    report = other.vectors.change(share=1)
    assert (bool(done), report.outcome) == (True, "switched")
    assert "letter.md" not in {p.path for p in other.vectors.search(question="parcel letter", k=100).passages}
    assert_gone(other.home.path, [NAME])
    assert len(other.line.payloads.ids("vectors")) == 160


def test_a_change_can_be_given_up(other: Platform, docs: Path) -> None:
    def cancel(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Conflict, match="no change is under way"):
        other.vectors.change(stop=True)
    other.progress = cancel
    with pytest.raises(KeyboardInterrupt):
        other.vectors.change(share=1)
    other.progress = None
    assert other.line.changes.under_way(INDEX)
    stopped = other.vectors.change(stop=True)
    assert (stopped.outcome, stopped.before, stopped.after) == ("stopped", "hash-64", "hash-96")
    assert other.line.changes.under_way(INDEX) is None
    assert other.vectors.change(share=1).left < 80


class Swapped(FastEngines):
    """Somebody put other weights under the same name."""

    def embedder(self, how: EmbedderSettings) -> Embedder:
        opened = HashEmbedder(dims_of(how.model))
        opened.info = replace(opened.info, digest="0" * 64)
        return opened


def test_files_that_were_changed_under_an_index_are_refused_and_never_mixed_in(place: Path, docs: Path) -> None:
    write(docs, new="# The quay of hall zebra\n\nIt never opens.")
    with open_home(place, engines=Swapped) as home:
        for refused in (home.vectors.search, home.vectors.ask):
            with pytest.raises(Conflict, match="the files of 'hash-64' are not those that made the index") as failure:
                refused(question=QUESTION)
            assert "--force" in failure.value.hint
        with pytest.raises(Conflict, match="are not those"):
            home.data.sync()
        with pytest.raises(Conflict, match="are not those"):
            home.vectors.change()
        assert home.vectors.search(question=QUESTION, by="words").passages[0].path == "page23.md"
        assert home.vectors.change(force=True, share=1).outcome == "forced"
        home.data.sync()
        assert found(home, "quay of hall zebra") == "new.md"


def test_a_home_from_before_remembers_at_its_first_question(place: Path) -> None:
    with open_home(place) as home:
        home.line.payloads.delete(home.line.payloads.ids("embedder"))
    with open_home(place, engines=OtherEngines) as home:
        with pytest.raises(Conflict, match="does not remember which") as failure:
            home.vectors.ask(question=QUESTION)
        assert "--force" in failure.value.hint
    with open_home(place) as home:
        assert found(home) == "page23.md"
    with open_home(place, engines=OtherEngines) as home:
        assert found(home) == "page23.md"


def test_an_embedder_elsewhere_is_not_moved_to_while_a_source_must_stay(place: Path) -> None:
    with EmbeddingsServer() as server:
        given = {"THRULINE_EMBED__BACKEND": "openai", "THRULINE_EMBED__URL": server.url, "THRULINE_EMBED__DIMS": "64"}
        with open_home(place, given) as home:
            home.data.change(source="docs", options=("residency=eu",))
            for dry_run in (True, False):
                with pytest.raises(Denied, match="may be in eu alone, and the embedder at"):
                    home.vectors.change(share=1, dry_run=dry_run)
            home.data.sync()
            assert (found(home), server.requests) == ("page23.md", [])
        with open_home(place, given | {"THRULINE_REGIONS__EMBEDDER": "eu"}) as home:
            assert home.vectors.change(share=1).outcome == "switched"
            assert (found(home), bool(server.requests)) == ("page23.md", True)


def test_a_server_that_fails_in_the_middle_costs_nothing_that_was_done(place: Path, docs: Path) -> None:
    with EmbeddingsServer() as server:
        given = {"THRULINE_EMBED__BACKEND": "openai", "THRULINE_EMBED__URL": server.url, "THRULINE_EMBED__DIMS": "64"}
        with open_home(place, given) as home:

            def fail(stage: str, done: int, total: int) -> None:
                server.troubles = ["{}"] * 9

            home.progress = fail
            with pytest.raises(Corrupt):
                home.vectors.change(share=1)
            home.progress = None
            write(docs, new="# The quay of hall zebra\n\nIt never opens.")
            home.data.sync()
            assert (serving(home), found(home, "quay of hall zebra")) == ("hash-64", "new.md")
            server.troubles = []
            report = home.vectors.change(share=1)
            assert (report.outcome, report.records) == ("switched", 81)
            assert report.left < 81
            assert found(home, "quay of hall zebra") == "new.md"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"share": 0.0}, "share = 0 is out of range"),
        ({"share": 1.5}, "share = 1.5 is out of range"),
        ({"share": float("nan")}, "share = nan is out of range"),
        ({"margin": -1.0}, "margin = -1 is out of range"),
        ({"questions": -1}, "questions = -1 is out of range"),
        ({"questions": 0}, "asks nothing"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(home: Platform, wanted: dict[str, float], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        home.vectors.change(**wanted)


def test_an_unknown_embedder_is_refused_with_those_that_are_known(other: Platform) -> None:
    with pytest.raises(NotFound, match="no embedder named 'word2vec'") as failure:
        other.vectors.change(embedder="word2vec")
    assert "bge-small-en-v1.5" in failure.value.hint
    assert "hash-64" in failure.value.hint


def test_an_empty_home_moves_at_once(tmp_path: Path, docs: Path) -> None:
    with open_home(tmp_path / "home") as home:
        assert home.vectors.change().outcome == "serving"
        write(docs, page=PAGES["page00"])
        home.data.add(path=str(docs))
        home.data.sync()
        (docs / "page.md").unlink()
        home.data.sync(allow_empty=True)
    with open_home(tmp_path / "home", engines=OtherEngines) as home:
        assert home.vectors.change(force=True).outcome == "forced"
        assert home.vectors.search(question=QUESTION).passages == ()
