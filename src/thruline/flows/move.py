"""Move: another engine beside the one that serves, held against the truth, then in its place in one event.

Questions go on while it is built. Killed at any point, nothing has moved; what a server was sent already stays there
and is not sent again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from thruline.core.errors import Conflict, NotFound
from thruline.flows import INDEX, elsewhere, residency
from thruline.flows.reports import MoveReport
from thruline.ports.dense import DenseIndex, Found
from thruline.ports.scoring import as_matrix
from thruline.runs.runner import Progress, Run
from thruline.vectors.plans import DensePlan, plan_of

if TYPE_CHECKING:
    from thruline.flows.line import Line

PROBES = 200  # of the collection's own vectors; each also under a filter that lets every tenth row through
NEAREST = 10
LEAST = 0.97  # of the true nearest, as `index tune` asks for where nobody says another share
CLOSE = 1e-4  # cosines of the same row: half precision here and there, summed in another order
STAGES = ("reading", "building", "comparing", "switching")
SEED = 0


def move(line: Line, to: str, *, dry_run: bool, actor: str, progress: Progress | None = None) -> MoveReport:
    """Let another engine search the index if it finds what it should; raises Invalid, NotFound, Conflict.

    dry_run: build and compare, and leave nothing behind.
    """
    began = time.monotonic()
    plan = as_plan(to, line)
    before = line.plans.current(INDEX)
    if plan == before:
        raise Conflict(f"{plan.text!r} searches the index already", hint="`thruline index plans` lists what did")
    if plan.engine in line.engines.servers():
        for source in line.records.sources():
            residency.check(line, source, "keeps")
    with line.runs.start("move", only="index", actor=actor, progress=progress) as run:
        run.tell(STAGES[0], 0, len(STAGES))
        rows = elsewhere.rows_that_serve(line)
        if not len(rows):
            raise Conflict("there is nothing to search yet", hint="`thruline add` a folder first")
        report = _tried(line, run, plan, rows)
        if report.ok and not dry_run:
            run.tell(STAGES[3], 3, len(STAGES))
            with run.commit():
                line.plans.choose(INDEX, plan, "moved", run=run.id, actor=actor)
        elsewhere.leave(line, plan, before, moved=report.ok and not dry_run)
        run.tell(STAGES[3], len(STAGES), len(STAGES))
    return MoveReport(
        plan=plan.text, before=before.text, ok=report.ok, moved=report.ok and not dry_run, rows=len(rows),
        recall=report.recall, filtered=report.filtered, least=LEAST, off=report.off, build_s=report.build_s,
        seconds=round(time.monotonic() - began, 2), dry_run=dry_run,
    )  # fmt: skip


def as_plan(text: str, line: Line) -> DensePlan:
    """`hnsw m=32` as a plan; raises NotFound for an engine that is not installed, Invalid for what it is not told."""
    plan = plan_of(text)
    if plan.engine not in line.engines.dense_names():
        known = ", ".join(sorted(line.engines.dense_names()))
        raise NotFound(f"no engine {plan.engine!r} is installed", hint=f"known: {known}; others are extras of thruline")
    line.engines.dense(plan).close()
    return plan


class _Tried:
    """What the engine did: share found of the truth, without and under a filter, and how far cosines are off."""

    def __init__(self, recall: float, filtered: float, off: float, build_s: float) -> None:
        self.recall, self.filtered = round(recall, 4), round(filtered, 4)
        self.off, self.build_s = float(f"{off:.1g}"), round(build_s, 2)
        self.ok = recall >= LEAST and filtered >= LEAST and off <= CLOSE


def _tried(line: Line, run: Run, plan: DensePlan, rows: np.ndarray) -> _Tried:
    is_server = plan.engine in line.engines.servers()
    index: DenseIndex = line.engines.server(plan) if is_server else line.engines.dense(plan)
    exact = line.engines.dense(DensePlan(engine="exact"))
    try:
        run.tell(STAGES[1], 1, len(STAGES))
        began = time.monotonic()
        index.build(rows)
        took = time.monotonic() - began
        run.tell(STAGES[2], 2, len(STAGES))
        exact.build(rows)
        if (held := index.stats().rows) != len(rows):
            raise Conflict(f"{plan.text!r} holds {held} rows of {len(rows)}", hint="nothing was changed; try again")
        return _compared(run, index, exact, rows, took)
    finally:
        index.close()
        exact.close()


def _compared(run: Run, index: DenseIndex, exact: DenseIndex, rows: np.ndarray, build_s: float) -> _Tried:
    rng = np.random.default_rng(SEED)
    probes = as_matrix(rows[rng.choice(len(rows), min(PROBES, len(rows)), replace=False)])
    noise = rng.normal(size=probes.shape).astype(np.float32) / np.sqrt(probes.shape[1]) / 2  # near, and not the same
    probes = probes + noise
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    few = rng.random(len(rows)) < 0.1
    shares: dict[bool, list[float]] = {False: [], True: []}
    off = 0.0
    for probe in probes:
        run.check()
        for filtered in (False, True):
            mask = few if filtered else None
            found, right = index.search(probe, NEAREST, mask), exact.search(probe, NEAREST, mask)
            shares[filtered].append(_share(found, right))
            off = max(off, _off(found, rows, probe))
    return _Tried(float(np.mean(shares[False])), float(np.mean(shares[True])), off, build_s)


def _share(found: Found, right: Found) -> float:
    """Of the true scores reached; rows that score alike stand for each other."""
    if not len(right.scores):
        return float(not len(found.scores))
    reached = found.scores[: len(right.scores)] >= right.scores[: len(found.scores)] - CLOSE
    return float(np.count_nonzero(reached)) / len(right.scores)


def _off(found: Found, rows: np.ndarray, probe: np.ndarray) -> float:
    if not len(found.rows):
        return 0.0
    return float(np.abs(as_matrix(rows[found.rows]) @ probe - found.scores).max())
