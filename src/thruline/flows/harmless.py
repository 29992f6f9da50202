"""Harmless: rows of the home's own documents, so that the detector knows how people here write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from thruline.core.errors import Conflict, Invalid
from thruline.core.ids import ArtifactId
from thruline.data.records import Live
from thruline.flows.documents import read_documents
from thruline.flows.line import Line
from thruline.models import datasets
from thruline.models.shards import families

OPEN_RECORDS = 200  # of what everyone may read: enough to know the home's language, few enough to be quick
NAMED_RECORDS = 2_000  # of the sources that were named; about 20,000 rows, as many as the archives hold


class Harmless(NamedTuple):
    """Rows, the records behind them, and record -> the family that lies in one shard with it."""

    rows: tuple[pl.DataFrame, ...]
    records: list[ArtifactId]
    families: Mapping[str, str]


def harmless(line: Line, live: Sequence[Live], named: Collection[str]) -> Harmless:
    """Of these live records the whole of the named sources, and of the others some that name nobody.

    Raises Invalid when the named sources hold more than NAMED_RECORDS: none of them is left out unsaid.
    """
    people: dict[str, set[str]] = defaultdict(set)
    for link in line.subjects.met_in([r.id for r in live]):
        people[link.artifact].add(link.subject)
    ours = [r for r in sorted(live) if r.source in named]
    if len(ours) > NAMED_RECORDS:
        raise Invalid(
            f"the sources hold {len(ours)} documents, and {NAMED_RECORDS} can be learned from", hint="name smaller ones"
        )
    others = [r for r in sorted(live) if r.source not in named and r.id not in people][:OPEN_RECORDS]
    chosen = [*ours, *others]
    documents = read_documents(line, [r.document for r in chosen])
    texts = {r.id: documents[r.document].text for r in chosen if r.document in documents}
    rows = (
        datasets.own_rows({id: text for id, text in texts.items() if id not in people}),
        datasets.own_rows({id: text for id, text in texts.items() if id in people}, datasets.PEOPLE),
    )
    return Harmless(rows, list(texts), families({id: people[id] for id in texts if id in people}))


def check_all_live(line: Line, records: Sequence[ArtifactId]) -> None:
    """Raises Conflict when one of them was erased, deleted or quarantined since it was read."""
    if sum(r.state == "live" for r in line.records.get_many(records).values()) < len(records):
        raise Conflict("a document was taken out while the rows were made", hint="train again")
