"""Alike: which documents say what an earlier one says in other words, by the vectors that serve.

Each is an edge to one canonical document, and answers on: only a policy that asks for it, as that of a set for
training, leaves it out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from thruline.core.errors import Invalid
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Draft
from thruline.data.alike import LONGEST, Spread, alike
from thruline.data.alike_edges import Meaning
from thruline.data.records import Record
from thruline.flows.apart_compare import spread_by
from thruline.flows.documents import path_names
from thruline.flows.publish import serving_sets
from thruline.flows.reports import AlikePair, AlikeReport
from thruline.runs.runner import Progress, Run

if TYPE_CHECKING:
    from thruline.flows.line import Line

Edges = Mapping[ArtifactId, Meaning]
PAGE = 256  # vector sets decrypted at a time
STAGE = "comparing"


class _Compared(NamedTuple):
    """Records in the order in which they were seen, the rows of each, and those of all, as float16."""

    records: Sequence[Record]
    counts: Sequence[int]
    rows: np.ndarray


def compare(line: Line, actor: Actor, at: float, limit: int, progress: Progress | None = None) -> AlikeReport:
    """Compare all that serves, keep the edges in place of those from before, and name the most similar pairs.

    at: cosine from which two chunks say the same. Raises Invalid unless it is in (0, 1], Conflict while another does.
    """
    began = time.monotonic()
    compared, edges, new = _compared_and_kept(line, actor, at, progress)
    return AlikeReport(
        documents=len(compared.records), alike=len(edges), new=new, threshold=at,
        too_long=sum(count > LONGEST for count in compared.counts), pairs=_pairs(line, actor, edges, limit),
        seconds=time.monotonic() - began,
    )  # fmt: skip


def once(line: Line, actor: Actor, records: Sequence[Record], at: float) -> list[Record]:
    """Of those among the records that say the same one: what said it first where it is among them.

    Compares all that serves, as `compare`.
    """
    _compared_and_kept(line, actor, at, None)
    edges = line.alike.of([r.id for r in records])
    said = {r.id for r in records if r.id not in edges}
    kept: list[Record] = []
    for record in records:
        meaning = edges.get(record.id)
        if meaning is None or meaning.of not in said:
            kept.append(record)
            said.add(meaning.of if meaning else record.id)
    return kept


def _compared_and_kept(line: Line, actor: Actor, at: float, progress: Progress | None) -> tuple[_Compared, Edges, int]:
    if not 0 < at <= 1:
        raise Invalid(f"{at:g} is no similarity", hint="a number above 0 and up to 1, as 0.94")
    with line.runs.start("alike", only="records", actor=actor.id, progress=progress) as run:
        compared = _serving(line)
        edges = _edges(run, compared, at, spread_by(line, run, compared.rows))
        return compared, edges, _keep(line, run, edges)


def _serving(line: Line) -> _Compared:
    """What serves, but for repetitions of what serves: their words make an edge already."""
    sets = serving_sets(line)
    known = line.records.get_many(list(sets))
    records = sorted((r for r in known.values() if r.canonical not in known), key=lambda r: (r.seen, r.id))
    counts: list[int] = []
    rows: list[np.ndarray] = []
    for start in range(0, len(records), PAGE):
        page = [sets[r.id] for r in records[start : start + PAGE]]
        held = line.generations.load(page)
        found = [held[id].vectors if id in held else np.empty((0, 0), np.float16) for id in page]
        counts += map(len, found)
        rows += [vectors for vectors in found if len(vectors)]
    return _Compared(records, counts, np.concatenate(rows) if rows else np.empty((0, 0), np.float16))


def _edges(run: Run, compared: _Compared, at: float, spread: Spread | None) -> Edges:
    edges: dict[ArtifactId, Meaning] = {}
    ids = [r.id for r in compared.records]
    for looked in alike(compared.rows, compared.counts, at, spread):
        run.check()
        run.tell(STAGE, looked.upto, len(ids))
        edges |= {ids[e.later]: Meaning(ids[e.first], round(e.similarity, 4)) for e in looked.found}
    return edges


def _keep(line: Line, run: Run, edges: Edges) -> int:
    """Tables and events in one; nothing of what left while it was compared. How many edges are new."""
    with run.commit():
        there = line.records.get_many([*edges, *(m.of for m in edges.values())])
        live = {id for id, record in there.items() if record.state == "live"}
        kept = {id: meaning for id, meaning in edges.items() if id in live and meaning.of in live}
        new = line.alike.replace(kept)
        run.append(
            *(
                Draft(verb="record.alike", inputs=(id, kept[id].of), facts={"similarity": kept[id].similarity})
                for id in sorted(new)
            )
        )
    return len(new)


def _pairs(line: Line, actor: Actor, edges: Edges, limit: int) -> tuple[AlikePair, ...]:
    nearest = sorted(edges.items(), key=lambda edge: (-edge[1].similarity, edge[0]))[:limit]
    ids = [id for record, meaning in nearest for id in (record, meaning.of)]
    names, known = path_names(line, ids, actor), line.records.get_many(ids)
    sources = {s.id: s.name for s in line.records.sources()}

    def place(id: ArtifactId) -> str:
        return f"{sources.get(known[id].source, '')}/{names.get(id, '')}" if id in known else ""

    return tuple(
        AlikePair(
            record=record, path=place(record), of=meaning.of, of_path=place(meaning.of), similarity=meaning.similarity
        )
        for record, meaning in nearest
    )
