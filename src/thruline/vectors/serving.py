"""What answers questions: one immutable snapshot of a generation in memory, dense and words over the same rows.

Access is decided before anything is scored: a row's label (its source, groups and rights) is looked up in a small table
made for the actor, and the same mask goes into both searches, so nothing hidden can push out, outrank or be counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple

import numpy as np

from thruline.core.errors import Invalid
from thruline.core.ids import ArtifactId
from thruline.ports.dense import DenseIndex, Found
from thruline.ports.text import TextIndex
from thruline.vectors.fusion import reciprocal_ranks

EVERYBODY = "*"
# How far down each ranking fusion looks: on SciFact's training questions 30 to 200 are alike (nDCG@10 .754 +- .001),
# and deeper costs time.
CANDIDATES = 60
_NONE = Found(np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """A live record as it is served: who may see it, and its chunks with vectors, texts and titles row by row.

    groups: of its source. rights: one group of each of these is needed besides.
    """

    record: ArtifactId
    source: ArtifactId
    groups: frozenset[str]
    chunks: Sequence[ArtifactId]
    vectors: np.ndarray
    texts: Sequence[str]
    titles: Sequence[str]
    rights: frozenset[frozenset[str]] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A chunk that was found. Ranks count from 1; a rank of 0 means that this search did not find it."""

    chunk: ArtifactId
    record: ArtifactId
    source: ArtifactId
    score: float
    dense_rank: int
    dense_score: float
    text_rank: int
    text_score: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a search went: rows that the actor may see, candidates of either ranking, hits asked for and given.

    left_out: records that the actor sees and that were not searched, since they may not be used.
    """

    way: Literal["hybrid", "dense", "text", "nothing"]
    visible: int
    left_out: int
    dense: int
    text: int
    asked: int
    returned: int


@dataclass(frozen=True, kw_only=True)
class Hits:
    """Best first."""

    hits: tuple[Hit, ...]
    plan: Plan


class _Label(NamedTuple):
    source: ArtifactId
    groups: frozenset[str]
    rights: frozenset[frozenset[str]]


class Serving:
    """One generation, ready. Many threads may search it; a newer one replaces it whole."""

    def __init__(
        self, generation: ArtifactId, shelved: Mapping[ArtifactId, Shelved], dense: DenseIndex, text: TextIndex
    ) -> None:
        self.generation = generation
        self._shelved = shelved
        self._dense, self._text = dense, text
        records = [record for record in shelved.values() for _ in record.chunks]
        self._records = [record.record for record in records]
        self._chunks = [chunk for record in shelved.values() for chunk in record.chunks]
        ends = accumulate(len(record.chunks) for record in shelved.values())
        self._rows_of = {
            r.record: slice(end - len(r.chunks), end) for r, end in zip(shelved.values(), ends, strict=True)
        }
        labels = {_Label(r.source, r.groups, r.rights): None for r in shelved.values()}
        self._labels = list(labels)
        number = {label: i for i, label in enumerate(self._labels)}
        self._left_out = (frozenset[ArtifactId](), np.empty(0, np.intp), np.empty(0, np.intp))  # replaced whole
        self._label_of_row = np.array([number[_Label(r.source, r.groups, r.rights)] for r in records], np.intp)

    @classmethod
    def load(cls, generation: ArtifactId, records: Iterable[Shelved], dense: DenseIndex, text: TextIndex) -> Serving:
        """A snapshot of these records, whatever their order, over new indexes; records without chunks are left out.

        Raises Invalid when their vectors or texts do not fit their chunks or one another.
        """
        shelved = {r.record: r for r in sorted(records, key=lambda r: r.record) if len(r.chunks)}
        for record in shelved.values():
            _check(record)
        if len({record.vectors.shape[1] for record in shelved.values()}) > 1:
            raise Invalid("records with vectors of different dimensions", hint="re-index under one embedder")
        dense.build(_stacked(shelved))
        text.build(
            [text for record in shelved.values() for text in record.texts],
            [title for record in shelved.values() for title in record.titles],
        )
        return cls(generation, shelved, dense, text)

    def refreshed(
        self,
        generation: ArtifactId,
        *,
        changed: Iterable[Shelved] = (),
        gone: Collection[ArtifactId] = (),
        dense: DenseIndex,
        text: TextIndex,
    ) -> Serving:
        """The next snapshot: this one with records added or replaced, and without those that are gone.

        What did not change is not read, decrypted or decoded again; the indexes are rebuilt.
        """
        kept = {id: record for id, record in self._shelved.items() if id not in gone}
        return Serving.load(generation, (kept | {r.record: r for r in changed}).values(), dense, text)

    def __len__(self) -> int:
        return len(self._chunks)

    @property
    def records(self) -> frozenset[ArtifactId]:
        """The records that are served."""
        return frozenset(self._shelved)

    def search(
        self,
        text: str,
        vector: np.ndarray | None,
        k: int,
        *,
        groups: frozenset[str],
        sources: frozenset[ArtifactId] | None = None,
        without: frozenset[ArtifactId] = frozenset(),
        only: frozenset[ArtifactId] | None = None,
    ) -> Hits:
        """The k best chunks that these groups may see, by words and, with a vector, by meaning.

        groups: the actor's; "*" sees all. sources: only from these. without: from none of these records.
        only: from these records alone. min(k, all that matches) come back.
        """
        mask, left_out = self._mask(groups, sources, without, only)
        visible = len(self) if mask is None else int(np.count_nonzero(mask))
        if visible == 0 or k <= 0:
            plan = Plan(way="nothing", visible=visible, left_out=left_out, dense=0, text=0, asked=k, returned=0)
            return Hits(hits=(), plan=plan)
        depth = max(k, CANDIDATES)
        near = _NONE if vector is None else self._dense.search(vector, depth, mask)
        said = self._text.search(text, depth, mask)
        hits = self._fuse(near, said, k)
        way = "text" if vector is None else "hybrid" if len(said.rows) else "dense"
        plan = Plan(
            way=way, visible=visible, left_out=left_out, dense=len(near.rows), text=len(said.rows), asked=k,
            returned=len(hits),
        )  # fmt: skip
        return Hits(hits=hits, plan=plan)

    def close(self) -> None:
        """Free the text index; after the last search."""
        self._text.close()

    def _mask(
        self, groups: frozenset[str], sources: frozenset[ArtifactId] | None, without: frozenset[ArtifactId],
        only: frozenset[ArtifactId] | None,
    ) -> tuple[np.ndarray | None, int]:  # fmt: skip
        """Rows that may be seen, None when all may, and how many records of those that might be are left out."""
        allowed = np.array([_may_see(label, groups, sources) for label in self._labels], bool)
        first, rows = self._out(without)
        if allowed.all() and not len(first) and only is None:
            return None, 0
        mask = allowed[self._label_of_row]
        if only is not None:
            mask &= self._rows_in(only)
        left_out = int(np.count_nonzero(mask[first]))
        mask[rows] = False
        return mask, left_out

    def _out(self, without: frozenset[ArtifactId]) -> tuple[np.ndarray, np.ndarray]:
        """The first row of each of these records, and all of their rows.

        The set is the very same until somebody says something else: what it meant last is kept.
        """
        known = self._left_out
        if known[0] is not without:
            spans = [self._rows_of[record] for record in without if record in self._rows_of]
            rows = [np.arange(span.start, span.stop) for span in spans]
            first = np.array([span.start for span in spans], np.intp)
            known = self._left_out = (without, first, np.concatenate(rows) if rows else first)
        return known[1:]

    def _rows_in(self, records: frozenset[ArtifactId]) -> np.ndarray:
        inside = np.zeros(len(self), bool)
        for record in records & self._rows_of.keys():
            inside[self._rows_of[record]] = True
        return inside

    def _fuse(self, near: Found, said: Found, k: int) -> tuple[Hit, ...]:
        fused = reciprocal_ranks([near.rows, said.rows])
        dense, text = _places(near), _places(said)
        return tuple(
            self._hit(int(row), float(score), dense.get(int(row), _ABSENT), text.get(int(row), _ABSENT))
            for row, score in zip(fused.rows[:k], fused.scores[:k], strict=True)
        )

    def _hit(self, row: int, score: float, dense: _Place, text: _Place) -> Hit:
        return Hit(
            chunk=self._chunks[row],
            record=self._records[row],
            source=self._labels[self._label_of_row[row]].source,
            score=score,
            dense_rank=dense.rank,
            dense_score=dense.score,
            text_rank=text.rank,
            text_score=text.score,
        )


class _Place(NamedTuple):
    rank: int
    score: float


_ABSENT = _Place(0, 0.0)


def _places(found: Found) -> dict[int, _Place]:
    pairs = enumerate(zip(found.rows.tolist(), found.scores.tolist(), strict=True), 1)
    return {row: _Place(rank, score) for rank, (row, score) in pairs}


def _may_see(label: _Label, groups: frozenset[str], sources: frozenset[ArtifactId] | None) -> bool:
    wanted = sources is None or label.source in sources
    return wanted and (EVERYBODY in groups or not any(map(groups.isdisjoint, (label.groups, *label.rights))))


def _check(record: Shelved) -> None:
    rows = {len(record.chunks), len(record.vectors), len(record.texts), len(record.titles)}
    if len(rows) > 1 or record.vectors.ndim != 2:
        raise Invalid(f"record {record.record!r} has chunks, vectors and texts of different numbers")


def _stacked(shelved: Mapping[ArtifactId, Shelved]) -> np.ndarray:
    """One float32 matrix of unit rows: what was stored as float16 is a little off length 1."""
    if not shelved:
        return np.empty((0, 0), np.float32)
    matrix = np.concatenate([record.vectors for record in shelved.values()], dtype=np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(lengths > 0, lengths, 1)
