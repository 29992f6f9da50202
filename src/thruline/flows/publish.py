"""From records to a serving generation: the one way in which anything enters or leaves answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from thruline.core.ids import ArtifactId
from thruline.flows import INDEX
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

Sets = Mapping[ArtifactId, ArtifactId]


def publish_live(line: Line, run: Run, why: str) -> str:
    """Let everything that is live now serve; the generation's id, or empty while there is nothing."""
    with run.commit():
        sets = {live.id: live.vectors for live in line.records.live()}
        return _publish(line, run, why, sets)


def publish_without(line: Line, run: Run, why: str, gone: Collection[str]) -> str:
    """Let what serves now serve on without these records: a rollback in force stays in force."""
    with run.commit():
        return _publish(line, run, why, {r: v for r, v in serving_sets(line).items() if r not in gone})


def publish_with(line: Line, run: Run, why: str, back: Collection[str]) -> str:
    """Let these live records serve beside what serves now."""
    with run.commit():
        returned = {live.id: live.vectors for live in line.records.live() if live.id in back}
        return _publish(line, run, why, {**serving_sets(line), **returned})


def serving_sets(line: Line) -> dict[ArtifactId, ArtifactId]:
    """Record -> vector set of the generation that serves."""
    active = line.generations.active(INDEX)
    return dict(line.generations.members(active)) if active else {}


def _publish(line: Line, run: Run, why: str, sets: Sets) -> str:
    active = line.generations.active(INDEX)
    embedder = line.generations.get(active).embedder if active and why != "sync" else line.embedder_digest
    if not sets and active is None:
        return ""
    generation = line.generations.build(INDEX, sets, embedder, run=run.id, actor=run.actor)
    if generation != active:
        line.generations.switch(INDEX, generation, why, run=run.id, actor=run.actor)
    return generation
