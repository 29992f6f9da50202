"""Where benches find their inputs and keep their figures: bench/results/<name>.json."""

from __future__ import annotations

import compileall
import json
from pathlib import Path
from typing import Any

import thruline

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
CACHE = Path.home() / ".cache" / "thruline"  # as the setting `data.cache` has it


def compiled() -> None:
    """Write the byte code that an installation has: where it is switched off, each process compiles what it imports."""
    compileall.compile_dir(Path(thruline.__file__).parent, quiet=1)


def keep(name: str, result: Any) -> None:
    """Write the figures of one bench."""
    path = Path(__file__).parent / "results" / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
