"""Take in: a group of prepared records -> vectors, rows and events, all in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.errors import ThrulineError
from thruline.core.facts import Fact
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft
from thruline.data import duplicates
from thruline.data.records import AGAIN, Entry, Record
from thruline.flows import INDEX, corrections, kinship
from thruline.flows.documents import Document, as_text, read_documents
from thruline.flows.prepare import REJUDGED, SUPPRESSED, Prepared, Raw, names_erased, owner_of
from thruline.flows.restrictions import RESTRICTED, Restricted, restricted
from thruline.flows.same import text_digest
from thruline.guard import poison
from thruline.ports.embedder import Embedder
from thruline.runs.runner import Run

if TYPE_CHECKING:
    import numpy as np

    from thruline.flows.line import Line


logger = logging.getLogger("thruline")

# May be otherwise next time although the file's times are the same.
PASSING = ("unreadable", "changed_while_read", "needs_ocr")


class Ready(NamedTuple):
    """A record with all that is to be stored of it. vectors: by the digest of the embedder that made them.

    The first is that of the embedder that serves; another is that of the one that the index is moving to.
    """

    raw: Raw
    document: Document
    payload: ArtifactId
    chunks: tuple[ArtifactId, ...]
    vectors: Mapping[str, np.ndarray]
    breaks: bool


class _Twin(NamedTuple):
    record: Record
    similarity: float

    @property
    def is_shut_out(self) -> bool:
        """Whether an operator took the very same words out of answers."""
        return self.record.state == "quarantined" and self.similarity == 1


def take_in(line: Line, run: Run, group: Sequence[Prepared]) -> int:
    """Commit a group, refused ones as paths with their reason; the number of chunks that are new."""
    ready = list(embedded(line, [p for p in group if p.document is not None]))
    with run.commit():
        for prepared in group:
            if prepared.document is None:
                note_path(line, prepared.raw, refused=prepared.refused)
        taken = [item for item in ready if not _is_suppressed(line, item)]
        shut = restricted(line)
        for item in taken:
            store(line, run, item, shut)
            note_path(line, item.raw, owner=owner_of(item.raw, item.document))
            raw = item.raw
            corrections.note(line, raw.corrections, raw.record, raw.path_id, raw.digest, raw.places)
    return sum(len(item.chunks) for item in taken)


def _is_suppressed(line: Line, item: Ready) -> bool:
    """Whether somebody in it was erased while it was being prepared; what was remembered of it then goes."""
    if not names_erased(line, item.raw, item.document):
        return False
    line.payloads.delete(line.runs.forget([item.raw.record]))
    line.tokens.release([item.raw.record])
    note_path(line, item.raw, refused=SUPPRESSED)
    return True


def embedded(line: Line, group: Sequence[Prepared]) -> Iterator[Ready]:
    """Each record with its vectors, of the embedder that serves and of the one that the index is moving to."""
    embedder = line.embedder
    made = {embedder.info.digest: _vectors(embedder, group)} | _beside(line, group)
    for n, prepared in enumerate(group):
        document = _document(prepared)
        assert prepared.document is not None
        ids = tuple(line.ids.artifact("chunk", prepared.raw.record, str(c.start), c.text) for c in document.chunks)
        vectors = {digest: rows[n] for digest, rows in made.items()}
        yield Ready(prepared.raw, document, prepared.document.key, ids, vectors, prepared.breaks)


def _beside(line: Line, group: Sequence[Prepared]) -> dict[str, list[np.ndarray]]:
    """By the embedder that the index is moving to; where it is away, what lacks is filled in before the index moves."""
    digest = line.changes.under_way(INDEX)
    if not digest:
        return {}
    try:
        return {digest: _vectors(line.embedders.by_digest(digest), group)}
    except ThrulineError as failure:
        logger.warning("the embedder that the index moves to is away: %s", failure.message)
        return {}


def _vectors(embedder: Embedder, group: Sequence[Prepared]) -> list[np.ndarray]:
    """Of each record; all chunks of the group that have none go through the model together."""
    digest = embedder.info.digest
    has = [p.vectors if p.embedder == digest else None for p in group]
    parts = [[] if known is not None else _document(p).embedded for known, p in zip(has, group, strict=True)]
    made = embedder.passages([text for part in parts for text in part])
    ends = pairwise(accumulate((len(part) for part in parts), initial=0))
    return [made[a:b] if known is None else known for known, (a, b) in zip(has, ends, strict=True)]


def _document(prepared: Prepared) -> Document:
    assert prepared.document is not None
    return prepared.document.value


def store(line: Line, run: Run, item: Ready, shut: Restricted, instead_of: Record | None = None) -> None:
    """Into every table but that of paths, with its events; in the caller's transaction.

    instead_of: a record that is gone, whose state and age it takes over.
    """
    raw, document = item.raw, item.document
    owner = owner_of(raw, document)
    line.payloads.put(raw.record, raw.data, owner)
    run.append(*_told(line, item))
    sets = [
        line.generations.put_set(
            raw.record, item.chunks, vectors, embedder=digest, owner=owner, run=run.id, actor=run.actor
        )
        for digest, vectors in item.vectors.items()
    ]
    before = line.records.get_many([raw.record]).get(raw.record)
    if before and before.document not in ("", item.payload):
        _drop_older(line, before, sets)
    before = instead_of or before
    twin = _twin(line, raw.record, document)
    reason = _quarantine_reason(line, item, before, twin)
    if not reason and shut.names_one(document, raw.path, as_text(raw.data)):
        reason = RESTRICTED
    twin = None if twin and twin.is_shut_out else twin
    line.records.put(
        Record(
            id=raw.record, source=raw.source, state="quarantined" if reason else "live", reason=reason or "none",
            document=item.payload, vectors=sets[0], owner=owner, canonical=twin.record.id if twin else "",
            chunks=len(item.chunks), size=len(raw.data), risk=max((r.score for r in document.risks), default=0.0),
            seen=instead_of.seen if instead_of else line.clock.now(), path=raw.path_id,
        )
    )  # fmt: skip
    line.records.put_text(raw.record, text_digest(line, document))
    line.records.put_sketch(raw.record, document.sketch)
    line.records.put_chunks(raw.record, item.chunks)
    kinship.note(line, raw.record, document)
    line.records.put_bands(raw.record, duplicates.bands(document.signature))
    run.append(*_judged(line, item, twin, reason))


def note_path(line: Line, raw: Raw, *, owner: str = "", refused: str = "") -> None:
    """Remember what a path held, so that the next sync sees whether it changed.

    A path that is to be met anew keeps no mark; one that names somebody who was erased keeps no name either.
    """
    nameless = refused == SUPPRESSED and line.subjects.calls_erased(raw.path)
    mark = next(kept_marks(line, [raw.mark])) if raw.mark else AGAIN
    if not nameless:
        line.payloads.put(raw.path_id, raw.path.encode(), owner or raw.source)
    line.records.put_entry(
        Entry(
            source=raw.source, path=raw.path_id, record="" if refused else raw.record, digest=raw.digest,
            size=raw.size, mark="" if nameless or refused in PASSING else mark, refused=refused,
        )
    )  # fmt: skip


def kept_marks(line: Line, marks: Iterable[str]) -> Iterator[str]:
    """A place's marks as they are kept: keyed, since the digest of a short row could be guessed at."""
    return line.ids.digests("mark", last=marks)


