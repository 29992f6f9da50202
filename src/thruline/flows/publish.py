"""From records to a serving generation: the one way in which anything enters or leaves answers.

What leaves answers uncovers the repetitions that it stood for, and what returns covers them again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from thruline.core.errors import Conflict
from thruline.core.ids import ArtifactId
from thruline.flows import INDEX
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

Sets = Mapping[ArtifactId, ArtifactId]


def publish_live(line: Line, run: Run, why: str) -> str:
    """Let everything that is live now serve; the generation's id, or empty while there is nothing."""
    with run.commit():
        generation = _publish(line, run, why, _live(line))
        line.published = (generation, _alike(line))
        return generation


def publish_changed(line: Line, run: Run, why: str, records: Collection[str]) -> str:
    """As publish_live where only these records came, changed or went since it was last called; costs no more than they.

    To be called in the transaction that changed them.
    """
    active, alike = line.generations.active(INDEX), _alike(line)
    # Who may read a copy elsewhere decides what stands for what: only a look at all tells where groups differ.
    if active is None or line.published != (active, alike):
        return publish_live(line, run, why)
    with run.commit():
        about = {*records, *(copy.id for copy in line.records.copies(list(records), "live"))}
        serves = {r.id: r.vectors for r in line.records.live({}, among=sorted(about))}
        embedder = line.generations.get(active).embedder
        generation = line.generations.change(
            INDEX, active, about - serves.keys(), serves, embedder, run=run.id, actor=run.actor
        )
        if generation != active:
            line.generations.switch(INDEX, generation, why, run=run.id, actor=run.actor)
        line.published = (generation, alike)
        return generation


def publish_without(line: Line, run: Run, why: str, gone: Collection[str]) -> str:
    """Let what serves now serve on without these records: a rollback in force stays in force.

    To be called when the records are out, in the transaction that took them out.
    """
    with run.commit():
        serving = serving_sets(line)
        uncovered = _live(line, repeating=serving.keys() & set(gone))
        return _publish(line, run, why, {r: v for r, v in serving.items() if r not in gone} | uncovered)


def publish_instead(line: Line, run: Run, why: str, gone: Collection[str], came: Collection[str]) -> str:
    """Let records serve in the place of those that are gone; to be called as publish_without is."""
    with run.commit():
        serving = serving_sets(line)
        uncovered = _live(line, repeating=serving.keys() & set(gone))
        anew = {r: v for r, v in _live(line).items() if r in came}
        return _publish(line, run, why, {r: v for r, v in serving.items() if r not in gone} | uncovered | anew)


def publish_with(line: Line, run: Run, why: str, back: Collection[str]) -> str:
    """Let these live records serve beside what serves now."""
    with run.commit():
        live = _live(line)
        covered = {c.id for c in line.records.copies(list(back), "live")} - live.keys()
        serving = {r: v for r, v in serving_sets(line).items() if r not in covered}
        return _publish(line, run, why, serving | {r: v for r, v in live.items() if r in back})


def publish_regrouped(line: Line, run: Run, why: str) -> str:
    """Let repetitions of what serves answer for readers who no longer see the original."""
    with run.commit():
        serving = serving_sets(line)
        return _publish(line, run, why, serving | _live(line, repeating=serving.keys()))


def check_embedder(line: Line, generation: ArtifactId | None = None) -> None:
    """Raises Conflict unless the model that is set made the vectors that serve: two models never meet in one score."""
    generation = generation or line.generations.active(INDEX)
    if generation and line.generations.get(generation).embedder != line.embedder_digest:
        raise Conflict(
            f"the index was made by another embedder than {line.embedder.info.name!r}",
            hint="`thruline index rebuild` embeds everything with it, or set embed.model back",
        )


def serving_sets(line: Line) -> dict[ArtifactId, ArtifactId]:
    """Record -> vector set of the generation that serves."""
    active = line.generations.active(INDEX)
    return dict(line.generations.members(active)) if active else {}


def _live(line: Line, repeating: Collection[str] | None = None) -> dict[ArtifactId, ArtifactId]:
    """Record -> vector set of what may answer; only of what repeats one of these, where given."""
    live = line.records.live(line.item_rights.of_records())
    return {x.id: x.vectors for x in live if repeating is None or x.canonical in repeating}


def _alike(line: Line) -> tuple[object, ...]:
    """What decides, besides the records, which repetition an original stands for: who sees the sources, and for what.

    Like nothing else while not all is for the same groups.
    """
    if line.item_rights.groups_differ():
        return (object(),)
    return tuple((s.id, s.groups, tuple(sorted(s.options.items()))) for s in line.records.sources())


def _publish(line: Line, run: Run, why: str, sets: Sets) -> str:
    active = line.generations.active(INDEX)
    if not sets and active is None:
        return ""
    anew = why in ("sync", "reindex")
    embedder = line.embedder_digest if anew or active is None else line.generations.get(active).embedder
    generation = line.generations.build(INDEX, sets, embedder, run=run.id, actor=run.actor)
    # A release can return to a generation that serves already without what was quarantined: say so to the readers.
    if generation != active or why == "release":
        line.generations.switch(INDEX, generation, why, run=run.id, actor=run.actor)
    return generation
