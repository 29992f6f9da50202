"""Our search beside the engines that one would take instead, in one run, on the same real vectors: every goal of it.

    python bench/vector_search.py [--write] [--rows 1000000]

44,670 sentences of SciFact (bench/kept_vectors.py; clustered rows where nobody made them) with their claims as
questions like them, and English, Chinese and Russian questions of XQuAD as questions unlike them. Each engine works in
a process of its own: ours in this environment, lancedb, chroma, qdrant-edge, faiss and hnswlib in `.venv-peers` (`make
peers`, or they are said not to be installed), pgvector on the PostgreSQL of our tests. CPU time, of the server too, in
medians. Rows are sentences of documents; filters go by document: four by chance, and two that hide what lies near the
question. Ours is measured with its store: encrypted payloads, records and events in one durable transaction; `sqlite`
is what the same vectors and texts take at least, encrypted, in one table and one durable transaction a batch.
Acknowledged rows are counted after `kill -9`; what a power cut would lose is told by fsyncs, counted by strace, an
acknowledged batch of 100 rows (0 means that it lies in the system's memory alone). The last part is 1 M generated rows
against a plain read of as many bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from kept import compiled, keep
from kept_vectors import KeptVectors, load

HERE = Path(__file__).parent
RUN = HERE / "vector_engines" / "run.py"
PEERS = HERE.parent / ".venv-peers" / "bin" / "python"
PACKAGES = {
    "lancedb": "lancedb", "chroma": "chromadb", "qdrant-edge": "qdrant_edge", "faiss": "faiss", "hnswlib": "hnswlib",
}  # fmt: skip
FLOOR = "sqlite"
HERE_TOO = ("thruline", "numpy", "pgvector", FLOOR)  # in this environment
NEW, BATCH, TOPICS, BRACKETS, QUESTIONS = 4_000, 100, 50, 1_000, 150
KILLED_AFTER = 8  # acknowledged batches
# goal, key of the result, aim as one reads it, whether less is better
GOALS = (
    ("top-10 of 45 k x 384, CPU ms", "search_ms", "<= 0.4", True),
    ("its recall", "recall", ">= .999", False),
    ("index build with reading the store, CPU s", "build_cpu_s", "<= 1", True),
    ("writing the store first, CPU s", "store_cpu_s", "-", True),
    ("worst recall over six filters", "worst_filter_recall", ">= .999", False),
    ("searches that gave fewer than k", "came_short", "0", True),
    ("loss on questions unlike the rows, points", "outside_drop_points", "<= 0.5", True),
    ("words and meaning under a .1 % filter, CPU ms", "hybrid_ms", "<= 1.5", True),
    ("rows a second, durable", "inserted_rows_a_s", ">= 2,000", False),
    ("the same, each batch found by the next search", "inserted_and_seen_rows_a_s", "-", False),
    ("the same, 1,000 rows a batch", "inserted_by_thousands_rows_a_s", "-", False),
    ("batches found by the next search, of 20", "batches_seen_at_once", "20", False),
    ("a search after it, times before", "search_after_insert", "<= 1.3", True),
    ("delete 30 %, CPU s", "delete_cpu_s", "<= 1", True),
    ("memory after it, MB more", "delete_memory_mb", "< 0", True),
    ("acknowledged rows lost by kill -9", "lost_rows", "0", True),
    ("fsyncs an acknowledged batch", "fsyncs_a_batch", ">= 1", False),
    ("new process to first answer, CPU s", "cold_cpu_s", "<= 1", True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the last part")
    parser.add_argument("--only", default="", help="these engines, with commas between")
    args = parser.parse_args()
    compiled()
    kept = load()
    wanted = args.only.split(",") if args.only else [*HERE_TOO, *PACKAGES]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(kept, folder)
        engines = {name: measured(name, folder) for name in wanted}
        million = said(subprocess.run(_million(args.rows, folder), check=True, capture_output=True, text=True).stdout)
    result = {"rows": len(kept.rows) - NEW, "vectors": kept.what, "engines": engines, "million": million}
    result["goals"] = table(engines)
    show(result)
    if args.write:
        keep("vector_search", result)


def prepare(kept: KeptVectors, folder: Path) -> None:
    """The task as files: every document has a bracket by chance, and the topic of its rows' mean."""
    names = {name: number for number, name in enumerate(dict.fromkeys(one.document for one in kept.said))}
    document = np.array([names[one.document] for one in kept.said])
    topic, centres = topics(kept.rows.astype(np.float32), document)
    bracket = np.random.default_rng(2).permutation(len(names)) * BRACKETS // len(names)
    columns = {"document": document, "bracket": bracket[document], "topic": topic[document]}
    outside = kept.outside[np.random.default_rng(6).permutation(len(kept.outside))]  # of each kind among the first
    np.savez(folder / "task.npz", rows=kept.rows, inside=kept.inside, outside=outside, centres=centres, **columns)
    texts = [one.text for one in kept.said]
    (folder / "texts.json").write_text(json.dumps({"rows": texts, "inside": list(kept.asked)}), "utf-8")
    new = slice(-NEW, None)
    vectors = kept.rows[new].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    of_new = {name: column[new] for name, column in columns.items()}
    np.savez(folder / "new.npz", vectors=vectors, first=len(kept.rows) - NEW, **of_new)
    (folder / "new.json").write_text(json.dumps(texts[new]), "utf-8")
    np.save(folder / "question.npy", kept.inside[0])


