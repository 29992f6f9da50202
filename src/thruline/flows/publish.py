"""From live records to a serving generation: the one way in which anything enters or leaves answers."""

from __future__ import annotations

from thruline.core.ids import ArtifactId
from thruline.flows.line import INDEX, Line
from thruline.runs.runner import Run


def publish(line: Line, run: Run, why: str) -> ArtifactId:
    """Build the generation of what is live now and let it serve; nothing happens when it serves already."""
    with run.commit():
        sets = {live.id: live.vectors for live in line.records.live()}
        generation = line.generations.build(INDEX, sets, line.embedder_digest(), run=run.id, actor=run.actor)
        if generation != line.generations.active(INDEX):
            line.generations.switch(INDEX, generation, why, run=run.id, actor=run.actor)
    return generation
