"""Bad days of the index: a full disk in each of its phases, a clock that is set, two who write, questions out of bounds."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Conflict, Invalid, Unavailable
from thruline.flows import kept
from thruline.flows.recall_audit import audit
from thruline.testing.canary import assert_gone
from thruline.testing.homes import FastEngines, open_home, write
from thruline.testing.scripted_compute import HandClock
from thruline.vectors.plans import FIRST

NAME = "Ottilie Kvasthoug"
WORDS = ("anvil", "barge", "crane", "dough", "elbow", "flute", "grain", "hinge", "igloo", "joint", "kayak", "ladle")
PAGES = {
    word: f"# The {word}\n\nThe {word} stands in hall {n} and is {n + 30} years old." for n, word in enumerate(WORDS)
}
PEOPLE = {"letter": f"# Letter\n\nDear {NAME},\n\nthe kiln is fired at dawn."}
YEAR_S = 365 * 86_400.0


def found(home: Platform, question: str = "Where does the crane stand?") -> str:
    return home.vectors.search(question=question, k=3).passages[0].path


# ---------------------------------------------------------------------------------------------------------------------
# A disk without room


class SmallDisk:
    """A file system of 24 MB with a home on it. full: whether another file takes all that is left."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self._folder, self._filler = folder, folder / "filler"

    def fill(self, but: int = 0) -> None:
        """Leave hardly any room."""
        self._filler.write_bytes(bytes(max(0, shutil.disk_usage(self._folder).free - but)))

    def free(self) -> None:
        """Somebody made room."""
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode().strip()}")
    yield SmallDisk(folder)
    subprocess.run(["umount", "-l", folder], check=True)


Act = Callable[[Platform], Any]
DEEDS: dict[str, Act] = {
    "a build": lambda home: home.vectors.rebuild(),
    "a change of embedder": lambda home: home.vectors.change(embedder="hash-96", share=1, margin=1),
    "a way back": lambda home: home.vectors.rollback(),
    "a move": lambda home: home.vectors.move_index(to="exact"),
    "a tuning": lambda home: home.vectors.tune_index(recall=0.9, p95="1h"),
    "an erasure": lambda home: home.data.erase(identifiers=(NAME,)),
}


@pytest.mark.parametrize("room", [0, 60_000], ids=["no room", "hardly any"])
@pytest.mark.parametrize("deed", DEEDS)
def test_a_full_disk_stops_it_in_words_and_the_same_words_finish_it_later(
    disk: SmallDisk, tmp_path: Path, deed: str, room: int
) -> None:
    docs = write(tmp_path / "docs", **PAGES, **PEOPLE)
    with open_home(disk.home) as home:
        home.data.add(path=str(docs))
        home.data.sync()
        write(docs, mast="# The mast\n\nThe mast stands in hall 99.")
        home.data.sync()
        before = found(home)
    with open_home(disk.home) as home:
        disk.fill(but=room)
        with pytest.raises(Unavailable, match=r"disk is full|No space left"):
            DEEDS[deed](home)
        disk.free()
        if deed != "an erasure":
            assert found(home) == before
    with open_home(disk.home) as home:
        DEEDS[deed](home)
        assert found(home) == before
        assert home.ledger.verify().ok
        if deed == "an erasure":
            assert_gone(disk.home, [NAME])
            assert home.vectors.search(question="When is the kiln fired?", by="words").passages == ()


