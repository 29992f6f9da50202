"""Awaiting: whose consent the documents of consent-based sources wait for, so that they can be asked."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor
from thruline.data.consents import Bar
from thruline.data.subjects import identifies
from thruline.flows.documents import pages_of, path_names
from thruline.flows.purposes import bars
from thruline.flows.reports import WaitingFor
from thruline.flows.sources import named

if TYPE_CHECKING:
    from thruline.flows.line import Line

SHOWN = 4  # ways to call one person


def waiting_for(line: Line, actor: Actor, source: str, purpose: str) -> tuple[WaitingFor, ...]:
    """Everybody whose consent is missing for a purpose, who most documents wait for first; of one source, or of all."""
    only = named(line, actor, source).id if source else ""
    waiting = {id: bar for id, bar in bars(line, purpose).items() if bar.why == "waiting" and bar.is_live}
    chosen = {id: bar for id, bar in waiting.items() if only in ("", bar.source)}
    held: dict[tuple[ArtifactId, ArtifactId], list[ArtifactId]] = defaultdict(list)
    for id, bar in chosen.items():
        for who in bar.people:
            held[who, bar.source].append(id)
    called = _called(line, chosen)
    names = {s.id: s.name for s in line.records.sources()}
    paths = path_names(line, [ids[0] for ids in held.values()], actor)
    found = [
        WaitingFor(
            called=tuple(sorted(called.get(who, ()))[:SHOWN]) or ("(not detected in the text)",),
            source=names.get(at, ""), documents=len(ids), path=paths.get(ids[0], ""),
        )
        for (who, at), ids in held.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda w: (-w.documents, w.called, w.source)))


def _called(line: Line, chosen: dict[ArtifactId, Bar]) -> dict[ArtifactId, set[str]]:
    """Who is meant by a pseudonym, as it stands in the documents that wait."""
    called: dict[ArtifactId, set[str]] = defaultdict(set)
    known: dict[tuple[str, str], list[ArtifactId]] = {}
    for page in pages_of(line, list(line.records.get_many(list(chosen)).values())):
        for record, document in page:
            people = chosen[record.id].people
            for mention in filter(identifies, document.mentions):
                pair = (mention.kind, mention.value)
                if pair not in known:
                    known[pair] = line.subjects.find([pair])
                for who in people.intersection(known[pair]):
                    said = document.text[mention.start : mention.end]
                    called[who].add(said if said.casefold() == mention.value else mention.value)
    return called
