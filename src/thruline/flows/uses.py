"""Uses: what a source may be used for, set while it is in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from thruline.core.nouns import Actor, Draft
from thruline.data.uses import OPTION, checked
from thruline.flows.publish import publish_regrouped
from thruline.flows.sources import named, view

if TYPE_CHECKING:
    from thruline.flows.line import Line
    from thruline.flows.reports import SourceView


def set_uses(line: Line, name: str, purposes: Sequence[str], actor: Actor) -> SourceView:
    """Set what a source may be used for; nothing of it answers or is trained on for another purpose from now on."""
    source = named(line, actor, name)
    wanted = sorted({checked(purpose) for purpose in purposes})
    options = {key: value for key, value in source.options.items() if key != OPTION}
    if wanted:
        options[OPTION] = ",".join(wanted)
    facts = {"uses": len(wanted), "named": line.ids.digest("uses", *wanted)}
    with line.runs.start("reindex", only="index", actor=actor.id) as run, run.commit():
        line.records.set_options(source.id, options)
        run.append(Draft(verb="source.used", inputs=(source.id,), facts=facts))
        publish_regrouped(line, run, "source")  # a repetition may be used for what its original may not
    return view(line, replace(source, options=options))
