"""Runs: work that takes longer than a moment, the jobs beside it and the machines they run on."""

from __future__ import annotations

from typing import Any

from thruline.console.visit import Page, Visit


def runs(visit: Visit) -> dict[str, Any]:
    """The latest runs and jobs, and the machines as they are now."""
    infra = visit.platform.infra
    return {
        "runs": infra.runs(limit=50),
        "jobs": infra.jobs(limit=50),
        "nodes": infra.nodes(),
    }


def log(visit: Visit) -> dict[str, Any]:
    """What a job has printed."""
    job = visit.path["job"]
    return {"job": job, "log": visit.platform.infra.logs(job=job)}


RUNS = Page(path="/runs", twin="/runs.json", template="runs.html", section="/runs", read=runs)
LOG = Page(path="/runs/{job}", twin="/runs/{job}.json", template="log.html", section="/runs", read=log)
