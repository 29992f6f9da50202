"""After a switch nobody waits: the snapshot before answers, without what may not answer any more, until the next is there."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thruline.app.config import Config
from thruline.app.home import Home
from thruline.app.platform import Platform
from thruline.backends.flat4_dense import Flat4Dense
from thruline.core.errors import Unavailable
from thruline.flows import INDEX
from thruline.ports.dense import DenseIndex
from thruline.testing.homes import FastEngines, open_home, write
from thruline.vectors.plans import DensePlan

NAME = "Ottilie Kvasthoug"
FILES, SECTIONS = 11, 100
SETTINGS = {"THRULINE_INGEST__CHUNK_WORDS": "12"}


class Held(Flat4Dense):
    """Is built when the gate is open; what it was built of is counted."""

    def __init__(self, engines: Gated) -> None:
        super().__init__()
        self._engines = engines

    def build(self, vectors: np.ndarray) -> None:
        assert self._engines.gate.wait(60)
        if self._engines.fails:
            raise Unavailable("the disk is asleep", hint="wake it")
        self._engines.built += 1
        super().build(vectors)


class Gated(FastEngines):
    """A home whose dense indexes are built when the test says so."""

    def __init__(self, home: Home, config: Config, cache: Path, progress: Any) -> None:
        super().__init__(home, config, cache, progress)
        self.gate = threading.Event()
        self.gate.set()
        self.built = 0
        self.fails = False

    def dense(self, plan: DensePlan) -> DenseIndex:
        del plan
        return Held(self)


def document(number: int) -> str:
    return "\n\n".join(
        f"# Part {number}-{n}\n\nThe kiln{number:02}x{n:03} is fired in hall {n % 7} at dawn." for n in range(SECTIONS)
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    docs = write(tmp_path / "docs", **{f"d{number:02}": document(number) for number in range(FILES)})
    write(docs, letter=f"# Letter\n\nThe order of {NAME} stands in the quay.")
    with open_home(tmp_path / "home", SETTINGS) as home:
        home.data.add(path=str(docs), name="docs")
        home.data.sync()
    return tmp_path / "home"


@pytest.fixture
def served(place: Path) -> Iterator[Platform]:
    """A home that was asked already, as a server has it."""
    with open_home(place, SETTINGS, engines=Gated) as home:
        assert found(home, "kiln03x042") == "d03.md"
        yield home
        engines(home).gate.set()


@pytest.fixture
def moved(served: Platform, place: Path) -> Platform:
    """It, after another process switched to another embedder; the next snapshot is not let come to be."""
    engines(served).gate.clear()
    with open_home(place, SETTINGS) as other:
        other.vectors.change(embedder="hash-96", share=1, questions=0, force=True)
    return served


def engines(home: Platform) -> Gated:
    assert isinstance(home.line.engines, Gated)
    return home.line.engines


def found(home: Platform, question: str) -> str:
    passages = home.vectors.search(question=question, k=1, by="words").passages
    return passages[0].path if passages else ""


def by_both(home: Platform, question: str) -> bool:
    """Whether the letter is found by words and by meaning."""
    report = home.vectors.search(question=question, k=10)
    return report.searched.way == "hybrid" and "letter.md" in {p.path for p in report.passages}


def embedder(home: Platform) -> str:
    """The one that made what answers."""
    line = home.line
    return line.embedders.name(line.generations.get(line.shelf.serving().generation).embedder)


def let_come(home: Platform) -> None:
    engines(home).gate.set()
    home.line.shelf.settle()


def test_the_one_before_answers_until_the_next_is_there(moved: Platform) -> None:
    assert (by_both(moved, "Which order stands in the quay?"), embedder(moved), moved.line.shelf.is_behind) == (
        True,
        "hash-64",
        True,
    )
    let_come(moved)
    assert (by_both(moved, "Which order stands in the quay?"), embedder(moved), moved.line.shelf.is_behind) == (
        True, "hash-96", False
    )  # fmt: skip


def test_what_is_taken_out_meanwhile_answers_neither_from_the_one_nor_from_the_other(
    moved: Platform, place: Path
) -> None:
    assert found(moved, "quay") == "letter.md"
    with open_home(place, SETTINGS) as other:
        other.data.erase(identifiers=(NAME,))
        assert found(moved, "quay") == ""
        other.data.quarantine(what="docs/d04.md")
        assert (found(moved, "kiln04x001"), found(moved, "kiln05x001")) == ("", "d05.md")
        (place.parent / "docs" / "d05.md").unlink()
        other.data.sync()
        assert found(moved, "kiln05x001") == ""
        assert embedder(moved) == "hash-64"
    let_come(moved)
    assert embedder(moved) == "hash-96"
    assert [found(moved, w) for w in ("quay", "kiln04x001", "kiln05x001", "kiln06x001")] == ["", "", "", "d06.md"]


def test_whoever_may_see_no_more_meanwhile_sees_no_more(moved: Platform, place: Path) -> None:
    def seen_by_bo() -> int:
        return moved.vectors.search(question="kiln03x042", as_user="bo").visible

    with open_home(place, SETTINGS) as other:
        other.guard.set_user(name="bo", groups=("staff",))
        assert seen_by_bo() == FILES * SECTIONS + 1
        other.data.share(source="docs", groups=("press",))
        assert (seen_by_bo(), embedder(moved)) == (0, "hash-64")
    let_come(moved)
    assert (seen_by_bo(), embedder(moved)) == (0, "hash-96")


def test_what_comes_in_meanwhile_is_found_when_the_next_is_there(moved: Platform, place: Path) -> None:
    write(place.parent / "docs", new="# New\n\nThe zebra stands at the pier.")
    with open_home(place, SETTINGS) as other:
        other.data.sync()
    assert found(moved, "zebra pier") != "new.md"
    let_come(moved)
    assert found(moved, "zebra pier") == "new.md"


def test_a_rollback_meanwhile_needs_no_other_and_brings_back_what_was_released(moved: Platform, place: Path) -> None:
    assert embedder(moved) == "hash-64"
    with open_home(place, SETTINGS) as other:
        other.data.quarantine(what="docs/d04.md")
        assert found(moved, "kiln04x001") == ""
        other.data.release(what="docs/d04.md")
        other.vectors.switch(generation=other.vectors.generations()[-1].id)
    assert (found(moved, "kiln04x001"), moved.line.shelf.is_behind) == ("d04.md", False)
    let_come(moved)
    assert (embedder(moved), found(moved, "kiln04x001")) == ("hash-64", "d04.md")


def test_a_next_one_that_cannot_be_made_leaves_the_one_before_and_lets_itself_be_closed(moved: Platform) -> None:
    engines(moved).fails = True
    engines(moved).gate.set()
    assert found(moved, "kiln03x042") == "d03.md"
    began = time.monotonic()
    moved.line.shelf.close()
    assert time.monotonic() - began < 5


def test_who_looks_back_twice_at_one_moment_waits_once(served: Platform, place: Path) -> None:
    moment = served.line.clock.now()
    write(place.parent / "docs", new="# New\n\nThe zebra stands at the pier.")
    served.data.sync()
    before = engines(served).built

    def then_said(question: str) -> str:
        at = f"{np.datetime64(moment, 'us')}Z"
        passages = served.vectors.search(question=question, k=1, by="words", as_of=at).passages
        return passages[0].path if passages else ""

    assert [then_said(word) for word in ("quay", "kiln04x001", "zebra pier")] == ["letter.md", "d04.md", ""]
    served.data.quarantine(what="docs/d04.md")
    assert then_said("kiln04x001") == ""
    assert engines(served).built == before + 1
    kept = weakref.ref(served.line.shelf.past(served.line.generations.history(INDEX)[0].generation))
    served.data.erase(identifiers=(NAME,))
    served.line.shelf.follow()
    assert (kept(), then_said("quay")) == (None, "")
