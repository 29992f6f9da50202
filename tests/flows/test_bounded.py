"""A sync holds little of what it reads at a time, however much its place delivers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FILES, SIZE = 120, 5_000_000
_SYNC = """
import re, sys
from pathlib import Path
from thruline.testing.homes import open_home

with open_home(Path(sys.argv[1])) as home:
    home.data.add(path=sys.argv[2])
    (report,) = home.data.sync()
    # its own: what getrusage says begins with the memory of the process that started it
    print(report.seen, re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_a_sync_of_large_files_holds_few_of_them_at_a_time(tmp_path: Path, docs: Path) -> None:
    for number in range(FILES):
        with open(docs / f"{number}.png", "wb") as file:  # each is read whole, and then refused
            file.write(b"\x89PNG\r\n\x1a\n%d" % number)
            file.truncate(SIZE)
    command = [sys.executable, "-c", _SYNC, str(tmp_path / "home"), str(docs)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seen, peak_kb = map(int, told.split())
    assert seen == FILES
    assert peak_kb * 1024 < FILES * SIZE * 2 / 3
