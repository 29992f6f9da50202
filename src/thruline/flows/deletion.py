"""Deletion: the bytes of records that are to be kept no longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from thruline.core.nouns import Draft
from thruline.data.records import Record
from thruline.flows.documents import documents_of
from thruline.runs.runner import Run

if TYPE_CHECKING:
    from thruline.flows.line import Line


def delete_records(line: Line, run: Run, records: Sequence[Record]) -> None:
    """Delete the bytes of records, with all that was made of them but answers; inside the caller's transaction."""
    ids = [r.id for r in records]
    paths = [p for places in line.records.paths(ids).values() for p in places]
    parts = [*ids, *documents_of(line, records), *line.generations.sets_of(ids)]
    line.payloads.delete([*parts, *paths, *line.runs.forget(ids), *line.judged.made_of(ids)])
    line.records.retire(ids, "deleted")
    line.records.drop_sketches(ids)
    line.judgements.drop(ids)
    line.subjects.unlink(ids)
    line.tokens.release(ids)
    run.append(*(Draft(verb="record.seen", inputs=(i,), facts={"change": "deleted", "size": 0}) for i in ids))
