"""One engine and one phase in a process of its own; what it measured, as JSON on the last line.

    python run.py ENGINE FOLDER PHASE

FOLDER holds the task; the engine's own files lie in it under its name. Phases: `build` (and search), `change` (insert
and delete), `cold` (one answer from what lies there), `insert` (batches until it is killed, saying which are
acknowledged), `count`.
"""

# ruff: noqa: ARG001 - all phases have one shape
from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measures import BATCH, Engine, K, Rows, deleting, filtering, inserting, mixing, read_task, resident_mb, searching

ENGINES = {
    "thruline": "ours:Thruline", "lancedb": "peers:LanceDb", "chroma": "peers:Chroma",
    "qdrant-edge": "peers:Qdrant", "numpy": "libraries:Numpy", "faiss": "libraries:Faiss",
    "hnswlib": "libraries:HnswLib", "pgvector": "pgvector:PgVector",
    "sqlite": "floor:PlainSqlite",
}  # fmt: skip
MARK = "between"  # a file that is fsynced before and after what strace is to count


def build(engine: Engine, folder: Path, home: Path) -> dict[str, object]:
    task = read_task(folder)
    began = engine.cpu_s()
    engine.store(task.rows)
    stored, memory = engine.cpu_s(), resident_mb()
    engine.build(task.rows)
    found: dict[str, object] = {
        "store_cpu_s": round(stored - began, 2), "build_cpu_s": round(engine.cpu_s() - stored, 2),
    }  # fmt: skip
    found |= searching(engine, task) | filtering(engine, task) | _tried(mixing, engine, task)
    return found | {"memory_mb": round(resident_mb() - memory, 1)}


def change(engine: Engine, folder: Path, home: Path) -> dict[str, object]:
    task = read_task(folder)
    try:
        engine.open()
    except NotImplementedError:
        engine.build(task.rows)
    return _tried(inserting, engine, task) | _tried(deleting, engine, task, home)


def cold(engine: Engine, folder: Path, home: Path) -> dict[str, object]:
    engine.open()
    return {"answered": len(engine.search(np.load(folder / "question.npy"), K))}


def insert(engine: Engine, folder: Path, home: Path) -> dict[str, object]:
    """As many batches as there are, each said when it is acknowledged."""
    new = np.load(folder / "new.npz")
    columns = (new[name] for name in ("vectors", "document", "bracket", "topic"))
    rows = Rows(*columns, json.loads((folder / "new.json").read_text("utf-8")))
    engine.open()
    first = int(new["first"])
    mark = os.open(folder / MARK, os.O_WRONLY | os.O_CREAT)
    os.fsync(mark)
    for number, start in enumerate(range(0, len(rows.vectors), BATCH), 1):
        engine.insert(rows.taken(slice(start, start + BATCH)), first + start)
        print(f"acknowledged {number}", flush=True)
    os.fsync(mark)
    return {}


def count(engine: Engine, folder: Path, home: Path) -> dict[str, object]:
    engine.open()
    return {"rows": engine.count()}


PHASES: dict[str, Callable[[Engine, Path, Path], dict[str, object]]] = {
    "build": build, "change": change, "cold": cold, "insert": insert, "count": count,
}  # fmt: skip


def _tried(measure: Callable[..., dict], *given: object) -> dict[str, object]:
    """What was measured, or why it cannot be."""
    try:
        return measure(*given)
    except NotImplementedError as why:
        return {f"no {measure.__name__}": str(why)}


def main() -> None:
    name, folder, phase = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    module, _, kind = ENGINES[name].partition(":")
    engine = getattr(importlib.import_module(module), kind)(folder / name)
    print(json.dumps(PHASES[phase](engine, folder, folder / name)), flush=True)
    engine.close()


if __name__ == "__main__":
    main()
