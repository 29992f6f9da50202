"""From records to a serving generation: the one way in which anything enters or leaves answers.

What leaves answers uncovers the repetitions that it stood for, and what returns covers them again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from thruline.core.errors import ThrulineError
from thruline.core.ids import ArtifactId
from thruline.flows import INDEX
from thruline.flows.backfill import adopt, fill, kept, lacking, maker, refill
from thruline.runs.runner import Run
from thruline.vectors.recipes import Recipe

if TYPE_CHECKING:
    from thruline.flows.line import Line

logger = logging.getLogger("thruline")

Sets = Mapping[ArtifactId, ArtifactId]


def publish_live(line: Line, run: Run, why: str) -> str:
    """Let everything that is live now serve; the generation's id, or empty while there is nothing."""
    refill(line, run)
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
        recipe = line.generations.get(active).recipe
        if _stale(line, recipe, serves):
            return publish_live(line, run, why)
        generation = line.generations.change(
            INDEX, active, about - serves.keys(), serves, recipe, run=run.id, actor=run.actor
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


def beside(line: Line, run: Run, recipe: Recipe) -> ArtifactId:
    """The generation of all that is live, as far as it was made by this recipe; it does not serve."""
    with run.commit():
        sets = line.generations.sets_by(recipe, list(_live(line)))
        return line.generations.build(INDEX, sets, recipe, run=run.id, actor=run.actor)


def publish_moved(line: Line, run: Run, recipe: Recipe) -> str:
    """Let all that is live serve by another recipe; to be called in a transaction in which all of it was made by it."""
    with run.commit():
        generation = beside(line, run, recipe)
        adopt(line, recipe, [r.id for r in kept(line)])
        if generation != line.generations.active(INDEX):
            line.generations.switch(INDEX, generation, "reindex", run=run.id, actor=run.actor)
        return generation


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
    recipe = line.recipe
    if active is None:
        line.embedders.remember(line.embedder)
    fitting = _fitting(line, run, recipe, sets)
    generation = line.generations.build(INDEX, fitting, recipe, run=run.id, actor=run.actor)
    # A release can return to a generation that serves already without what was quarantined: say so to the readers.
    if generation != active or why == "release":
        line.generations.switch(INDEX, generation, why, run=run.id, actor=run.actor)
    return generation


def _fitting(line: Line, run: Run, recipe: Recipe, sets: Sets) -> Sets:
    """These sets, by this recipe where they were by another: a rollback can leave some that came in after it."""
    stale = _stale(line, recipe, sets)
    if not stale:
        return sets
    try:
        missing = lacking(line, recipe, list(line.records.get_many(stale).values()))
        fill(line, run, maker(line, recipe), missing)
    except ThrulineError as failure:  # what is taken out must go, whether an embedder is there or not
        logger.warning("%d records wait for the next sync: %s", len(stale), failure.message)
    adopt(line, recipe, stale)
    return {r: v for r, v in sets.items() if r not in stale} | line.generations.sets_by(recipe, stale)


def _stale(line: Line, recipe: Recipe, sets: Sets) -> list[ArtifactId]:
    """Of these records those whose set was made by another recipe."""
    if line.generations.is_only(recipe):
        return []
    made = line.generations.made_by(recipe, list(sets.values()))
    return [record for record, vectors in sets.items() if vectors not in made]
