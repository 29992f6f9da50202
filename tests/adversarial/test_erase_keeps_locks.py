"""A byte scan must not cost a process the locks that it holds on its own databases."""

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
