"""Ours in the same harness: rows are sentences of documents in a home, and a snapshot of it searches them.

What is measured of the store goes the way of a sync: payloads encrypted, keys, records, vectors, events and the new
generation in one durable transaction, then the next snapshot. Left out are parsing, looking for names and the model,
which no other engine here does. Filters are groups of readers, decided before anything is scored.
"""

# ruff: noqa: ARG002 - all engines have one shape
from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measures import STAYS, Rows, Where
from peers import Peer

from thruline.app.platform import Platform
from thruline.backends.flat4_dense import Flat4Dense
from thruline.backends.tantivy_text import TantivyText
from thruline.core.documents import Chunk
from thruline.core.ids import ArtifactId, Ids
from thruline.data.duplicates import PERMUTATIONS
from thruline.data.fields import Wanted
from thruline.data.policies import policy
from thruline.flows import INDEX
from thruline.flows.documents import Document, chunk_ids
from thruline.flows.prepare import Prepared, Raw, owner_of
from thruline.flows.publish import publish_changed
from thruline.flows.take_in import take_in
from thruline.runs.runner import Run, Step
from thruline.testing.embedders import HashEmbedder
from thruline.testing.homes import SETTINGS, FastEngines
from thruline.vectors import sets
from thruline.vectors.serving import Serving, Shelved

DIMS = 384
EVERYBODY = frozenset({"*"})
GROUP = 250  # documents that commit together at first
STEP = Step(name="bench", modules=(sets,))
BELOW = (1, 10, 100, 500)
MADE_BY = HashEmbedder(DIMS).info.digest


class Engines(FastEngines):
    """Those of the settings; vectors are given, as if the fake of so many dimensions had made them."""

    dims = DIMS


