"""Store: records that were prepared and embedded into every table but that of paths, with their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.facts import Fact
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft
from thruline.data import duplicates
from thruline.data.records import Record
from thruline.flows import kinship
from thruline.flows.documents import Document, as_text, read_documents
from thruline.flows.prepare import REJUDGED, Raw, owner_of
from thruline.flows.recut import Made, chunked, note_cuts
from thruline.flows.restrictions import RESTRICTED, Restricted
from thruline.flows.same import text_digest
from thruline.guard import poison
from thruline.runs.runner import Run
from thruline.vectors.generations import NewSet

if TYPE_CHECKING:
    from thruline.flows.line import Line


class Ready(NamedTuple):
    """A record with all that is to be stored of it. made: first by what serves, then by what the index is moving to."""

    raw: Raw
    made: Sequence[Made]
    breaks: bool

    @property
    def document(self) -> Document:
        """What answers."""
        return self.made[0].document

    @property
    def payload(self) -> ArtifactId:
        """Where that is kept."""
        return self.made[0].payload

    @property
    def chunks(self) -> tuple[ArtifactId, ...]:
        """That answer."""
        return self.made[0].chunks

    @property
    def owner(self) -> str:
        """Whose key its bytes are under."""
        return owner_of(self.raw, self.document)


class _Twin(NamedTuple):
    record: Record
    similarity: float

    @property
    def is_shut_out(self) -> bool:
        """Whether an operator took the very same words out of answers."""
        return self.record.state == "quarantined" and self.similarity == 1


def store(
    line: Line, run: Run, items: Sequence[Ready], shut: Restricted, instead_of: Mapping[str, Record] = {}
) -> None:
    """Into every table but that of paths, with their events; in the caller's transaction.

    instead_of: by new record, one that is gone, whose state and age it takes over.
    """
    if not items:
        return
    run.append(*(draft for item in items for draft in _told(line, item)))
    line.payloads.put_many((item.raw.record, item.raw.data, item.owner) for item in items)
    new = [NewSet(i.raw.record, one.chunks, one.vectors, one.recipe, i.owner) for i in items for one in i.made]
    made = iter(line.generations.put_sets(new, run=run.id, actor=run.actor))
    said = {item.raw.record: text_digest(line, item.document) for item in items}
    judged: list[Draft] = []
    for item in items:
        record, sets = item.raw.record, list(islice(made, len(item.made)))
        judged += _placed(line, _Placing(item, said[record], sets, shut, instead_of.get(record)))
    line.records.put_texts(said)
    documents = {item.raw.record: item.document for item in items}
    line.records.put_sketches({record: document.sketch for record, document in documents.items()})
    line.records.put_chunks({i.raw.record: one.chunks for i in items for one in i.made if not one.recipe.cut})
    kinship.note(line, documents)
    run.append(*judged)


class _Placing(NamedTuple):
    """said: a digest of its words. sets: of its vectors, that of the embedder that serves first."""

    item: Ready
    said: str
    sets: Sequence[ArtifactId]
    shut: Restricted
    instead_of: Record | None


def _placed(line: Line, placing: _Placing) -> list[Draft]:
    """Put a record among the others, of its group too; what is to be told of it."""
    item, sets, instead_of = placing.item, placing.sets, placing.instead_of
    raw, document = item.raw, item.document
    before = line.records.get_many([raw.record]).get(raw.record)
    note_cuts(line, raw.record, before, item.made, sets)
    before = instead_of or before
    bands = duplicates.bands(document.signature)
    twin = _twin(line, raw.record, document, bands)
    reason = _quarantine_reason(line, placing, before, twin)
    twin = None if twin and twin.is_shut_out else twin
    line.records.put(
        Record(
            id=raw.record, source=raw.source, state="quarantined" if reason else "live", reason=reason or "none",
            document=item.payload, vectors=sets[0], owner=item.owner, canonical=twin.record.id if twin else "",
            chunks=len(item.chunks), size=len(raw.data), risk=max((r.score for r in document.risks), default=0.0),
            seen=instead_of.seen if instead_of else line.clock.now(), path=raw.path_id,
        )
    )  # fmt: skip
    line.records.put_bands(raw.record, bands)
    return _judged(line, item, twin, reason)


def _told(line: Line, item: Ready) -> list[Draft]:
    raw = item.raw
    seen = Draft(
        verb="record.seen", inputs=(raw.source,), outputs=(raw.record,),
        facts={"change": raw.change, "size": len(raw.data)},
    )  # fmt: skip
    cut = {one.chunks: one.document for one in item.made}
    return [seen, *(chunked(line, raw.record, chunks, document) for chunks, document in cut.items())]


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


def _twin(line: Line, record: ArtifactId, document: Document, bands: Sequence[str]) -> _Twin | None:
    """The first seen record that says the same; candidates by MinHash bands, verified on the text."""
    candidates = [c for c in line.records.near(bands) if c != record]
    known = line.records.get_many(candidates)
    texts = read_documents(line, [r.document for r in known.values()])
    for candidate in candidates:
        other = texts.get(known[candidate].document)
        if other is not None:
            similarity = duplicates.jaccard(document.text, other.text)
            if similarity >= duplicates.THRESHOLD:
                twin = _Twin(known[candidate], similarity)
                if twin.is_shut_out or (twin.record.state == "live" and _may_stand_for(other, document, similarity)):
                    return twin
    return None


def _may_stand_for(other: Document, document: Document, similarity: float) -> bool:
    """Whether whoever asks by a field misses nothing. Of the very same words the own date may differ, as of copies."""
    return other.told(dated=similarity < 1) == document.told(dated=similarity < 1)


def _quarantine_reason(line: Line, placing: _Placing, before: Record | None, twin: _Twin | None) -> str:
    """Why it stays out of answers; what a person decided about the same content stands."""
    raw, document = placing.item.raw, placing.item.document
    reason = _own_reason(line, placing, before, twin)
    if not reason and placing.shut.names_one(document, raw.path, as_text(raw.data)):
        return RESTRICTED
    return reason


def _own_reason(line: Line, placing: _Placing, before: Record | None, twin: _Twin | None) -> str:
    item = placing.item
    if before and _stands(line, item, before):
        return "" if before.state == "live" else before.reason
    if twin and twin.is_shut_out:
        return twin.record.reason
    if line.records.is_held(placing.said):
        return "operator"
    if line.limits.hidden_text == "quarantine" and poison.is_quarantined(item.document.risks):
        return item.document.risks[0].kind
    return "contract" if item.breaks else ""


def _stands(line: Line, item: Ready, before: Record) -> bool:
    """Whether it keeps the state that it has: always what a person decided, and the rest unless it is judged again."""
    if item.raw.change == REJUDGED:
        return bool(line.desk.decision(before.id)) or before.reason == "operator"
    return before.state == "live" or before.reason != "none"
