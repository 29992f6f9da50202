"""Nothing may cost a process the locks that it holds on its own databases (sqlite.org/howtocorrupt.html, 2.2)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from thruline.app.platform import Platform

HEAD = """
import sys
from pathlib import Path
from thruline.app.platform import Platform
with Platform.open(Path(sys.argv[1])) as platform:
    print(platform.line.ledger.head().seq)
"""


def head_elsewhere(home: Path) -> int:
    done = subprocess.run([sys.executable, "-c", HEAD, str(home)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_what_is_written_after_an_erasure_is_seen_by_other_processes(tmp_path: Path):
    with Platform.open(tmp_path / "home", create=True) as platform:
        platform.guard.set_user(name="Zebulon Quist")
        platform.vectors.ask(question="Where does Zebulon Quist sit?")
        assert platform.data.erase(identifiers=("Zebulon Quist",)).residue == 0
        assert head_elsewhere(tmp_path / "home") == platform.line.ledger.head().seq
        platform.guard.set_user(name="somebody")  # with its locks gone, this went into a log that nobody else reads
        assert head_elsewhere(tmp_path / "home") == platform.line.ledger.head().seq


def test_a_home_that_one_process_opens_twice_stays_one_home(tmp_path: Path):
    home = tmp_path / "home"
    with Platform.open(home, create=True) as first, Platform.open(home) as second:
        first.guard.set_user(name="before")
        assert second.line.ledger.head() == first.line.ledger.head()
        assert head_elsewhere(home) == first.line.ledger.head().seq  # alone, it would take our log away as it ends
        assert (home / "thruline.db-wal").exists()
        first.guard.set_user(name="after")
        assert head_elsewhere(home) == first.line.ledger.head().seq
