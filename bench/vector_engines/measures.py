"""What is asked of every engine in the same way, ours too. NumPy and the standard library only: peers bring their own.

An engine numbers rows as it is given them. CPU seconds are those of its process, and of its server where it has one.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple, Protocol

import numpy as np

K = 10
ROUNDS = 3
QUESTIONS = 150  # of each kind
BATCH, BATCHES = 100, 20  # rows that are acknowledged together, and how often
LARGE, LARGES = 1_000, 2  # the same of large batches, which come after those
BRACKETS = 1000  # rows are dealt to them by chance: the first 500 are half of all rows, the first one .1 %
TOPICS = 50
STAYS = 700  # what is in a higher bracket is deleted: 30 %
TIED = 1e-5  # scores as near as this are alike: float16 rows and float32 sums


class Where(NamedTuple):
    """Rows whose field is below a number, or one of some; as a filter by tenant or by rights is."""

    field: str
    below: int = 0
    among: tuple[int, ...] = ()


class Rows(NamedTuple):
    """vectors: (n, dims) float32 unit rows; texts: what they are of; document, bracket, topic: a number a row.

    A document's rows lie together, in one bracket and under one topic: who may read it may read it whole.
    """

    vectors: np.ndarray
    document: np.ndarray
    bracket: np.ndarray
    topic: np.ndarray
    texts: Sequence[str]

    def taken(self, which: slice) -> Rows:
        return Rows(*(column[which] for column in self))

    def allowed(self, where: Where | None) -> np.ndarray:
        """A mask of what a filter lets through."""
        if where is None:
            return np.ones(len(self.vectors), bool)
        values = getattr(self, where.field)
        return np.isin(values, where.among) if where.among else values < where.below


class Task(NamedTuple):
    """rows: to be searched; new: to come in later; inside, outside: questions, with the text of each of the first."""

    rows: Rows
    new: Rows
    inside: np.ndarray
    asked: Sequence[str]
    outside: np.ndarray
    centres: np.ndarray

    def filters(self, query: np.ndarray) -> dict[str, Where]:
        """Four by chance, and two that hide what lies near the question."""
        near = np.argsort(-(self.centres @ query)).tolist()
        by_chance = {f"{b / BRACKETS:.1%}": Where("bracket", below=b) for b in (500, 100, 10, 1)}
        return by_chance | {
            "without the 10 nearest topics": Where("topic", among=tuple(near[10:])),
            "only the 5 farthest topics": Where("topic", among=tuple(near[-5:])),
        }


class Engine(Protocol):
    """A store of vectors with an index, in a folder; what it cannot do raises NotImplementedError with the reason."""

    def store(self, rows: Rows) -> None: ...
    def build(self, rows: Rows) -> None: ...
    def open(self) -> None: ...
    def search(self, query: np.ndarray, k: int, where: Where | None = None) -> list[int]: ...
    def hybrid(self, text: str, query: np.ndarray, k: int, where: Where) -> list[int]: ...
    def insert(self, rows: Rows, first: int) -> None: ...
    def delete(self, numbers: np.ndarray) -> None: ...
    def count(self) -> int: ...
    def cpu_s(self) -> float: ...
    def close(self) -> None: ...


def read_task(folder: Path) -> Task:
    """What the driver wrote."""
    held = np.load(folder / "task.npz")
    said = json.loads((folder / "texts.json").read_text("utf-8"))
    vectors = held["rows"].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    every = Rows(vectors, held["document"], held["bracket"], held["topic"], said["rows"])
    new = BATCH * BATCHES + LARGE * LARGES
    return Task(
        every.taken(slice(0, -new)), every.taken(slice(-new, None)), held["inside"][:QUESTIONS],
        said["inside"][:QUESTIONS], held["outside"][:QUESTIONS], held["centres"],
    )  # fmt: skip


def recall(task: Task, query: np.ndarray, found: Sequence[int], where: Where | None = None) -> float:
    """Share of the k best allowed rows that were found; rows that score alike stand for one another."""
    scores = task.rows.vectors @ query
    right = np.sort(scores[task.rows.allowed(where)])[::-1][:K]
    if not len(right):
        return 1.0
    held = np.sort(scores[[number for number in found if task.rows.allowed(where)[number]]])[::-1][: len(right)]
    return float(np.sum(held >= right[-1] - TIED) / len(right))


def searching(engine: Engine, task: Task) -> dict[str, float]:
    """CPU milliseconds a search, recall of questions like the rows and unlike them."""
    found, ms = timed(engine, [lambda q=q: engine.search(q, K) for q in task.inside])
    inside = np.mean([recall(task, *pair) for pair in zip(task.inside, found, strict=True)])
    outside = np.mean([recall(task, q, engine.search(q, K)) for q in task.outside])
    return {
        "search_ms": ms, "recall": round(float(inside), 4), "outside_recall": round(float(outside), 4),
        "outside_drop_points": round(100 * float(inside - outside), 2),
    }  # fmt: skip


def filtering(engine: Engine, task: Task) -> dict[str, object]:
    """Recall and CPU milliseconds under each filter; how often fewer than k came though k are allowed."""
    of_each: dict[str, dict[str, float]] = {}
    short = 0
    questions = task.inside[: QUESTIONS // 3]
    for name in task.filters(questions[0]):
        wheres = [task.filters(q)[name] for q in questions]
        found, ms = timed(engine, [lambda q=q, w=w: engine.search(q, K, w) for q, w in zip(questions, wheres)])  # noqa: B905
        shares = [recall(task, q, f, w) for q, f, w in zip(questions, found, wheres, strict=True)]
        allowed = [min(K, int(task.rows.allowed(w).sum())) for w in wheres]
        short += sum(len(f) < n for f, n in zip(found, allowed, strict=True))
        of_each[name] = {"recall": round(float(np.mean(shares)), 4), "ms": ms}
    worst = min(each["recall"] for each in of_each.values())
    return {"filters": of_each, "worst_filter_recall": worst, "came_short": short}


def mixing(engine: Engine, task: Task) -> dict[str, float]:
    """CPU milliseconds of words and meaning together, under a filter that lets .1 % through."""
    where = Where("bracket", below=1)
    asked = list(zip(task.asked, task.inside, strict=True))[: QUESTIONS // 3]
    _, ms = timed(engine, [lambda t=t, q=q: engine.hybrid(t, q, K, where) for t, q in asked])
    return {"hybrid_ms": ms}


def inserting(engine: Engine, task: Task) -> dict[str, float]:
    """Rows a second, each batch acknowledged and then found by the next search; what searches cost after it."""
    _, before = timed(engine, [lambda q=q: engine.search(q, K) for q in task.inside])
    small, large = BATCH * BATCHES, LARGE * LARGES
    cpu = engine.cpu_s()
    took, searched, seen = _inserted(engine, task, range(0, small, BATCH))
    spent = engine.cpu_s() - cpu
    _, after = timed(engine, [lambda q=q: engine.search(q, K) for q in task.inside])
    took_large, _, _ = _inserted(engine, task, range(small, small + large, LARGE))
    return {
        "inserted_rows_a_s": round(small / (took - searched)), "inserted_and_seen_rows_a_s": round(small / took),
        "inserted_rows_a_cpu_s": round(small / spent), "batches_seen_at_once": seen,
        "search_after_insert": round(after / before, 2), "inserted_by_thousands_rows_a_s": round(large / took_large),
    }  # fmt: skip


def _inserted(engine: Engine, task: Task, starts: range) -> tuple[float, float, int]:
    """Seconds of batches that begin there, those of the searches for each, and how many were found."""
    began, searched, seen = time.monotonic(), 0.0, 0
    for first in starts:
        engine.insert(task.new.taken(slice(first, first + starts.step)), len(task.rows.vectors) + first)
        looked = time.monotonic()
        seen += engine.search(task.new.vectors[first], 1) == [len(task.rows.vectors) + first]
        searched += time.monotonic() - looked
    return time.monotonic() - began, searched, seen


def deleting(engine: Engine, task: Task, folder: Path) -> dict[str, float]:
    """CPU seconds until 30 % are found no more; memory and disk before and after."""
    gone = np.flatnonzero(task.rows.bracket >= STAYS)
    memory, disk, cpu, began = resident_mb(), disk_mb(folder), engine.cpu_s(), time.monotonic()
    engine.delete(gone)
    left = set(gone.tolist())
    for query in task.inside[:10]:
        assert not left.intersection(engine.search(query, K))
    return {
        "delete_cpu_s": round(engine.cpu_s() - cpu, 3), "delete_s": round(time.monotonic() - began, 3),
        "delete_memory_mb": round(resident_mb() - memory, 1), "delete_disk_mb": round(disk_mb(folder) - disk, 1),
    }  # fmt: skip


def timed(engine: Engine, calls: Sequence[Callable[[], list[int]]]) -> tuple[list[list[int]], float]:
    """What each call gave, and CPU milliseconds of one: the median of some rounds, after one to warm up."""
    found = [call() for call in calls]
    rounds = []
    for _ in range(ROUNDS):
        began = engine.cpu_s()
        for call in calls:
            call()
        rounds.append((engine.cpu_s() - began) / len(calls) * 1e3)
    return found, round(median(rounds), 3)


def resident_mb() -> float:
    """Of this process, without pages of files that the system may drop."""
    pages = [int(n) for n in Path("/proc/self/statm").read_text().split()]
    return (pages[1] - pages[2]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def disk_mb(folder: Path) -> float:
    """Of all files."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file()) / 1e6
