"""kill -9 at random moments: nothing lost, nothing doubled, nothing back from the dead; the next command works."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import NotFound
from thruline.testing.canary import assert_gone
from thruline.testing.homes import killed_after, open_home, write

NAME = "Ottilie Kvasthoug"
CHANGE = {"embedder": "hash-96", "chunking": "words=20", "share": 1.0, "margin": 1.0}
OFTEN = [pytest.param(20, id="20 times"), pytest.param(200, id="200 times", marks=pytest.mark.slow)]
PAGES = {f"page{n}": f"# Page {n}\n\nPage number {n} says that lamp {n} burns until {n} o'clock." for n in range(12)}
PEOPLE = {f"letter{n}": f"# Letter {n}\n\nDear {NAME},\n\nparcel {n} is here.\n\nRegards,\nFjord" for n in range(3)}


class Trials:
    """One operation, killed in a home of its own at a random moment and then done again, over and over."""

    def __init__(self, tmp_path: Path, times: int) -> None:
        self.tmp_path = tmp_path
        self.times = times
        self.killed = 0
        self._random = random.Random(7)
        self._whole = 0.0

    def run(
        self, prepare: Callable[[Platform, Path], None], operation: str, arguments: Mapping[str, Any],
        check: Callable[[Platform, bool], None],
    ) -> None:  # fmt: skip
        """Prepare a home, kill the operation in it, check; the first trial runs to its end here and gives the time."""
        for n in range(self.times + 1):
            folder = self.tmp_path / str(n)
            docs = write(folder / "docs", **PAGES)
            with open_home(folder / "home") as home:
                home.data.add(path=str(docs))
                prepare(home, docs)
            ended = self._timed(folder / "home", operation, arguments) if n == 0 else killed_after(
                self._random.uniform(0, self._whole), folder / "home", operation, arguments
            )  # fmt: skip
            self.killed += not ended
            with open_home(folder / "home") as home:
                check(home, ended)
                assert home.ledger.verify().ok
        assert self.killed > self.times / 4, "hardly any kill hit: the moments do not fit the operation"

    def _timed(self, path: Path, operation: str, arguments: Mapping[str, Any]) -> bool:
        with open_home(path) as home:
            began = time.monotonic()
            home.call(operation, arguments)
            self._whole = time.monotonic() - began
        return True


@pytest.fixture
def trials(tmp_path: Path, times: int) -> Trials:
    return Trials(tmp_path, times)


def texts(home: Platform) -> list[str]:
    """Every passage that answers, once for each time that it does."""
    return sorted(p.text for p in home.vectors.search(question="page lamp letter parcel", k=100).passages)


@pytest.mark.parametrize("times", OFTEN)
def test_a_killed_sync_is_finished_by_the_next(trials: Trials) -> None:
    def prepare(home: Platform, docs: Path) -> None:
        home.data.sync()
        write(
            docs, page1="# Page 1\n\nPage number 1 was rewritten: the lamp is off.", page99="# Page 99\n\nA new lamp."
        )
        (docs / "page2.md").unlink()
        (docs / "page3.md").rename(docs / "moved3.md")

    def check(home: Platform, ended: bool) -> None:
        (report,) = home.data.sync()
        assert (report.seen, report.indexed) == (12, 12)
        said = texts(home)
        assert len(said) == len(set(said)) == 12
        assert not any("lamp 1 burns" in t or "lamp 2 burns" in t for t in said)
        assert {d.path for d in home.data.documents(state="live")} == {
            *(f"page{n}.md" for n in (*range(12), 99) if n not in (2, 3)), "moved3.md",
        }  # fmt: skip

    trials.run(prepare, "data.sync", {}, check)


@pytest.mark.parametrize("times", OFTEN)
def test_a_killed_quarantine_is_whole_or_never_was(trials: Trials) -> None:
    def prepare(home: Platform, docs: Path) -> None:
        home.data.sync()

    def check(home: Platform, ended: bool) -> None:
        out = {d.path for d in home.data.documents(state="quarantined")}
        assert out in (set(), {"page4.md"})
        assert any("lamp 4 burns" in t for t in texts(home)) == (not out)
        if not out:
            home.data.quarantine(what="docs/page4.md")
        assert len(texts(home)) == 11
        home.data.release(what="docs/page4.md")
        assert len(texts(home)) == 12

    trials.run(prepare, "data.quarantine", {"what": "docs/page4.md"}, check)


@pytest.mark.parametrize("times", OFTEN)
def test_a_killed_switch_serves_the_one_or_the_other(trials: Trials) -> None:
    def prepare(home: Platform, docs: Path) -> None:
        home.data.sync()
        write(docs, page99="# Page 99\n\nA new lamp.")
        home.data.sync()

    def check(home: Platform, ended: bool) -> None:
        assert len(texts(home)) in (12, 13)
        home.vectors.switch(generation=home.vectors.generations()[-1].id)
        assert len(texts(home)) == 12

    trials.run(prepare, "vectors.rollback", {}, check)


@pytest.mark.parametrize("times", OFTEN)
def test_a_killed_change_of_embedder_and_chunking_serves_the_one_or_the_other_and_goes_on(trials: Trials) -> None:
    def prepare(home: Platform, docs: Path) -> None:
        home.data.sync()

    def check(home: Platform, ended: bool) -> None:
        before = home.vectors.generations()[0]
        moved = (before.embedder, before.chunking) == ("hash-96", "words=20")
        assert moved or (not ended and (before.embedder, before.chunking) == ("hash-64", ""))
        assert len(texts(home)) == 12
        home.data.sync()
        assert home.vectors.change(**CHANGE).outcome in ("switched", "serving")
        assert home.vectors.generations()[0].embedder == "hash-96"
        assert len(texts(home)) == 12
        home.vectors.switch(generation=home.vectors.generations()[-1].id)
        assert len(texts(home)) == 12

    trials.run(prepare, "vectors.change", CHANGE, check)


@pytest.mark.parametrize("times", OFTEN)
def test_a_killed_erasure_is_finished_by_the_same_words(trials: Trials) -> None:
    def prepare(home: Platform, docs: Path) -> None:
        write(docs, **PEOPLE)
        home.data.sync()
        home.vectors.ask(question=f"What is here for {NAME}?")

    def check(home: Platform, ended: bool) -> None:
        report = home.data.erase(identifiers=(NAME,))
        assert report.residue == 0
        assert_gone(home.home.path, [NAME])
        assert len(texts(home)) == 12
        keyed = {o for o in home.line.vault.owners() if o.startswith("record:")}
        assert keyed <= {d.record for d in home.data.documents()}
        (synced,) = home.data.sync()
        assert len(synced.refused) == len(PEOPLE)
        assert len(texts(home)) == 12

    trials.run(prepare, "data.erase", {"identifiers": [NAME]}, check)


@pytest.mark.parametrize("times", OFTEN)
def test_a_killed_correction_is_finished_by_the_same_words(trials: Trials) -> None:
    arguments = {"wrong": NAME, "right": "Odalys Kvasthoug", "what": "docs"}

    def prepare(home: Platform, docs: Path) -> None:
        write(docs, **PEOPLE)
        home.data.sync()
        home.vectors.ask(question=f"What is here for {NAME}?")

    def check(home: Platform, ended: bool) -> None:
        if not ended:
            with suppress(NotFound):  # it was killed after all was done, and its receipt signed
                assert home.data.rectify(**arguments).residue == 0
        assert_gone(home.home.path, [NAME])
        assert sum("Odalys" in text for text in texts(home)) == len(PEOPLE)
        assert len(texts(home)) == len(PAGES) + len(PEOPLE)
        assert sorted(home.line.payloads.ids("correction")) == sorted(c.id for c in home.data.corrections())
        assert len(home.data.corrections()) == len(PEOPLE)
        (synced,) = home.data.sync()
        assert (synced.changed, synced.added) == (0, 0)
        assert not any(NAME in text for text in texts(home))

    trials.run(prepare, "data.rectify", arguments, check)


def test_a_killed_sync_leaves_no_process_behind(tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", **PAGES)
    with open_home(tmp_path / "home") as home:
        home.data.add(path=str(docs))
    killed_after(0.15, tmp_path / "home", "data.sync", {})
    until = time.monotonic() + 10
    while _parsers() and time.monotonic() < until:
        time.sleep(0.05)
    assert _parsers() == []


def _parsers() -> list[str]:
    """Parser processes that have lost their parent."""
    orphans = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            command = status.with_name("cmdline").read_bytes().replace(b"\0", b" ").decode()
            parent = status.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if "thruline.data.parse_child" in command and parent == "1":
            orphans.append(command)
    return orphans
