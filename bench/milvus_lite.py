"""What milvus-lite finds and leaves on the rows of bench/engines.py, as a reason for what a Milvus adapter has to do.

    python bench/milvus_lite.py [--write]

20,000 clustered rows of 384 dimensions and 30 questions; a reader's rows are named in the filter by their numbers,
under consistency `Strong`. Time is that of the clock. It runs in `.venv-peers` (`make peers`); where that is not,
nothing is measured. milvus-lite is not Milvus: it scans and filters with other code.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from engines import ASKED, DIMS, ROWS, SEED, Asked, asked
from kept import keep

from thruline.ports.dense import Found
from thruline.ports.scoring import as_matrix
from thruline.testing.dense_suite import clustered, recall

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".venv-peers" / "bin" / "python"


def told(folder: Path, rows: np.ndarray, questions: dict[str, list[Asked]]) -> dict[str, Any]:
    """What it answers."""
    everything = np.ones(len(rows), bool)
    masks = {name: [everything if a.mask is None else a.mask for a in under] for name, under in questions.items()}
    queries = [a.query for a in questions["none"]]
    np.save(folder / "rows.npy", rows)
    np.savez(folder / "asked.npz", queries=queries, names=list(masks), **masks)
    subprocess.run([PEERS, HERE / "vector_engines" / "milvus.py", folder], check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / "told.json").read_text("utf-8"))


def measured() -> dict[str, Any]:
    """Recall by filter, the fewest rows that came back, milliseconds, and what is left."""
    rows = as_matrix(clustered(ROWS, dims=DIMS, seed=SEED).astype(np.float16))
    questions = asked(rows, clustered(ASKED, dims=DIMS, seed=8))
    with tempfile.TemporaryDirectory(prefix="thruline-milvus-") as folder:
        said = told(Path(folder), rows, questions)
    found = {name: [np.array(ids, np.int64) for ids in lists] for name, lists in said.pop("found").items()}
    shares = {
        name: [recall(_scored(rows, ids, a), a.right) for ids, a in zip(lists, questions[name], strict=True)]
        for name, lists in found.items()
    }
    return {
        "rows": ROWS, "dims": DIMS, "questions": ASKED, "seed": SEED, "version": "3.2.2",
        "recall": {name: round(float(np.mean(each)), 3) for name, each in shares.items()},
        "fewest": {name: min(len(ids) for ids in lists) for name, lists in found.items()},
        "ms": {name: round(ms, 1) for name, ms in said.pop("ms").items()},
        **said, "build_s": round(said["build_s"], 1),
    }  # fmt: skip


def _scored(rows: np.ndarray, ids: np.ndarray, one: Asked) -> Found:
    """As an engine would give them; what is missing scores nothing."""
    scores = np.full(len(one.right.scores), -1.0)
    scores[: len(ids)] = rows[ids] @ one.query
    return Found(ids, scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    if not PEERS.exists():
        print("milvus-lite is not installed (make peers)")
        return
    result = measured()
    for name, share in result["recall"].items():
        print(f"{name:18} recall {share:.3f}  fewest {result['fewest'][name]:2}  {result['ms'][name]:6.1f} ms")
    print(f"files with a deleted row after compacting: {result['files_with_a_deleted_row']}")
    if write:
        keep("milvus_lite", result)


if __name__ == "__main__":
    main()
