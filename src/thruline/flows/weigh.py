"""Weigh: how much words and meaning count, chosen on one half of the judged questions and taken if the other agrees."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from thruline.core.errors import Conflict
from thruline.core.nouns import Actor
from thruline.flows.choices import Judgement, judge_choice
from thruline.flows.find import find_in, view
from thruline.flows.judged import Row, rows
from thruline.flows.reports import FusionMeasure, Measure, WeighReport
from thruline.runs.runner import Progress, Run
from thruline.vectors.fusion import Fusion
from thruline.vectors.quality import Estimate, estimate
from thruline.vectors.serving import CANDIDATES
from thruline.vectors.weighing import CONSTANTS, Looked, Tried, best, tried

if TYPE_CHECKING:
    from thruline.flows.line import Line

RULE = "fusion_gain"
LEAST = 30  # questions in each half: with fewer an interval is wider than any gain


def weigh(line: Line, actor: Actor, *, dry_run: bool, progress: Progress | None = None) -> WeighReport:
    """Try every fusion on the questions to tune by, and take the best if those to judge by say that it gains.

    Raises Conflict where too few are judged, or another tuning is under way.
    """
    began = time.monotonic()
    with line.runs.start("tune", only="index", actor=actor.id, progress=progress) as run:
        learn, judge = _looked(line, actor, run)
        current = Fusion.read(line.choices.current("fusion"))
        grid = tried(learn)
        fusion = best(grid, current)
        before, after = ([one.ndcg(how) for one in judge] for how in (current, fusion))
        gain = estimate([b - a for a, b in zip(before, after, strict=True)])
        ok = gain.low > 0
        report = WeighReport(
            collection="main", generation=line.shelf.serving().generation, ok=ok, fusion=fusion, before=current,
            changed=ok and not dry_run, learned_on=len(learn), judged_on=len(judge),
            says=_says(fusion, current, gain), ndcg_before=_measure(estimate(before)), ndcg=_measure(estimate(after)),
            gain=_measure(gain),
            tried=_best_of_each(grid), dry_run=dry_run, seconds=round(time.monotonic() - began, 2),
        )  # fmt: skip
        if not dry_run:
            judge_choice(line, run, Judgement("fusion", RULE, report.generation, report.gain, fusion.written(), ok))
        return report


def _looked(line: Line, actor: Actor, run: Run) -> tuple[list[Looked], list[Looked]]:
    """What both searches find for each judged question of either half."""
    learn, judge = (_known(rows(line, part)) for part in ("tuning", "judging"))
    if min(len(learn), len(judge)) < LEAST:
        raise Conflict(
            f"{len(learn)} questions to tune by and {len(judge)} to judge by are too few",
            hint=f"at least {LEAST} of each: `thruline judged import`, `thruline feedback`, `thruline judged make`",
        )
    found: list[Looked] = []
    for n, row in enumerate([*learn, *judge]):
        run.tell("searching", n, len(learn) + len(judge))
        run.check()
        found.append(_look(line, actor, row))
    run.tell("searching", len(found), len(found))
    return found[: len(learn)], found[len(learn) :]


def _known(judged: Sequence[Row]) -> list[Row]:
    return [row for row in judged if any(grade > 0 for grade in row.grades.values())]


def _look(line: Line, actor: Actor, row: Row) -> Looked:
    """As deep as searches in use look, and all of it."""
    serving = line.shelf.serving()
    seen = view(line, serving, actor)
    hits = find_in(line, serving, seen, row.question, 2 * CANDIDATES, depth=CANDIDATES).hits
    hits = sorted(hits, key=lambda hit: (hit.record, hit.chunk))
    return Looked(
        names=[hit.chunk if hit.chunk in row.grades else hit.record for hit in hits],
        by_meaning=np.array([hit.dense_rank for hit in hits], np.int64),
        by_words=np.array([hit.text_rank for hit in hits], np.int64),
        grades=row.grades,
    )


def _says(fusion: Fusion, current: Fusion, gain: Estimate) -> str:
    if fusion == current:
        return f"{current.text} ranks best of all that were tried"
    between = f"nDCG@10 {gain.value:+.3f}, between {gain.low:+.3f} and {gain.high:+.3f}"
    if gain.low > 0:
        return f"{fusion.text} is better than {current.text}: {between}"
    return f"that {fusion.text} is better than {current.text} cannot be told from these questions: {between}"


def _measure(of: Estimate) -> Measure:
    return Measure.of("nDCG@10", "how high what answers stands, 1 for all of it on top", of)


def _best_of_each(grid: Sequence[Tried]) -> tuple[FusionMeasure, ...]:
    """For every weight of words the constant that ranks best with it."""
    steps = (grid[start : start + len(CONSTANTS)] for start in range(0, len(grid), len(CONSTANTS)))
    tops = (max(step, key=lambda one: one.ndcg) for step in steps)
    return tuple(FusionMeasure(fusion=one.fusion, ndcg=round(one.ndcg, 4)) for one in tops)
