"""What starting costs: CPU of `thruline --help`, time and memory of a home that is ready to answer.

    python bench/startup.py [--write]

Baseline, in the same run: `python -c pass`. Targets: 150 ms CPU for --help, 5 s until ready (a first question is
answered, model loaded), 300 MB of memory at rest afterwards. The least of several runs, each a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from kept import compiled, keep

from thruline.app.platform import Platform

RUNS = 7
TARGETS = {"help_cpu_ms": 150, "ready_s": 5.0, "idle_rss_mb": 300}
READY = """
import sys, time
from pathlib import Path
began = time.monotonic()
from thruline.app.platform import Platform
with Platform.open(Path(sys.argv[1])) as home:
    opened = time.monotonic() - began
    home.vectors.ask(question="When does the blue valve open?")
    ready = time.monotonic() - began
    time.sleep(0.5)
    rss = int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
print(opened, ready, rss)
"""


def cpu_ms(*words: str) -> float:
    """The least CPU of a process."""
    used = []
    for _ in range(RUNS):
        process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        used.append((usage.ru_utime + usage.ru_stime) * 1000)
    return min(used)


def ready(home: Path) -> tuple[float, ...]:
    """Seconds to open, seconds to the first answer, megabytes afterwards; the least of each."""
    runs = [
        tuple(map(float, subprocess.run(
            [sys.executable, "-c", READY, str(home)], capture_output=True, text=True, check=True
        ).stdout.split()))
        for _ in range(3)
    ]  # fmt: skip
    return tuple(min(column) for column in zip(*runs, strict=True))


def run(folder: Path) -> dict:
    (folder / "docs").mkdir()
    (folder / "docs" / "valve.md").write_text("# Valve\n\nThe blue valve opens at nine in the morning.\n")
    with Platform.open(folder / "home", create=True) as home:
        home.data.add(path=str(folder / "docs"))
        home.data.sync()
    base, help_ms = cpu_ms("-c", "pass"), cpu_ms("-m", "thruline.cli", "--help")
    opened, answered, rss = ready(folder / "home")
    return {
        "python_cpu_ms": round(base, 1), "help_cpu_ms": round(help_ms, 1), "of_python": round(help_ms / base, 1),
        "open_s": round(opened, 3), "ready_s": round(answered, 3), "idle_rss_mb": round(rss), "targets": TARGETS,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/startup.json")
    wanted = parser.parse_args()
    compiled()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder))
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("startup", report)


if __name__ == "__main__":
    main()