def topics(rows: np.ndarray, document: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each document's topic and the topics' centres: ten steps of k-means over the documents' means."""
    means = np.zeros((document.max() + 1, rows.shape[1]), np.float32)
    np.add.at(means, document, rows)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    centres = means[np.random.default_rng(4).choice(len(means), TOPICS, replace=False)]
    for _ in range(10):
        of = np.argmax(means @ centres.T, axis=1)
        sums = np.stack([means[of == n].sum(axis=0) if (of == n).any() else centres[n] for n in range(TOPICS)])
        centres = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    return np.argmax(means @ centres.T, axis=1), centres


def measured(name: str, folder: Path) -> dict[str, Any]:
    """All that one engine gives, or why it gives nothing."""
    if name in PACKAGES and not installed(PACKAGES[name]):
        return {"skipped": "not installed (make peers)"}
    print(f"{name} ...", file=sys.stderr, flush=True)
    try:
        found = phase(name, folder, "build")
        if name != "pgvector":
            found |= cold(name, folder) | killed(name, folder) | flushed(name, folder)
        return found | phase(name, folder, "change")
    except subprocess.CalledProcessError as error:
        return {"skipped": f"failed: {error.stderr.strip().splitlines()[-1][:200]}"}


def phase(name: str, folder: Path, what: str) -> dict[str, Any]:
    return said(subprocess.run(_command(name, folder, what), check=True, capture_output=True, text=True).stdout)


def cold(name: str, folder: Path) -> dict[str, float]:
    """CPU seconds of a new process that answers once: the median of three."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        phase(name, folder, "cold")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"cold_cpu_s": round(sorted(spent)[1], 2)}


def killed(name: str, folder: Path) -> dict[str, float]:
    """How many acknowledged rows are gone after `kill -9` in the middle of insertion."""
    with copied(name, folder) as apart:
        before = phase(name, apart, "count")["rows"]
        writer = subprocess.Popen(_command(name, apart, "insert"), stdout=subprocess.PIPE, text=True)
        assert writer.stdout
        acknowledged = 0
        for line in writer.stdout:
            acknowledged += line.startswith("acknowledged")
            if acknowledged == KILLED_AFTER:
                break
        writer.kill()
        acknowledged += sum(line.startswith("acknowledged") for line in writer.stdout)
        writer.wait()
        after = phase(name, apart, "count")["rows"]
    return {"acknowledged_rows": acknowledged * BATCH, "lost_rows": max(0, before + acknowledged * BATCH - after)}


def flushed(name: str, folder: Path) -> dict[str, Any]:
    """fsyncs between the first row and the last, an acknowledged batch."""
    if shutil.which("strace") is None:
        return {"no fsyncs": "strace is not installed"}
    with copied(name, folder) as apart:
        trace = apart / "trace"
        strace = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,msync,syncfs", "-o", str(trace)]
        subprocess.run([*strace, *_command(name, apart, "insert")], check=True, capture_output=True)
        flush = re.compile(r"\b(fsync|fdatasync|msync|syncfs)\((?!\d+</dev/shm/)")  # what lies in memory is not flushed
        calls = [line for line in trace.read_text().splitlines() if flush.search(line)]
    marks = [number for number, line in enumerate(calls) if "/between>" in line]
    return {"fsyncs_a_batch": round((marks[1] - marks[0] - 1) / (NEW / BATCH), 2)}


@contextmanager
def copied(name: str, folder: Path) -> Iterator[Path]:
    """The task and one engine's files in a folder of their own, for as long as the block runs."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as apart:
        for file in folder.iterdir():
            if file.is_file():
                (Path(apart) / file.name).symlink_to(file)
        shutil.copytree(folder / name, Path(apart) / name)
        yield Path(apart)


def table(engines: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each goal with our figure, the best peer's, and how many times better ours is."""
    ours, goals = engines.get("thruline", {}), {}
    for what, key, aim, is_less_better in GOALS:
        peers = {name: each[key] for name, each in engines.items() if name not in ("thruline", FLOOR) and key in each}
        best = (min if is_less_better else max)(peers, key=peers.__getitem__) if peers else ""
        row = {"key": key, "aim": aim, "ours": ours.get(key), "best_peer": best, "best": peers.get(best)}
        if row["ours"] and row["best"] and row["best"] > 0 and row["ours"] > 0:
            row["times_better"] = round(row["best"] / row["ours"] if is_less_better else row["ours"] / row["best"], 2)
        goals[what] = row
    return goals


def show(result: dict[str, Any]) -> None:
    engines = result["engines"]
    print(f"{result['rows']} rows: {result['vectors']}")
    width = max(map(len, engines), default=8) + 2
    print(f"{'':48}{'aim':>10}" + "".join(f"{name:>{width}}" for name in engines) + f"{'ratio':>9}")
    for what, row in result["goals"].items():
        cells = "".join(f"{engines[name].get(row['key'], '-')!s:>{width}}" for name in engines)
        print(f"{what:48}{row['aim']:>10}{cells}{row.get('times_better', '')!s:>9}")
    for name, each in engines.items():
        for key, why in each.items():
            if key == "skipped" or key.startswith("no "):
                print(f"  {name}: {key}: {why}")
    million = result["million"]
    print(
        "{rows} x 384, one core: {search_ms} ms, read bound {read_bound_ms} ms: {of_bound} (aim 1.3)".format(**million)
    )
    print("  memory {anonymous_mb} MB and {mapped_mb} MB of mapped files (aim 300); recall {recall}".format(**million))
    print("  {file_mb} MB of rows in files without a name, in the system's cache".format(**million))


def installed(package: str) -> bool:
    code = f"import importlib.util as u, sys; sys.exit(u.find_spec({package!r}) is None)"
    return PEERS.exists() and subprocess.run([PEERS, "-c", code], check=False).returncode == 0


def said(printed: str) -> dict[str, Any]:
    return json.loads(printed.strip().splitlines()[-1])


def _command(name: str, folder: Path, what: str) -> list[str]:
    return [sys.executable if name in HERE_TOO else str(PEERS), str(RUN), name, str(folder), what]


def _million(rows: int, folder: Path) -> list[str]:
    cores = ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if shutil.which("taskset") else []
    return [*cores, sys.executable, str(HERE / "vector_engines" / "million.py"), str(rows), str(folder)]


if __name__ == "__main__":
    main()
