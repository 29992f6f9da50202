"""What stands on the line in words, for whoever may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from thruline.core.clock import iso
from thruline.core.ids import ArtifactId, kind_of
from thruline.core.nouns import Actor, Event
from thruline.flows import INDEX
from thruline.flows.documents import path_names, views
from thruline.flows.eyes import eyes
from thruline.flows.reports import LineNode
from thruline.flows.sight import sight

if TYPE_CHECKING:
    from thruline.flows.line import Line

OPEN = ("segment", "index", "model", "deployment")  # say nothing of a document: whoever is signed in may see them
# Hold documents of several sources, or numbers of a place: for who sees every source.
FOR_ALL_EYES = ("dataset", "shard", "corpus", "archive", "aggregate")
Words = tuple[str, str]


def visible(line: Line, actor: Actor, ids: Sequence[str]) -> set[str]:
    """Those of the ids that are on the line and that the actor may see; whoever is met in a document is not on it."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for id in ids:
        by_kind[kind_of(id)].append(id)
    if actor.sees_all:
        on_line = (*OPEN, *FOR_ALL_EYES, "source", "record", "chunk", "vectors", "answer")
        return {id for kind in on_line for id in by_kind[kind]}
    sees = sight(line, actor)
    record_of = _record_of(line, by_kind)
    records = line.records.get_many(sorted({*by_kind["record"], *record_of.values()}))
    seen = sees.among(records).keys()
    return {
        *(id for kind in OPEN for id in by_kind[kind]),
        *(id for id in by_kind["source"] if id in sees.sources),
        *(id for id in by_kind["record"] if id in seen),
        *(id for id, record in record_of.items() if record in seen),
        *(row.id for row in line.answers.rows(by_kind["answer"]) if row.asker == actor.id),
    }


def describe(line: Line, actor: Actor, steps: Mapping[str, int]) -> Iterator[LineNode]:
    """A node for each id, at its step from what was asked about."""
    born = {a.id: a.seq for a in line.ledger.artifacts([ArtifactId(id) for id in steps])}
    words, serving = _words(line, actor, steps), line.generations.active(INDEX)
    for id, step in steps.items():
        event = next(line.ledger.read(after=born[ArtifactId(id)] - 1, limit=1))
        label, detail = words.get(id) or (_by_event(id, event), "serves now" if id == serving else "")
        yield LineNode(
            key=id, kind=kind_of(id), id=id, count=1, label=label, detail=detail, step=step, made=iso(event.at)
        )


def _record_of(line: Line, by_kind: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Which record a chunk or a vector set is of."""
    chunks = {id: place.record for id, place in line.records.places(by_kind["chunk"]).items()}
    return {**chunks, **line.generations.records_of(by_kind["vectors"])}


def _words(line: Line, actor: Actor, ids: Iterable[str]) -> dict[str, Words]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for id in ids:
        by_kind[kind_of(id)].append(id)
    tell: Sequence[Callable[[Line, Actor, Mapping[str, Sequence[str]]], Mapping[str, Words]]] = (
        _documents, _sources, _answers, _models,
    )  # fmt: skip
    return {id: words for of in tell for id, words in of(line, actor, by_kind).items()}


def _documents(line: Line, actor: Actor, by_kind: Mapping[str, Sequence[str]]) -> dict[str, Words]:
    """Documents by title, and what was cut out of them by theirs."""
    places, sets = line.records.places(by_kind["chunk"]), line.generations.records_of(by_kind["vectors"])
    wanted = sorted({*by_kind["record"], *(p.record for p in places.values()), *sets.values()})
    records = line.records.get_many(wanted)
    paths = path_names(line, list(records), actor)
    titles = {v.record: v.title or paths.get(v.record, "") for v in views(line, list(records.values()), actor)}
    return {
        **{id: (titles[id], f"{r.state.replace('_', ' ')}, {paths.get(id, '')}") for id, r in records.items()},
        **{id: (titles.get(p.record, ""), f"passage {p.position + 1}") for id, p in places.items()},
        **{id: (titles.get(record, ""), "its passages as numbers") for id, record in sets.items()},
    }


def _sources(line: Line, actor: Actor, by_kind: Mapping[str, Sequence[str]]) -> dict[str, Words]:
    known = sight(line, actor).sources if by_kind["source"] else {}
    return {id: (s.name, f"seen by {', '.join(s.groups)}") for id, s in known.items()}


def _answers(line: Line, actor: Actor, by_kind: Mapping[str, Sequence[str]]) -> dict[str, Words]:
    lines = line.answers.lines(line.answers.rows(by_kind["answer"]), sight(line, actor).among)
    cover = eyes(line, actor).cover(None)
    return {a.id: (cover(a.question) or "erased with a person", f"{a.outcome}, for {a.asker}") for a in lines}


def _models(line: Line, actor: Actor, by_kind: Mapping[str, Sequence[str]]) -> dict[str, Words]:
    del actor
    found: dict[str, Words] = {}
    if by_kind["model"]:
        for m in line.registry.models():
            serves = f"serves as {', '.join(m.serves)}" if m.serves else "does not serve"
            found[m.id] = ("injection detector", f"gate {m.outcome or 'not asked'}, {serves}")
    for place in line.registry.shards.places(by_kind["shard"]):
        found[place.shard] = (
            f"shard {place.number + 1}",
            f"{len(line.registry.shards.of(place.model))} make the model",
        )
    return found


def _by_event(id: str, event: Event) -> str:
    """What the event that named it first says, in numbers."""
    says = {name: value for name, value in event.facts.items() if isinstance(value, int | float)}
    rows = "rows" if event.verb == "table.anonymised" else "documents"
    model = "embedder: text into vectors" if event.verb == "chunk.embedded" else "language model"
    return {
        "dataset": f"{says.get('rows', 0):,} rows", "corpus": f"{says.get('rows', 0):,} {rows}",
        "segment": f"{says.get('vectors', 0):,} vectors",
        "deployment": str(event.facts.get("why", "")).replace("_", " "),
        "index": f"{says.get('chunks', 0):,} passages", "archive": "a published set",
        "aggregate": f"{says.get('numbers', 0):,} numbers with noise",
        "record": "a document that is gone", "chunk": "a passage that is gone",
        "answer": "an answer that is gone", "model": model, "vectors": "vectors that are gone",
        "shard": "a shard that is gone",
    }.get(kind_of(id), id.partition(":")[2][:12])  # fmt: skip
