"""Misstated: which documents say wrong words, and all that was made of those words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruline.core.ids import ArtifactId, kind_of
from thruline.data import copies
from thruline.data.mending import Fix, Mender
from thruline.data.records import Record
from thruline.flows.documents import PAGE, as_text, read_documents
from thruline.flows.learned import taught_by
from thruline.flows.named import resolve
from thruline.flows.reach import find
from thruline.flows.reports import AnswerReport
from thruline.flows.touched import touched

if TYPE_CHECKING:
    from thruline.flows.line import Line

ALL = 1 << 31
MADE = ("answer", "dataset", "export", "corpus")


@dataclass(frozen=True, kw_only=True)
class Misstated:
    """Records that say wrong words. meant: to be corrected; older: versions of the same paths that nothing shows now;
    elsewhere: in answers or quarantine, and not meant.
    """

    meant: tuple[Record, ...]
    older: tuple[Record, ...]
    elsewhere: tuple[Record, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """All that leave."""
        return (*self.meant, *self.older)


@dataclass(frozen=True, kw_only=True)
class MadeOf:
    """What was made of wrong words; the rest of what was made of their records stays. See rebuild.Taken."""

    record_ids: tuple[ArtifactId, ...]
    chunks: tuple[ArtifactId, ...]
    answers: tuple[ArtifactId, ...]
    exports: tuple[ArtifactId, ...]
    corpora: tuple[ArtifactId, ...]
    datasets: tuple[ArtifactId, ...]
    models: tuple[ArtifactId, ...]
    called: tuple[str, ...] = ()


def misstated(line: Line, fix: Fix, what: str, person: Sequence[str]) -> Misstated:
    """The records that say the wrong words, of what is named and of whoever is; raises NotFound for neither there."""
    named = resolve(line, what, within=True)
    ids, paths = {r.id for r in named}, {r.path for r in named}
    if person:
        held = find(line, person).records
        ids &= {r.id for r in held}
    saying = list(_saying(line, fix))
    meant = [r for r in saying if r.id in ids and r.state != "superseded"]
    taken = {r.path for r in meant}
    older = [r for r in saying if r.state == "superseded" and (r.path in taken or (r.path in paths and not person))]
    rest = [r for r in saying if r.state != "superseded" and r.id not in {m.id for m in meant}]
    return Misstated(meant=tuple(meant), older=tuple(older), elsewhere=tuple(rest))


def made_of(line: Line, fix: Fix, records: Sequence[Record]) -> MadeOf:
    """The answers, copies, data sets and models that hold the wrong words of these records."""
    ids = tuple(r.id for r in records)
    chunks = tuple(line.records.every_chunk_of(ids))
    below = touched(line, [*ids, *chunks])
    of_kind = {kind: sorted(i for i in below if kind_of(i) == kind) for kind in MADE}
    said = line.answers.read(of_kind["answer"])
    answers = tuple(ArtifactId(id) for id, answer in said.items() if Mender(fix).is_needed(*_words(answer)))
    held = [d for d in of_kind["dataset"] if line.registry.holds(d)]
    datasets = tuple(d for d in held if Mender(fix).is_needed(*taught_by(line, d, ids)))
    models = tuple(sorted(i for i in touched(line, datasets) if kind_of(i) == "model"))
    return MadeOf(
        record_ids=ids, chunks=chunks, answers=answers, exports=tuple(of_kind["export"]),
        corpora=tuple(of_kind["corpus"]), datasets=datasets, models=models,
    )  # fmt: skip


def _saying(line: Line, fix: Fix) -> list[Record]:
    """Every record that says the wrong words, whatever its state; by their sketches few need to be decrypted."""
    sought = line.sketcher.sought([fix.wrong])
    spared = {record for record, _, bits in line.records.sketches() if not sought.may_be_in(bits)}
    asked = [r for r in line.records.list(limit=ALL) if r.state != "deleted" and r.document and r.id not in spared]
    pages = (asked[start : start + PAGE] for start in range(0, len(asked), PAGE))
    return [record for page in pages for record in _of_page(line, fix, page)]


def _of_page(line: Line, fix: Fix, page: Sequence[Record]) -> list[Record]:
    documents = read_documents(line, [r.document for r in page])
    raw = line.payloads.get_many([r.id for r in page])
    known = [r for r in page if r.document in documents]
    said = {r.id: (documents[r.document].searchable, _text(line, raw.get(r.id, b""))) for r in known}
    return [r for r in known if Mender(fix).is_needed(*said[r.id])]


def _text(line: Line, data: bytes) -> str:
    copy = copies.opened(line.ids, data)
    return "\n".join((copy.text, copy.title, *copy.hidden, *copy.properties)) if copy else as_text(data)


def _words(answer: AnswerReport) -> Iterator[str]:
    yield from (answer.question, answer.text)
    yield from (words for passage in answer.passages for words in (passage.title, passage.text))
