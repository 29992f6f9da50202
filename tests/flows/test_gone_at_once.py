"""What a place no longer has leaves answers as soon as a sync sees it, however long the reading of the rest takes."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from thruline.app.platform import Platform
from thruline.core.nouns import Source
from thruline.core.units import Bytes
from thruline.flows.reports import SyncReport
from thruline.ports.origin import Item, Listing, Origin, Reading
from thruline.testing.homes import FastEngines, open_home, write


class Gated:
    """A place that gives nothing to read until its gate is open."""

    def __init__(self, origin: Origin, gate: threading.Event) -> None:
        self._origin, self._gate = origin, gate
        self.marks_content = origin.marks_content

    def look(self, *, within_s: float) -> str:
        return self._origin.look(within_s=within_s)

    def list(self) -> Listing:
        return self._origin.list()

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        assert self._gate.wait(60)
        return self._origin.read(item, limit=limit)

    def close(self) -> None:
        self._origin.close()


@pytest.fixture
def gate() -> threading.Event:
    return threading.Event()


@pytest.fixture
def home(tmp_path: Path, gate: threading.Event) -> Iterator[Platform]:
    class Engines(FastEngines):
        def origin(self, source: Source) -> Any:
            return Gated(super().origin(source), gate)

    with open_home(tmp_path / "home", engines=Engines) as platform:
        yield platform


@contextmanager
def syncing(home: Platform, gate: threading.Event) -> Iterator[Future[tuple[SyncReport, ...]]]:
    """While a sync waits for its first file."""
    gate.clear()
    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(home.data.sync)
        finally:
            gate.set()


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.02)
    assert is_so()


def found(home: Platform, question: str) -> set[str]:
    return {p.path for p in home.vectors.search(question=question).passages}


def test_a_deleted_file_is_gone_before_the_rest_is_read(home: Platform, docs: Path, gate: threading.Event):
    gate.set()
    home.data.add(path=str(write(docs, crane="# Crane\n\nThe crane is red.", vase="# Vase\n\nThe vase is blue.")))
    home.data.sync()
    (docs / "crane.md").unlink()
    write(docs, lamp="# Lamp\n\nThe lamp burns in the cellar until the morning.")
    with syncing(home, gate) as going:
        until(lambda: found(home, "red crane") == {"vase.md"})
        assert not going.done()
    assert (going.result()[0].added, going.result()[0].deleted) == (1, 1)
    assert found(home, "lamp in the cellar") == {"lamp.md", "vase.md"}
    assert home.ledger.verify().ok


def test_what_may_only_have_moved_answers_until_that_is_known(home: Platform, docs: Path, gate: threading.Event):
    gate.set()
    home.data.add(path=str(write(docs, crane="# Crane\n\nThe crane is red.", vase="# Vase\n\nThe vase is blue.")))
    home.data.sync()
    before = {d.path: d.record for d in home.data.documents(state="live")}
    shutil.copy(docs / "crane.md", docs / "derrick.md")  # another file with the same bytes: only reading tells
    (docs / "crane.md").unlink()
    with syncing(home, gate) as going:
        time.sleep(0.5)
        assert found(home, "red crane") == {"crane.md", "vase.md"}
        assert not going.done()
    assert (going.result()[0].moved, going.result()[0].deleted) == (1, 0)
    after = {d.path: d.record for d in home.data.documents(state="live")}
    assert after == {"vase.md": before["vase.md"], "derrick.md": before["crane.md"]}
