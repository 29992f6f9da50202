"""Fields as people ask by them: which there are for whoever asks, and what their conditions mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from thruline.core.conditions import MOST, Condition, asked, meant, parts
from thruline.core.errors import Invalid, NotFound
from thruline.core.fields import DATE, FieldType
from thruline.core.nearest import meant as nearest
from thruline.core.nouns import Actor, Source
from thruline.core.units import parse_moment
from thruline.data.fields import declared
from thruline.flows.purposes import ANSWER, permitted
from thruline.flows.reports import FieldView, Filters
from thruline.flows.sight import groups_of, sight
from thruline.vectors.columns import Where

if TYPE_CHECKING:
    from thruline.flows.line import Line


def conditions(line: Line, actor: Actor, texts: Sequence[str]) -> tuple[Condition, ...]:
    """What they mean; raises NotFound for a field of no source that the actor sees, Invalid for what is none."""
    said = [asked(text) for text in parts(texts)]
    if not said:
        return ()
    if len(said) > MOST:
        raise Invalid(f"{len(said)} conditions are too many", hint=f"at most {MOST}")
    known, now = _known(line, actor), line.clock.now()
    for one in said:
        if one.name not in known:
            raise NotFound(f"no field {one.name!r}", hint=nearest(one.name, known))
    return tuple(meant(one, known[one.name], lambda text: parse_moment(text, now)) for one in said)


def where(line: Line, actor: Actor, filters: Filters) -> Where | None:
    """The rows to look through; None where no field was asked by.

    A field that the actor sees no longer, as when an answer is made again, is one that no document has.
    """
    if not filters.where:
        return None
    known = _known(line, actor)
    said = [asked(text) for text in filters.where]
    now = line.clock.now()
    found = (meant(one, known.get(one.name, "text"), lambda text: parse_moment(text, now)) for one in said)
    return Where(tuple(found), line.access.hidden_from(actor))


def listing(line: Line, actor: Actor) -> tuple[FieldView, ...]:
    """The fields of the sources that the actor sees, with how many documents that they see say something there."""
    sources, without = permitted(line, ANSWER)
    counts = line.shelf.serving().told(
        line.access.hidden_from(actor), groups=groups_of(line, actor), sources=sources, without=without
    )
    seen = list(sight(line, actor).sources.values())
    return tuple(
        FieldView(
            name=name, type=kind, sources=tuple(s.name for s in seen if name == DATE or name in declared(s.options)),
            documents=counts[name, kind].has if (name, kind) in counts else 0,
            unread=counts[name, kind].unfit if (name, kind) in counts else 0,
        )
        for name, kind in sorted(_known(line, actor).items())
    )  # fmt: skip


def check_types(line: Line, source: Source) -> None:
    """Raises Invalid where another source has one of its fields with another type: one name means one thing."""
    ours = declared(source.options)
    for other in line.records.sources():
        theirs = declared(other.options) if other.id != source.id else {}
        for name in ours.keys() & theirs.keys():
            if ours[name] != theirs[name]:
                raise Invalid(
                    f"the field {name!r} is {theirs[name]!r} in {other.name!r}, not {ours[name]!r}",
                    hint="one name has one type in a home: take the same, or another name",
                )


def _known(line: Line, actor: Actor) -> dict[str, FieldType]:
    known: dict[str, FieldType] = {DATE: "date"}
    for source in sight(line, actor).sources.values():
        known |= declared(source.options)
    return known
