"""Sources are read again when their time has come, and one that is away holds up no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Invalid
from thruline.flows.schedule import due, keep_fresh
from thruline.testing.homes import write


@contextmanager
def kept_fresh(home: Platform) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=keep_fresh, args=(home.line, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def wait_for(found: list[str], home: Platform) -> None:
    for _ in range(400):
        if sorted(d.path for d in home.data.documents(state="live")) == found:
            return
        time.sleep(0.02)
    raise AssertionError(f"not there: {found}")


def test_a_source_is_read_when_its_time_has_come_and_a_lost_one_holds_up_no_other(home: Platform, tmp_path: Path):
    home.data.add(path=str(write(tmp_path / "gone", x="# X\n\nGone.")), options=("every=1s", "tries=1"))
    home.data.add(path=str(write(tmp_path / "wiki", a="# A\n\nThe first page.")), options=("every=1s",))
    home.data.add(path=str(write(tmp_path / "still", s="# S\n\nNobody reads this.")))
    (tmp_path / "gone" / "x.md").unlink()
    (tmp_path / "gone").rmdir()
    with kept_fresh(home):
        wait_for(["a.md"], home)
        write(tmp_path / "wiki", b="# B\n\nThe second page.")
        wait_for(["a.md", "b.md"], home)
    ended = {r.state for r in home.infra.runs() if r.flow == "sync"}
    assert ended - {"cancelled"} == {"done", "failed"}  # cancelled: what was under way when the schedule ended


def test_only_what_was_ordered_is_due_and_a_failed_try_waits_its_turn(home: Platform, tmp_path: Path):
    home.data.add(path=str(write(tmp_path / "wiki", a="# A\n\nPage.")), options=("every=1h",))
    home.data.add(path=str(write(tmp_path / "still", s="# S\n\nPage.")))
    (wiki,) = due(home.line, {}, 0)
    assert wiki.name == "wiki"
    assert due(home.line, {wiki.id: 0.0}, 3599) == []
    assert due(home.line, {wiki.id: 0.0}, 3600) == [wiki]
    home.data.sync(source="wiki")
    assert due(home.line, {}, 0) == []


@pytest.mark.parametrize("option", ["every=soon", "rate=fast", "tries=0", "colour=red", "every", "=1h"])
def test_an_option_that_cannot_be_meant_is_refused_when_the_source_is_added(home: Platform, docs: Path, option: str):
    with pytest.raises(Invalid):
        home.data.add(path=str(write(docs, a="# A\n\nPage.")), options=(option,))
    assert home.data.sources() == ()


def test_a_source_says_that_nobody_reads_it(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, a="# A\n\nPage.")), name="wiki", options=("every=1ms",))
    home.data.sync()
    time.sleep(0.02)
    (source,) = home.data.sources()
    assert source.alarm.startswith("not read for")
    assert any(c.name == "source" and "not read for" in c.says for c in home.ledger.doctor())