def _told(line: Line, item: Ready) -> list[Draft]:
    raw, document = item.raw, item.document
    chunked: dict[str, Fact] = {
        "chunks": len(item.chunks), "characters": sum(len(c.text) for c in document.chunks),
        "parser": line.ids.digest("parser", document.parser),
    }  # fmt: skip
    return [
        Draft(
            verb="record.seen", inputs=(raw.source,), outputs=(raw.record,),
            facts={"change": raw.change, "size": len(raw.data)},
        ),
        Draft(verb="record.chunked", inputs=(raw.record,), outputs=item.chunks, facts=chunked),
    ]  # fmt: skip


def _judged(line: Line, item: Ready, twin: _Twin | None, reason: str) -> list[Draft]:
    """People met, repetitions found, and whether the record stays out of answers."""
    record = item.raw.record
    drafts = [
        Draft(
            verb="subject.linked", inputs=(link.subject,), outputs=(record,),
            facts={"how": link.how, "score": link.score},
        )
        for link in line.subjects.meet(item.document.mentions, record)
    ]  # fmt: skip
    if twin:
        how = "exact" if twin.similarity == 1 else "near"
        facts: dict[str, Fact] = {"how": how, "similarity": round(twin.similarity, 4)}
        drafts.append(Draft(verb="record.duplicate", inputs=(twin.record.id,), outputs=(record,), facts=facts))
    if reason:
        drafts.append(Draft(verb="record.quarantined", inputs=(record,), facts={"reason": reason}))
    return drafts


def _twin(line: Line, record: ArtifactId, document: Document) -> _Twin | None:
    """The first seen record that says the same; candidates by MinHash bands, verified on the text."""
    candidates = [c for c in line.records.near(duplicates.bands(document.signature)) if c != record]
    known = line.records.get_many(candidates)
    texts = read_documents(line, [r.document for r in known.values()])
    for candidate in candidates:
        other = texts.get(known[candidate].document)
        if other is not None:
            similarity = duplicates.jaccard(document.text, other.text)
            if similarity >= duplicates.THRESHOLD:
                twin = _Twin(known[candidate], similarity)
                if twin.is_shut_out or twin.record.state == "live":
                    return twin
    return None


def _drop_older(line: Line, before: Record, sets: Collection[ArtifactId]) -> None:
    """What was made of the same bytes by other rules: it may say what is masked now."""
    older = [s for s in line.generations.sets_of([before.id]) if s not in sets]
    line.payloads.delete([before.document, *older])
    line.records.drop_chunks(before.id)


def _quarantine_reason(line: Line, item: Ready, before: Record | None, twin: _Twin | None) -> str:
    """Why it stays out of answers; what a person decided about the same content stands."""
    document = item.document
    if before and _stands(line, item, before):
        return "" if before.state == "live" else before.reason
    if twin and twin.is_shut_out:
        return twin.record.reason
    if line.records.is_held(text_digest(line, document)):
        return "operator"
    if line.limits.hidden_text == "quarantine" and poison.is_quarantined(document.risks):
        return document.risks[0].kind
    return "contract" if item.breaks else ""


def _stands(line: Line, item: Ready, before: Record) -> bool:
    """Whether it keeps the state that it has: always what a person decided, and the rest unless it is judged again."""
    if item.raw.change == REJUDGED:
        return bool(line.desk.decision(before.id)) or before.reason == "operator"
    return before.state == "live" or before.reason != "none"
