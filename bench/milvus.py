"""What Milvus finds and leaves on the rows of bench/engines.py, as a reason for what a Milvus adapter has to do.

    python bench/milvus.py [--write]

20,000 clustered rows of 384 dimensions and 30 questions; a reader's rows are named in the filter by their numbers,
under consistency `Strong`. Time is that of the clock. Asked are the server of the package `milvus`, which is of January
2024, in a network namespace of its own, and `milvus-lite`, which scans and filters with other code. Both run in
`.venv-peers` (`make peers`); where that is not, nothing is measured.
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
ENGINES = {"milvus 2.3.5": "server", "milvus-lite 3.2.2": "lite"}
# The server listens on every address of the machine: here it has none but its own.
ALONE = ("unshare", "--user", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
PEERS = HERE.parent / ".venv-peers" / "bin" / "python"


def told(what: str, folder: Path, rows: np.ndarray, questions: dict[str, list[Asked]]) -> dict[str, Any]:
    """What it answers."""
    everything = np.ones(len(rows), bool)
    masks = {name: [everything if a.mask is None else a.mask for a in under] for name, under in questions.items()}
    queries = [a.query for a in questions["none"]]
    np.save(folder / "rows.npy", rows)
    np.savez(folder / "asked.npz", queries=queries, names=list(masks), **masks)
    command = [*ALONE, PEERS, HERE / "vector_engines" / "of_milvus.py", what, folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads((folder / "told.json").read_text("utf-8"))


def measured(what: str, rows: np.ndarray, questions: dict[str, list[Asked]]) -> dict[str, Any]:
    """Recall by filter, the fewest rows that came back, milliseconds, and what is left."""
    with tempfile.TemporaryDirectory(prefix="thruline-milvus-") as folder:
        said = told(what, Path(folder), rows, questions)
    found = {name: [np.array(ids, np.int64) for ids in lists] for name, lists in said.pop("found").items()}
    shares = {
        name: [recall(_scored(rows, ids, a), a.right) for ids, a in zip(lists, questions[name], strict=True)]
        for name, lists in found.items()
    }
    return {
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
        print("Milvus is not installed (make peers)")
        return
    rows = as_matrix(clustered(ROWS, dims=DIMS, seed=SEED).astype(np.float16))
    questions = asked(rows, clustered(ASKED, dims=DIMS, seed=8))
    result: dict[str, Any] = {"rows": ROWS, "dims": DIMS, "questions": ASKED, "seed": SEED, "engines": {}}
    for name, what in ENGINES.items():
        result["engines"][name] = found = measured(what, rows, questions)
        print(f"{name}: {found['files_with_a_deleted_row']} files hold a deleted row after compacting")
        for given, share in found["recall"].items():
            print(f"  {given:18} recall {share:.3f}  fewest {found['fewest'][given]:2}  {found['ms'][given]:6.1f} ms")
    if write:
        keep("milvus", result)


if __name__ == "__main__":
    main()
