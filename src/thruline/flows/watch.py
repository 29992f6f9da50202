"""Watch: a source that falls silent, and one that is heard of again, is an event, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.core.nouns import Draft
from thruline.flows.sources import alarm_of

if TYPE_CHECKING:
    from thruline.flows.line import Line

VERB = "source.watched"


def watch(line: Line) -> None:
    """Put on the ledger which sources fell silent, and which were heard of again, since the last look."""
    with line.database.transaction():  # two processes that look at once say it once
        last = {e.inputs[0]: str(e.facts["state"]) for e in line.ledger.read(verbs=(VERB,), limit=1 << 31)}
        now = {s.id: "silent" if alarm_of(line, s) else "heard" for s in line.records.sources()}
        new = {id: state for id, state in now.items() if last.get(id, "heard") != state}
        line.ledger.append([Draft(verb=VERB, inputs=(id,), facts={"state": state}) for id, state in new.items()])
