"""What a record became: the remembered result of preparing it, and how flows read it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from thruline.core.clock import iso
from thruline.core.decoding import decode
from thruline.core.documents import Chunk, Mention, Risk
from thruline.core.fields import DATE, Field, words_of
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor
from thruline.data.encodings import as_utf8
from thruline.data.policies import policy
from thruline.data.records import Record
from thruline.flows.eyes import Cover, eyes
from thruline.flows.purposes import ANSWER, bars
from thruline.flows.reports import DocumentView, RiskView
from thruline.flows.sight import sight

if TYPE_CHECKING:
    from thruline.flows.line import Line


PAGE = 256  # documents decrypted at a time
BINARY = (
    b"PK\x03\x04",
    b"PAR1",
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
)  # their words are not in their bytes


@dataclass(frozen=True, kw_only=True)
class Document:
    """A prepared record: its chunks in order, who is mentioned, what is suspicious, and its MinHash signature.

    unseen: what a reader does not see, hidden text and properties of the file. sketch: of all its words (data/sketch).
    unread: pages that are pictures, and pictures in it, that nobody could read. fields: what it can be asked by.
    """

    title: str
    media_type: str
    parser: str
    chunks: tuple[Chunk, ...]
    mentions: tuple[Mention, ...]
    risks: tuple[Risk, ...]
    signature: bytes
    unseen: str = ""
    sketch: bytes = b""
    unread: int = 0
    fields: tuple[Field, ...] = ()

    @property
    def embedded(self) -> list[str]:
        """What the embedder reads of each chunk: its place among the headings, and its text."""
        return [f"{chunk.title}\n{chunk.text}" for chunk in self.chunks]

    @property
    def searchable(self) -> str:
        """All that a search for a person must see: title, headings, text, what is not seen, evidence of risks."""
        headings = dict.fromkeys(c.title for c in self.chunks)
        return "\n".join((self.title, *headings, self.text, self.unseen, *self._beside))

    @property
    def language(self) -> str:
        """Which most of its chunks are in; empty where none tells."""
        spoken = Counter(chunk.language for chunk in self.chunks if chunk.language)
        return spoken.most_common(1)[0][0] if spoken else ""

    @property
    def doubtful(self) -> int:
        """How many of its words were read off a picture with little certainty."""
        return sum(len(chunk.doubtful) for chunk in self.chunks)

    def day(self, hidden: Collection[str] = ()) -> str:
        """When it is from, as `2026-11-22`; empty where it does not say, or whoever asks is not cleared for it."""
        said = (f for f in self.fields if f.name == DATE and not f.is_hidden(hidden))
        return next((iso(f.value)[:10] for f in said if isinstance(f.value, int)), "")

    def told(self, *, dated: bool) -> list[Field]:
        """Its fields, with its own date or without."""
        return [field for field in self.fields if dated or field.name != DATE]

    @property
    def _beside(self) -> Iterator[str]:
        """What is said apart from the text: of a masked one, who is meant."""
        return chain((r.evidence for r in self.risks), (m.value for m in self.mentions))

    @property
    def text(self) -> str:
        """All that is said, chunk by chunk."""
        return "\n\n".join(chunk.text for chunk in self.chunks)


def chunk_ids(line: Line, record: str, document: Document, cut: str = "") -> tuple[ArtifactId, ...]:
    """Of its chunks, in order; the same words at the same place are another chunk by another way to cut."""
    way = (cut,) if cut else ()
    return tuple(line.ids.within("chunk", record, *way, str(c.start), c.text) for c in document.chunks)


def is_cut_into(line: Line, record: str, document: Document, chunks: Sequence[ArtifactId], cut: str = "") -> bool:
    """Whether these are the ids of its chunks, in order; an earlier version let them begin unlike their record's."""
    made = tuple(line.ids.artifact("chunk", record, str(c.start), c.text) for c in document.chunks)
    return tuple(chunks) == chunk_ids(line, record, document, cut) or (not cut and tuple(chunks) == made)


def read_documents(line: Line, documents: Sequence[str]) -> dict[str, Document]:
    """The documents of these payload ids that still exist."""
    return {id: msgspec.msgpack.decode(raw, type=Document) for id, raw in line.payloads.get_many(documents).items()}


def documents_of(line: Line, records: Sequence[Record]) -> list[str]:
    """The payloads of every document of these records, in whatever ways they were cut."""
    ids = {r.document for r in records if r.document} | {one.document for one in line.cuts.of([r.id for r in records])}
    return sorted(ids)


def pages_of(line: Line, records: Sequence[Record]) -> Iterator[list[tuple[Record, Document]]]:
    """The records whose document still exists, with it, as many at a time as should be decrypted at once."""
    for start in range(0, len(records), PAGE):
        page = records[start : start + PAGE]
        documents = read_documents(line, [r.document for r in page])
        yield [(r, documents[r.document]) for r in page if r.document in documents]


def given_with(line: Line, records: Sequence[str]) -> list[tuple[str, str]]:
    """The fields of these records as words: of what was sent they are kept nowhere else."""
    documents = read_documents(line, [r.document for r in line.records.get_many(records).values() if r.document])
    return [(f.name, word) for d in documents.values() for f in d.fields for word in words_of(f)]


