"""Purposes: which documents may be used for what, decided before anything is searched or written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import Conflict
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Draft, Source
from thruline.data.uses import ANSWER, OPTION, TRAIN, allows, checked
from thruline.flows import sources
from thruline.flows.publish import publish_regrouped
from thruline.flows.reports import SourceView

if TYPE_CHECKING:
    from thruline.flows.line import Line

__all__ = ["ANSWER", "TRAIN", "Permitted", "check_uses", "permitted", "set_uses"]


class Permitted(NamedTuple):
    """What may be used for a purpose: these sources, all where there is None, without these records."""

    sources: frozenset[ArtifactId] | None
    without: frozenset[ArtifactId]


def permitted(line: Line, purpose: str) -> Permitted:
    """By what sources name and by what people withdrew; raises Invalid for what cannot be a purpose."""
    checked(purpose)
    known = line.records.sources()
    allowed = frozenset(s.id for s in known if allows(s.options, purpose, line.limits.purposes))
    return Permitted(None if len(allowed) == len(known) else allowed, line.consents.withheld(purpose))


def check_uses(line: Line, chosen: Sequence[Source], purpose: str) -> None:
    """Raises Conflict for the first of these sources that may not be used so."""
    for source in chosen:
        if not allows(source.options, checked(purpose), line.limits.purposes):
            named = source.options.get(OPTION) or "nothing"
            raise Conflict(
                f"{source.name!r} may not be used for {purpose!r}",
                hint=f"it may be used for: {named}; `thruline uses {source.name}` sets that",
            )


def set_uses(line: Line, name: str, purposes: Sequence[str], actor: Actor) -> SourceView:
    """Set what a source may be used for; nothing of it answers or is trained on for another purpose from now on."""
    source = sources.named(line, actor, name)
    named = sorted({checked(purpose) for purpose in purposes})
    options = {key: value for key, value in source.options.items() if key != OPTION}
    if named:
        options[OPTION] = ",".join(named)
    facts = {"uses": len(named), "named": line.ids.digest("uses", *named)}
    with line.runs.start("reindex", only="index", actor=actor.id) as run, run.commit():
        line.records.set_options(source.id, options)
        run.append(Draft(verb="source.used", inputs=(source.id,), facts=facts))
        publish_regrouped(line, run, "source")  # a repetition may be used for what its original may not
    return sources.view(line, replace(source, options=options))