def test_a_snapshot_that_does_not_fit_on_the_disk_is_left_out_and_put_away_when_there_is_room(
    disk: SmallDisk, tmp_path: Path
) -> None:
    texts = {
        f"d{n}": "\n\n".join(f"# Part {n}-{i}\n\nThe kiln{n:02}x{i:03} is fired in hall {i % 7}." for i in range(100))
        for n in range(12)
    }
    path = disk.home / kept.FILE
    settings = {"THRULINE_INGEST__CHUNK_WORDS": "12"}
    with open_home(disk.home, settings) as home:
        home.data.add(path=str(write(tmp_path / "docs", **texts)))
        home.data.sync()
        found(home)
        home.line.shelf.settle()
        size = path.stat().st_size
        path.unlink()
    with open_home(disk.home, settings) as home:
        disk.fill(but=size // 2)
        serving = home.line.shelf.serving()
        home.line.shelf.settle()
        assert len(serving) >= 1200
        assert [f.name for f in disk.home.glob("*snapshot*")] == []
        disk.free()
    with open_home(disk.home, settings) as home:
        assert found(home, "kiln03x042") == "d3.md"
        home.line.shelf.settle()
        assert path.exists()


# ---------------------------------------------------------------------------------------------------------------------
# A clock that somebody sets


class SetByHand(FastEngines):
    """A home on a machine whose clock is set while it is used."""

    hand = HandClock()

    def clock(self) -> HandClock:
        return self.hand


@pytest.mark.parametrize("jump_s", [-YEAR_S, YEAR_S, -0.5], ids=["a year back", "a year ahead", "half a second back"])
def test_a_clock_that_is_set_between_a_build_and_a_change_confuses_nothing(tmp_path: Path, jump_s: float) -> None:
    clock = SetByHand.hand = HandClock()
    clock.pass_seconds(50 * YEAR_S)
    docs = write(tmp_path / "docs", **PAGES)

    def jump() -> None:
        clock.pass_seconds(jump_s)

    with open_home(tmp_path / "home", engines=SetByHand) as home:
        home.data.add(path=str(docs))
        home.data.sync()
        first = home.vectors.generations()[0].id
        assert found(home, "Where does the mast stand?") != "mast.md"
        jump()
        write(docs, mast="# The mast\n\nThe mast stands in hall 99.")
        assert home.data.sync()[0].added == 1
        assert found(home, "Where does the mast stand?") == "mast.md"
        clock.pass_seconds(1)
        home.line.audits.drawn.watch(10)
        found(home)
        jump()
        assert audit(home.line) == 1
        assert home.vectors.move_index(to="exact").moved
        jump()
        assert home.vectors.rollback_plan()[0].plan == FIRST.text
        assert home.vectors.change(embedder="hash-96", share=1, margin=1).outcome == "switched"
        jump()
        home.vectors.rollback()
        home.vectors.switch(generation=first)
    with open_home(tmp_path / "home", engines=SetByHand) as home:
        assert home.vectors.generations()[0].embedder == "hash-64"
        assert found(home, "Where does the mast stand?") != "mast.md"
        assert home.data.sync()[0].indexed == len(WORDS) + 1
        assert found(home, "Where does the mast stand?") == "mast.md"
        clock.pass_seconds(2)
        assert home.vectors.search(question="mast", as_of="1s").passages
        assert len(home.line.searches.latest(100)) >= 5
        assert home.ledger.verify().ok


# ---------------------------------------------------------------------------------------------------------------------
# Two who write


def test_two_processes_that_write_move_and_change_at_once_lose_nothing(tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", **PAGES)
    with open_home(tmp_path / "home") as home:
        home.data.add(path=str(docs))
        home.data.sync()
    write(tmp_path / "docs", **{f"late{n}": f"# Late {n}\n\nThe late lamp {n} burns." for n in range(6)})
    words: dict[str, Act] = {
        "sync": lambda home: home.data.sync(),
        "move": lambda home: home.vectors.move_index(to="exact"),
        "change": lambda home: home.vectors.change(embedder="hash-96", share=1, margin=1),
    }
    said: list[str] = []

    def do(word: str) -> None:
        with open_home(tmp_path / "home") as home:
            try:
                words[word](home)
            except Conflict as refused:
                said.append(refused.message)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(do, [*words, *words]))
    assert all("already" in message for message in said)
    with open_home(tmp_path / "home") as home:
        home.data.sync()
        assert len(home.vectors.search(question="late lamp page", k=100).passages) == len(WORDS) + 6
        assert home.line.plans.current("main").text == "exact"
        assert home.vectors.generations()[0].embedder == "hash-96"
        assert home.ledger.verify().ok


# ---------------------------------------------------------------------------------------------------------------------
# Questions out of bounds


@pytest.mark.parametrize("question", ["crane " * 1_700_000, "\N{SNOWMAN}" * 4_000_000], ids=["words", "signs"])
def test_ten_megabytes_are_no_question(home: Platform, docs: Path, question: str) -> None:
    home.data.add(path=str(write(docs, **PAGES)))
    home.data.sync()
    for ask in (home.vectors.search, home.vectors.ask):
        with pytest.raises(Invalid, match=r"characters$"):
            ask(question=question)