def as_text(data: bytes) -> str:
    """A file as a search for a person reads it, markup and comments included; nothing of an archive, PDF or picture."""
    return "" if data.startswith(BINARY) else decode(as_utf8(data)).replace("\0", "")


def views(line: Line, records: Sequence[Record], actor: Actor | None = None) -> tuple[DocumentView, ...]:
    """Records as the actor sees them, in the given order; as the operator does when no actor is given."""
    found = _views(line, records, actor)
    if actor is None or actor.is_operator:
        return found
    originals = line.records.get_many([id for v in found for id in (v.duplicate_of, v.alike_to) if id])
    seen = sight(line, actor).among(originals)
    return tuple(_for_eyes(v, seen.keys()) for v in found)


def _for_eyes(view: DocumentView, originals: Collection[str]) -> DocumentView:
    """Without originals that are not among these, and without the words of what is kept out of answers."""
    is_out = view.state == "quarantined"
    risks = tuple(replace(r, evidence="") for r in view.risks) if is_out else view.risks
    return replace(
        view, risks=risks, duplicate_of=view.duplicate_of if view.duplicate_of in originals else "",
        alike_to=view.alike_to if view.alike_to in originals else "",
    )  # fmt: skip


def _views(line: Line, records: Sequence[Record], actor: Actor | None) -> tuple[DocumentView, ...]:
    reader = eyes(line, actor) if actor else None
    documents = read_documents(line, [r.document for r in records if r.document])
    paths = path_names(line, [r.id for r in records], actor)
    sources = {s.id: s.name for s in line.records.sources()}
    alike = line.alike.of([r.id for r in records])
    people: dict[str, set[str]] = {}
    for link in line.subjects.met_in([r.id for r in records]):
        people.setdefault(link.artifact, set()).add(link.subject)
    found = [
        _view(r, documents.get(r.document), paths.get(r.id, ""), sources.get(r.source, ""), len(people.get(r.id, ())))
        for r in records
    ]
    hidden = reader.hidden if reader else frozenset[str]()
    found = [replace(v, fields=_fields(documents.get(r.document), hidden)) for v, r in zip(found, records, strict=True)]
    found = [replace(v, alike_to=alike[r.id].of) if r.id in alike else v for v, r in zip(found, records, strict=True)]
    kept = bars(line, ANSWER)
    found = [replace(v, kept_out=kept[r.id].why) if r.id in kept else v for v, r in zip(found, records, strict=True)]
    if reader is None or not reader.hidden:
        return tuple(found)
    return tuple(_covered(v, reader.cover(documents.get(r.document))) for v, r in zip(found, records, strict=True))


def _fields(document: Document | None, hidden: Collection[str]) -> tuple[str, ...]:
    shown = (f for f in document.fields if not f.is_hidden(hidden)) if document else ()
    return tuple(f"{f.name}={', '.join(words)}" for f in shown if (words := words_of(f)))


def _covered(view: DocumentView, cover: Cover) -> DocumentView:
    risks = tuple(replace(r, evidence=cover(r.evidence)) for r in view.risks)
    return replace(view, title=cover(view.title), risks=risks)


def path_names(line: Line, records: Sequence[str], actor: Actor | None = None) -> dict[str, str]:
    """One path of each record, of an older version the one that held it last, where it is still known.

    As the actor sees it, who does not see either what a source's policy keeps out of its texts.
    """
    known = line.records.get_many(records)
    last = {r.id: r.path for r in known.values()}
    places = last | {r: paths[0] for r, paths in line.records.paths(records).items()}
    names = line.payloads.get_many(list(places.values()))
    found = {r: names[path].decode() for r, path in places.items() if path in names}
    return found if actor is None or actor.sees_all else _covered_paths(line, found, known, actor)


def _covered_paths(line: Line, paths: dict[str, str], records: Mapping[str, Record], actor: Actor) -> dict[str, str]:
    reader = eyes(line, actor)
    kept_back = {s.id: policy(s.options).hidden for s in line.records.sources()}
    sights = {id: reader.also_without(kept_back.get(records[id].source, frozenset())) for id in paths if id in records}
    documents = read_documents(line, [records[id].document for id, reader in sights.items() if reader.hidden])
    covers = {id: reader.named(line).cover(documents.get(records[id].document)) for id, reader in sights.items()}
    return {id: covers[id](path) if id in covers else path for id, path in paths.items()}


def _view(record: Record, document: Document | None, path: str, source: str, people: int) -> DocumentView:
    return DocumentView(
        record=record.id, source=source, path=path, title=document.title if document else "", state=record.state,
        reason=record.reason, chunks=record.chunks, size=record.size, people=people, duplicate_of=record.canonical,
        risks=tuple(RiskView(kind=r.kind, score=r.score, evidence=r.evidence) for r in document.risks)
        if document else (),
        seen=iso(record.seen), doubtful=document.doubtful if document else 0, unread=document.unread if document else 0,
    )  # fmt: skip
