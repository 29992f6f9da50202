"""Take in: a group of prepared records -> vectors, rows and events, all in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import ThrulineError
from thruline.data.records import AGAIN, Entry
from thruline.flows import INDEX, corrections
from thruline.flows.documents import Document, chunk_ids
from thruline.flows.prepare import SUPPRESSED, Prepared, Raw, names_erased
from thruline.flows.recut import Made
from thruline.flows.restrictions import restricted
from thruline.flows.store import Ready, store
from thruline.ports.embedder import Embedder
from thruline.runs.runner import Run
from thruline.vectors.recipes import Recipe

if TYPE_CHECKING:
    from thruline.flows.line import Line


logger = logging.getLogger("thruline")

# May be otherwise next time although the file's times are the same.
PASSING = ("unreadable", "changed_while_read", "needs_ocr")


class Noted(NamedTuple):
    """A path and what it held, for the next sync: a record, or why there is none. owner: of its name."""

    raw: Raw
    owner: str = ""
    refused: str = ""


def take_in(line: Line, run: Run, group: Sequence[Prepared]) -> int:
    """Commit a group, refused ones as paths with their reason; the number of chunks that are new."""
    ready = list(embedded(line, [p for p in group if p.document is not None]))
    with run.commit():
        note_paths(line, [Noted(p.raw, refused=p.refused) for p in group if p.document is None])
        taken = [item for item in ready if not _is_suppressed(line, item)]
        store(line, run, taken, restricted(line))
        note_paths(line, [Noted(item.raw, owner=item.owner) for item in taken])
        for raw in (item.raw for item in taken):
            corrections.note(line, raw.corrections, raw.record, raw.path_id, raw.digest, raw.places)
    return sum(len(item.chunks) for item in taken)


def _is_suppressed(line: Line, item: Ready) -> bool:
    """Whether somebody in it was erased while it was being prepared; what was remembered of it then goes."""
    if not names_erased(line, item.raw, item.document):
        return False
    line.payloads.delete(line.runs.forget([item.raw.record]))
    line.tokens.release([item.raw.record])
    note_paths(line, [Noted(item.raw, refused=SUPPRESSED)])
    return True


def embedded(line: Line, group: Sequence[Prepared]) -> Iterator[Ready]:
    """Each record with its vectors, by what serves and by what the index is moving to."""
    now = list(_made(line, line.embedder, group))
    beside = _beside(line, group)
    for n, prepared in enumerate(group):
        yield Ready(prepared.raw, [now[n], *beside.get(n, ())], prepared.breaks)


def _beside(line: Line, group: Sequence[Prepared]) -> dict[int, list[Made]]:
    """By what the index is moving to; where its embedder is away, what lacks is filled in before the index moves."""
    going = line.changes.under_way(INDEX)
    if going is None:
        return {}
    moving = [(n, as_going) for n, p in enumerate(group) if (as_going := _as_cut(p, going.cut))]
    try:
        made = list(_made(line, line.embedders.by_digest(going.embedder), [p for _, p in moving]))
    except ThrulineError as failure:
        logger.warning("the embedder that the index moves to is away: %s", failure.message)
        return {}
    return {n: [one] for (n, _), one in zip(moving, made, strict=True)}


def _as_cut(prepared: Prepared, cut: str) -> Prepared | None:
    """The same by another way to cut it; None where it was not cut so."""
    if prepared.cut == cut:
        return prepared
    beside = prepared.beside
    if beside is None or beside.cut != cut:
        return None
    return replace(prepared, document=beside.document, cut=cut, vectors=None, embedder="")


def _made(line: Line, embedder: Embedder, group: Sequence[Prepared]) -> Iterator[Made]:
    """By one embedder; all chunks of the group that have no vectors go through the model together."""
    digest = embedder.info.digest
    has = [p.vectors if p.embedder == digest else None for p in group]
    parts = [[] if known is not None else _document(p).embedded for known, p in zip(has, group, strict=True)]
    made = embedder.passages([text for part in parts for text in part])
    ends = pairwise(accumulate((len(part) for part in parts), initial=0))
    for prepared, known, (a, b) in zip(group, has, ends, strict=True):
        document = _document(prepared)
        assert prepared.document is not None
        chunks = chunk_ids(line, prepared.raw.record, document, prepared.cut)
        vectors = made[a:b] if known is None else known
        yield Made(Recipe(digest, prepared.cut), document, prepared.document.key, chunks, vectors)


def _document(prepared: Prepared) -> Document:
    assert prepared.document is not None
    return prepared.document.value


def note_paths(line: Line, noted: Sequence[Noted]) -> None:
    """Remember what paths held, so that the next sync sees whether they changed.

    A path that is to be met anew keeps no mark; one that names somebody who was erased keeps no name either.
    """
    nameless = {n.raw.path_id for n in noted if n.refused == SUPPRESSED and line.subjects.calls_erased(n.raw.path)}
    named = (n for n in noted if n.raw.path_id not in nameless)
    line.payloads.put_many((n.raw.path_id, n.raw.path.encode(), n.owner or n.raw.source) for n in named)
    marks = kept_marks(line, (n.raw.mark for n in noted))
    pairs = zip(noted, marks, strict=True)
    line.records.put_entries([_entry(n, mark, is_nameless=n.raw.path_id in nameless) for n, mark in pairs])


def _entry(noted: Noted, mark: str, *, is_nameless: bool) -> Entry:
    raw, refused = noted.raw, noted.refused
    mark = mark if raw.mark else AGAIN
    return Entry(
        source=raw.source, path=raw.path_id, record="" if refused else raw.record, digest=raw.digest,
        size=raw.size, mark="" if is_nameless or refused in PASSING else mark, refused=refused,
    )  # fmt: skip


def kept_marks(line: Line, marks: Iterable[str]) -> Iterator[str]:
    """A place's marks as they are kept: keyed, since the digest of a short row could be guessed at."""
    return line.ids.digests("mark", last=marks)
