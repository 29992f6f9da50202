"""Generations of the index: list, name, switch, roll back."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from thruline.core.clock import iso
from thruline.core.errors import Invalid, NotFound
from thruline.core.ids import ArtifactId
from thruline.flows import INDEX
from thruline.flows.backfill import adopt, kept
from thruline.flows.reports import GenerationView
from thruline.vectors.history import standing
from thruline.vectors.tags import is_tag

if TYPE_CHECKING:
    from thruline.flows.line import Line

SHOWN = 20  # switches: a home that is sent records makes one for each of them


def listing(line: Line, limit: int = SHOWN) -> tuple[GenerationView, ...]:
    """The last switches, the latest first; the one at the top serves. What a rollback returns to is marked.

    That one and those with a tag stand at the end where they are further back. Raises Invalid unless limit is above 0.
    """
    if limit < 1:
        raise Invalid(f"a limit of {limit} lists nothing", hint="1 or more")
    every = line.generations.history(INDEX)
    left = standing((s.generation, s.why) for s in every)
    before = left[-2] if len(left) > 1 else ""
    tags = line.tags.all(INDEX)
    history = every[::-1][:limit]
    wanted = {before, *tags.values()} - {s.generation for s in history}
    latest = {s.generation: s for s in every}
    history += [s for s in reversed(every) if s.generation in wanted and latest[s.generation] is s]
    name = cache(line.embedders.name)
    note = line.embedders.note()
    views: list[GenerationView] = []
    for n, switch in enumerate(history):
        generation = line.generations.get(switch.generation)
        views.append(
            GenerationView(
                id=generation.id, serving=n == 0, since=iso(switch.at), why=switch.why, chunks=generation.chunks,
                records=line.generations.count(generation.id), embedder=name(generation.embedder),
                chunking=generation.recipe.cut,
                note="" if n else note, back=generation.id == before,
                tags=tuple(tag for tag, of in tags.items() if of == generation.id),
            )
        )  # fmt: skip
    return tuple(views)


def named(line: Line, name: str) -> ArtifactId:
    """The generation of this id or tag, of those that have served; raises NotFound."""
    if is_tag(name):
        return line.tags.get(INDEX, name)
    if name not in {s.generation for s in line.generations.history(INDEX)}:
        raise NotFound(f"no generation {name!r} has served", hint="`thruline index list` lists them")
    return ArtifactId(name)


def tag(line: Line, name: str, generation: str, actor: str) -> tuple[GenerationView, ...]:
    """Give a generation, or the one that serves, a name; raises Conflict for a name of another."""
    of = named(line, generation) if generation else line.generations.active(INDEX)
    if of is None:
        raise NotFound("no generation has served yet", hint="`thruline sync` makes the first")
    line.tags.put(INDEX, name, of, actor=actor)
    return listing(line)


def untag(line: Line, name: str, actor: str) -> tuple[GenerationView, ...]:
    """Take a name off; the generation stays."""
    line.tags.take(INDEX, name, actor=actor)
    return listing(line)


def switch(line: Line, generation: str, actor: str) -> tuple[GenerationView, ...]:
    """Let a generation that was built before serve; what is quarantined or erased stays out of it."""
    then = named(line, generation)
    with line.runs.start("reindex", only="index", actor=actor) as run, run.commit():
        before = line.generations.active(INDEX)
        line.generations.switch(INDEX, then, "operator", run=run.id, actor=actor)
        _follow(line, before)
    return listing(line)


def rollback(line: Line, actor: str) -> tuple[GenerationView, ...]:
    """Let the generation before the serving one serve again, with the embedder that made it."""
    with line.runs.start("reindex", only="index", actor=actor) as run, run.commit():
        before = line.generations.active(INDEX)
        line.generations.rollback(INDEX, run=run.id, actor=actor)
        _follow(line, before)
    return listing(line)


def _follow(line: Line, before: ArtifactId | None) -> None:
    """What comes in and goes out from now on does so by the embedder of what serves now, cut as that is.

    Raises Conflict where that one cannot be opened any more, and nothing has been switched then.
    """
    line.embedders.serving()
    recipe = line.recipe
    if before and line.generations.get(before).recipe != recipe:
        adopt(line, recipe, [r.id for r in kept(line)])
