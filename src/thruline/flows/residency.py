"""Residency, enforced: what a source's documents may not be given to, since it stands in another region or nobody says.

A part that is given every document, or keeps it, stops the source's sync; a language model is left out of answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.core.errors import Denied
from thruline.core.ids import ArtifactId
from thruline.data.residency import OPTION, Job, Part, away, labels
from thruline.flows import INDEX
from thruline.vectors.plans import FIRST, SHARDS, DensePlan

if TYPE_CHECKING:
    from thruline.core.nouns import Source
    from thruline.flows.line import Line


def check(line: Line, source: Source, *jobs: Job) -> None:
    """Raises Denied where a part that does one of these jobs may not be given the source's documents."""
    for part in away(source.options, line.parts, *jobs):
        raise Denied(
            f"{said(source, part)}: nothing of it is read",
            hint=f"set {part.setting} to where that stands, use a part that stands there, "
            f"or `thruline change {source.name} {OPTION}=`",
        )


def kept_from(line: Line, job: Job) -> frozenset[ArtifactId]:
    """The sources whose documents may not be given to what does this job."""
    parts = [part for part in line.parts if part.job == job]
    return frozenset(s.id for s in line.records.sources() if away(s.options, parts, job)) if parts else frozenset()


def plan_at_hand(line: Line) -> DensePlan:
    """The plan in force; the first one where that would give a cluster elsewhere vectors that must stay."""
    plan = line.plans.current(INDEX)
    return FIRST if plan.engine == SHARDS and kept_from(line, "searches") else plan


def said(source: Source, part: Part) -> str:
    """Why a part is not given what a source holds, as a sentence begins."""
    where = f"stands in {part.region!r}" if part.region else "stands nobody says where"
    return f"{source.name!r} may be in {', '.join(sorted(labels(source.options)))} alone, and {part.name} {where}"
