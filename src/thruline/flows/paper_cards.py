"""Cards: a data card for each source, a model card for each model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruline.core.ids import ArtifactId
from thruline.flows import paper_facts as told
from thruline.flows.paper_facts import Fact, Section, Settings

if TYPE_CHECKING:
    from thruline.flows.line import Line


def of_data(line: Line, settings: Settings, about: str) -> list[Section]:
    """A card of one source, or of each, and of the sets that were written from them."""
    del settings
    sources = [s for s in line.records.sources() if about in ("", s.name, s.id)]
    cards = [
        Section(
            title=s.name, facts=[*told.of_source(line, s), *told.of_people(line, s), *told.of_hiding(line, s)],
            questions=[*told.stated(s), *(question.format(name=s.name) for question in _DATA)],
        )
        for s in sources
    ]  # fmt: skip
    sets = [Fact(f"{e.outputs[0]}: {e.facts['rows']} documents", f"event {e.seq}")
            for e in told.events(line, "corpus.exported")]  # fmt: skip
    sets += [Fact(f"{e.outputs[0]}: {e.facts['rows']} rows of a table, k = {e.facts['k']}", f"event {e.seq}")
             for e in told.events(line, "table.anonymised")]  # fmt: skip
    return [*cards, Section(title="Sets that were written", facts=sets)] if cards and sets and not about else cards


def of_models(line: Line, settings: Settings, about: str) -> list[Section]:
    """A card of one model on the shelf, or of each."""
    del settings
    chosen = [m for m in line.registry.models() if about in ("", m.id)]
    return [
        Section(
            title=f"Injection detector {m.id}",
            facts=[
                Fact(f"serves as {', '.join(m.serves)}" if m.serves else "does not serve", "events deployment.changed"),
                *told.of_model(line, ArtifactId(m.id)),
            ],
            questions=_MODEL,
        )
        for m in chosen
    ]  # fmt: skip


_DATA = (
    "Who made the documents of {name}, for whom, and under which licence?",
    "What is known to be wrong with {name}, or missing from it?",
)
_MODEL = ("For what may it be used, and for what not?", "On which of your own questions was it tried?")