class Thruline(Peer):
    """A home with two sources: `stays`, and `goes` with 30 % of the documents."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._grouped: Serving | None = None
        self._numbers: dict[str, int] = {}

    def store(self, rows: Rows) -> None:
        with Platform.open(self.folder, create=True, overrides=SETTINGS, engines=Engines) as self._home:
            for name in ("stays", "goes"):
                self._home.data.add(path=f"push://{name}")
            numbers = np.arange(len(rows.vectors))
            for name, which in (("stays", rows.bracket < STAYS), ("goes", rows.bracket >= STAYS)):
                documents = list(_documents(rows, numbers[which], numbers))
                for start in range(0, len(documents), GROUP):
                    self._take_in(name, documents[start : start + GROUP])
        self._note_numbers()

    def build(self, rows: Rows) -> None:
        self.open()
        self._rows = rows

    def open(self) -> None:
        self._home = Platform.open(self.folder, overrides=SETTINGS, engines=Engines)
        self._now = self._home.line.shelf.serving()

    def search(self, query: np.ndarray, k: int, where: Where | None = None) -> list[int]:
        if where is None:
            hits = self._now.search("", query, k, groups=EVERYBODY).hits
            return [self._number(hit.chunk) for hit in hits]
        return self._grouped_search("", query, k, where)

    def hybrid(self, text: str, query: np.ndarray, k: int, where: Where) -> list[int]:
        return self._grouped_search(text, query, k, where)

    def insert(self, rows: Rows, first: int) -> None:
        numbers = np.arange(len(rows.vectors))
        self._take_in("stays", list(_documents(rows, numbers, numbers + first)))
        self._now = self._home.line.shelf.serving()

    def delete(self, numbers: np.ndarray) -> None:
        self._home.data.remove(source="goes")
        self._now = self._home.line.shelf.serving()
        self._home.line.shelf.settle()

    def count(self) -> int:
        line = self._home.line
        active = line.generations.active(INDEX)
        return line.generations.get(active).chunks if active else 0

    def cpu_s(self) -> float:
        return time.process_time()

    def close(self) -> None:
        self._home.close()

    def _take_in(self, source: str, documents: list[_Document]) -> None:
        line = self._home.line
        with line.runs.start("sync", only=line.records.source(source).id) as run, run.commit():
            group = [self._prepared(run, source, document) for document in documents]
            take_in(line, run, group)
            publish_changed(line, run, "sync", [prepared.raw.record for prepared in group])
        for prepared, document in zip(group, documents, strict=True):
            assert prepared.document is not None
            ids = chunk_ids(line, prepared.raw.record, prepared.document.value)
            self._numbers.update(zip(ids, document.numbers.tolist(), strict=True))

    def _prepared(self, run: Run, source: str, document: _Document) -> Prepared:
        line = self._home.line
        place = line.records.source(source)
        text = "\n".join(document.texts)
        path = f"{document.numbers[0]}.txt"
        digest = line.ids.digest("content", path, text)
        chunks = tuple(Chunk(text=t, title="", start=n, end=n + len(t)) for n, t in enumerate(document.texts))
        made = Document(
            title="", media_type="text/plain", parser="bench", chunks=chunks, mentions=(), risks=(),
            signature=hashlib.shake_256(text.encode()).digest(4 * PERMUTATIONS),  # as one that shares nothing
        )  # fmt: skip
        raw = Raw(
            source=place.id, record=line.ids.artifact("record", place.id, digest), path=path,
            path_id=line.ids.artifact("path", place.id, path), data=text.encode(), digest=digest, size=len(text),
            mark=digest, change="added", policy=policy({}), wanted=Wanted(),
        )  # fmt: skip
        memo = run.step(STEP, (raw.record,), {}, lambda: made, Document, owner=lambda document: owner_of(raw, document))
        return Prepared(raw=raw, document=memo, vectors=document.vectors, embedder=MADE_BY)

    def _note_numbers(self) -> None:
        (self.folder.parent / "numbers.json").write_text(json.dumps(self._numbers), "utf-8")

    def _number(self, chunk: str) -> int:
        if chunk not in self._numbers:
            self._numbers |= json.loads((self.folder.parent / "numbers.json").read_text("utf-8"))
        return self._numbers[chunk]

    def _grouped_search(self, text: str, query: np.ndarray, k: int, where: Where) -> list[int]:
        if self._grouped is None:
            self._grouped = _grouped(self._rows)
        groups = {f"topic{n}" for n in where.among} if where.among else {f"below{where.below}"}
        hits = self._grouped.search(text, query, k, groups=frozenset(groups)).hits
        return [int(hit.chunk) for hit in hits]


class _Document:
    """Some rows of one document."""

    def __init__(self, rows: Rows, which: np.ndarray, numbers: np.ndarray) -> None:
        self.numbers = numbers[which]
        self.texts = [rows.texts[n] for n in which.tolist()]
        self.vectors = rows.vectors[which]
        self.bracket, self.topic = int(rows.bracket[which[0]]), int(rows.topic[which[0]])


def _documents(rows: Rows, which: np.ndarray, numbers: np.ndarray) -> Iterator[_Document]:
    """Rows of one document lie together. numbers: what each row is called."""
    starts = np.flatnonzero(np.diff(rows.document[which], prepend=-1))
    for part in np.split(which, starts[1:]):
        if len(part):
            yield _Document(rows, part, numbers)


def _grouped(rows: Rows) -> Serving:
    """A snapshot of the same rows for readers in groups, one for each filter."""
    ids = Ids(bytes(32))
    numbers = np.arange(len(rows.vectors))
    shelved = (
        Shelved(
            record=ArtifactId(f"record:{d.numbers[0]:064x}"), source=ids.artifact("source", "bench"),
            groups=frozenset({f"topic{d.topic}", *(f"below{most}" for most in BELOW if d.bracket < most)}),
            chunks=[ArtifactId(str(n)) for n in d.numbers], vectors=d.vectors.astype(np.float16), texts=d.texts,
            titles=[""] * len(d.texts),
        )
        for d in _documents(rows, numbers, numbers)
    )  # fmt: skip
    return Serving.load(ids.artifact("index", "bench"), shelved, Flat4Dense(), TantivyText())
