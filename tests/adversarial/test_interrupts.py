"""Ctrl-C: one clean line at any moment, and the same command goes on from there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from thruline.testing.homes import open_home, write

FILES = 40
NEVER = 60.0


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
        assert ended.returncode in (0, 130)
        if ended.returncode == 130:
            assert ended.stderr.strip().splitlines()[-1].startswith("stopped: what was finished is kept")
    ended = interrupted(NEVER, "sync", "--json", home=tmp_path / "home")
    assert json.loads(ended.stdout)[0]["indexed"] == FILES
    assert interrupted(NEVER, "verify", home=tmp_path / "home").returncode == 0
