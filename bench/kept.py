"""Where benches find their inputs and keep their figures: bench/results/<name>.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
CACHE = Path.home() / ".cache" / "thruline"  # as the setting `data.cache` has it


def keep(name: str, result: Any) -> None:
    """Write the figures of one bench."""
    path = Path(__file__).parent / "results" / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
