"""Ctrl-C: one clean line at any moment, and the same command goes on from there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.backends.sqlite import SqliteDatabase
from thruline.testing.homes import open_home, write

FILES = 40
NEVER = 60.0
# CPython ends by the signal itself where that cut off an `exec`, as of a dataclass, however it was caught then; a shell
# says 130 of both.
STOPPED = (130, -signal.SIGINT)


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C reaches the tests, which it does not where a shell's & has started them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(after_s: float, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A command in a session of its own, whose every process gets SIGINT after so many seconds, as from a terminal."""
    command = [sys.executable, "-m", "thruline", *words, "--home", str(home)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


@pytest.mark.parametrize("times", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_ctrl_c_ends_a_sync_in_one_line_and_the_next_one_finishes_it(tmp_path: Path, times: int) -> None:
    docs = write(tmp_path / "docs", **{f"page{n}": f"# Page {n}\n\nLamp {n} burns." for n in range(FILES)})
    with open_home(tmp_path / "home") as home:
        home.data.add(path=str(docs))
    chance = random.Random(3)
    for _ in range(times):
        ended = interrupted(chance.uniform(0.25, 2.5), "sync", home=tmp_path / "home")
        assert "Traceback" not in ended.stderr
        assert ended.returncode in (0, *STOPPED)
        if ended.returncode in STOPPED:
            assert ended.stderr.strip().splitlines()[-1].startswith("stopped: what was finished is kept")
    ended = interrupted(NEVER, "sync", "--json", home=tmp_path / "home")
    assert json.loads(ended.stdout)[0]["indexed"] == FILES
    assert interrupted(NEVER, "verify", home=tmp_path / "home").returncode == 0


@pytest.mark.usefixtures("heard")
def test_ctrl_c_while_a_write_waits_for_another_one_leaves_no_transaction_behind(tmp_path: Path) -> None:
    one, other = SqliteDatabase(str(tmp_path / "one.db")), SqliteDatabase(str(tmp_path / "one.db"))
    one.script(["CREATE TABLE things (id TEXT) STRICT"])

    def hold() -> None:
        with other.transaction():
            held.set()
            interrupted.wait(10)
            os.kill(os.getpid(), signal.SIGINT)

    held, interrupted = threading.Event(), threading.Event()
    holding = threading.Thread(target=hold)
    holding.start()
    held.wait(10)
    threading.Timer(0.3, interrupted.set).start()  # by then the write below waits inside SQLite
    with pytest.raises(KeyboardInterrupt):
        one.execute("INSERT INTO things VALUES ('lost')")
    holding.join()
    one.execute("INSERT INTO things VALUES ('kept')")
    assert other.query("SELECT id FROM things") == [("kept",)]
    one.close()
    other.close()
