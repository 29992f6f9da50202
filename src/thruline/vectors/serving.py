"""What answers questions: one immutable snapshot of a generation in memory, dense and words over the same rows.

Access is decided before anything is scored: a row's label (its source, groups and rights) is looked up in a small table
made for the actor, and the same mask goes into both searches, so nothing hidden can push out, outrank or be counted.

Snapshots that follow one another share their engines: a change costs what came and went. A snapshot knows which rows
live in it, so questions under way finish on theirs; what is gone is wiped once no snapshot is left that had it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Literal, NamedTuple

import numpy as np

from thruline.core.errors import Corrupt, Invalid, Unavailable
from thruline.core.fields import Field, FieldType
from thruline.core.ids import ArtifactId
from thruline.ports.dense import DenseIndex, Found, Keepable, Scan
from thruline.ports.text import TextIndex
from thruline.vectors.columns import Columns, Count, KeptColumn, Where
from thruline.vectors.exact import Stored, exact
from thruline.vectors.fusion import EVEN, Fusion, reciprocal_ranks
from thruline.vectors.rows import Label, Labelled, Rows

# How far down each ranking fusion looks: on SciFact's training questions 30 to 200 are alike (nDCG@10 .754 +- .001),
# and deeper costs time.
CANDIDATES = 60
# While an engine is away, the store's vectors answer for it up to here: reading and scoring takes 60 us CPU a row.
EXACT_ROWS = 20_000
_NONE = Found(np.empty(0, np.int64), np.empty(0, np.float32), "none")


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """A live record as it is served: who may see it, and its chunks with vectors, texts and titles row by row.

    groups: of its source. rights: one group of each of these is needed besides. languages: of the chunks, '' for one
    that is not known; none for all of them not known.
    """

    record: ArtifactId
    source: ArtifactId
    groups: frozenset[str]
    chunks: Sequence[ArtifactId]
    vectors: np.ndarray
    texts: Sequence[str]
    titles: Sequence[str]
    languages: Sequence[str] = ()
    rights: frozenset[frozenset[str]] = frozenset()
    fields: Sequence[Field] = ()

    @property
    def label(self) -> Label:
        """Who may see it."""
        return Label(self.source, self.groups, self.rights)


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


Again = Literal["", "few", "away"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a search went: rows that the actor may see, candidates of either ranking, hits asked for and given.

    left_out: records that the actor sees and that were not searched, since they may not be used. scan: how the dense
    half was found, and scored: how many rows were scored exactly. again: why the exact plan was run after the dense
    engine, or instead of it: it gave too `few`, or is `away`; with too many rows for that, the words alone answer.
    stale: rows that are gone, and may still count
    in how rare a word is until the index is made anew: they move scores by words by a hair, and are never found.
    unreachable: rows that could not be looked at by meaning, since what holds them is away. fusion: how the rankings
    were joined.
    """

    way: Literal["hybrid", "dense", "text", "nothing"]
    visible: int
    left_out: int
    dense: int
    text: int
    asked: int
    returned: int
    scan: Scan = "none"
    scored: int = 0
    again: Again = ""
    stale: int = 0
    unreachable: int = 0
    fusion: Fusion = EVEN


@dataclass(frozen=True, kw_only=True)
class Hits:
    """Best first."""

    hits: tuple[Hit, ...]
    plan: Plan


@dataclass(frozen=True, kw_only=True)
class KeptServing:
    """A snapshot put away. records: with the number of their label and of their chunks, in the order of the rows."""

    generation: ArtifactId
    labels: list[Label]
    records: list[tuple[ArtifactId, int, int]]
    chunks: list[ArtifactId]
    dense: dict[str, bytes]
    text: dict[str, bytes]
    columns: list[KeptColumn] = field(default_factory=list)


def at_once(work: Callable[[], object]) -> None:
    """Do it now."""
    work()


class Serving:
    """One generation, ready. Many threads may search it; a newer one replaces it whole."""

    def __init__(self, generation: ArtifactId, rows: Rows, engines: _Engines) -> None:
        self.generation = generation
        self._rows, self._engines = rows, engines
        self._text = engines.text.view()
        self._stale = engines.text.stats().deleted  # at most
        self._hold = _Hold()

    @classmethod
    def load(
        cls, generation: ArtifactId, records: Iterable[Shelved], dense: DenseIndex, text: TextIndex,
        *, stored: Stored | None = None, later: Callable[[Callable[[], object]], object] = at_once,
    ) -> Serving:  # fmt: skip
        """A snapshot of these records, whatever their order, over new indexes; records without chunks are left out.

        stored: gives records' vectors, for the exact plan. later: does what nobody waits for. Raises Invalid when
        vectors or texts do not fit their chunks or one another.
        """
        shelved = _checked(sorted(records, key=lambda r: r.record))
        dense.build(_stacked(shelved))
        text.build(*_said(shelved))
        rows = Rows().after([_labelled(r) for r in shelved], (), {})
        return cls(generation, rows, _Engines(dense, text, stored, later))

    @classmethod
    def restored(
        cls, kept: KeptServing, dense: DenseIndex, text: TextIndex,
        *, stored: Stored | None = None, later: Callable[[Callable[[], object]], object] = at_once,
    ) -> Serving:  # fmt: skip
        """As it was put away; raises Corrupt when these engines cannot take it."""
        if not (isinstance(dense, Keepable) and isinstance(text, Keepable)):
            raise Corrupt("the engines keep nothing", hint="the index is built anew")
        dense.restore(kept.dense)
        text.restore(kept.text)
        chunks = iter(kept.chunks)
        records = [Labelled(r, kept.labels[label], list(islice(chunks, n))) for r, label, n in kept.records]
        rows = replace(Rows().after(records, (), {}), columns=Columns.restored(kept.columns))
        if not len(rows.lives) == dense.stats().rows == text.stats().rows == len(kept.chunks):
            raise Corrupt("what was put away does not fit together", hint="the index is built anew")
        return cls(ArtifactId(kept.generation), rows, _Engines(dense, text, stored, later))

    def put_away(self) -> KeptServing | None:
        """All of it as bytes; None where an engine cannot, or rows that are gone lie in it."""
        dense, text, rows = self._engines.dense, self._engines.text, self._rows
        if self.dead or not (isinstance(dense, Keepable) and isinstance(text, Keepable)):
            return None
        near, said = dense.dump(), text.dump()
        if near is None or said is None or len(rows.chunks) != len(rows.lives):
            return None
        return KeptServing(
            generation=self.generation, labels=list(rows.labels), chunks=rows.chunks, dense=dict(near), text=dict(said),
            records=[(r, int(rows.label_of[s.start]), s.stop - s.start) for r, s in rows.spans.items()],
            columns=rows.columns.put_away(),
        )  # fmt: skip

    def refreshed(
        self, generation: ArtifactId, *, changed: Iterable[Shelved] = (), gone: Collection[ArtifactId] = (),
        relabelled: Mapping[ArtifactId, Label] | None = None,
    ) -> Serving:  # fmt: skip
        """The next snapshot: this one with records added or replaced, without those that are gone, and others seen by
        others. Costs what changes. To be called once, on the newest: the engines are shared.
        """
        came = _checked(sorted({r.record: r for r in changed}.values(), key=lambda r: r.record))
        dense, text = self._engines.dense, self._engines.text
        gone = {record for record in (*gone, *(r.record for r in came)) if record in self._rows.spans}
        out = self._rows.rows_of(gone)
        if came:
            dense.add(_stacked(came))
            text.add(*_said(came))
        text.delete(out)
        rows = self._rows.after([_labelled(r) for r in came], gone, relabelled or {})
        newer = Serving(generation, rows, self._engines)
        self._hold.newer = newer._hold
        if len(out):
            wiped = weakref.finalize(self._hold, _wipe, self._engines, out)
            wiped.atexit = False
        return newer

    def __len__(self) -> int:
        return self._rows.count

    @property
    def records(self) -> frozenset[ArtifactId]:
        """The records that are served."""
        return self._rows.served

    def label(self, record: ArtifactId) -> Label:
        """Who may see one of them."""
        return self._rows.label(self._rows.spans[record].start)

    @property
    def dead(self) -> int:
        """Rows that still take a number, or are weighed with the words, and are never found."""
        return len(self._rows.lives) - self._rows.count

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
        where: Where | None = None,
        fusion: Fusion = EVEN,
        depth: int = 0,
    ) -> Hits:
        """The k best chunks that these groups may see, by words and, with a vector, by meaning.

        groups: the actor's; "*" sees all. sources: only from these. without: from none of these records.
        only: from these records alone. where: of which these conditions hold. fusion: how the rankings are joined.
        depth: how far down each is looked, 0 for as far as k takes. min(k, all that matches) come back. An empty text
        is no words: by meaning alone.
        """
        mask, visible, left_out = self._rows.allowed(groups, sources, without, only, where)
        plan = partial(Plan, visible=visible, left_out=left_out, asked=k, stale=self._stale, fusion=fusion)
        if visible == 0 or k <= 0:
            return Hits(hits=(), plan=plan(way="nothing", dense=0, text=0, returned=0))
        depth = depth or (max(k, CANDIDATES) if text else k)
        near, again = (_NONE, "") if vector is None else self._near(vector, depth, mask, visible, has_words=bool(text))
        said = self._settled(self._text.search(text, depth, mask)) if text else _NONE
        hits = self._fuse(near, said, k, fusion)
        way = "text" if near.scan == "none" else "hybrid" if len(said.rows) else "dense"
        made = plan(
            way=way, dense=len(near.rows), text=len(said.rows), returned=len(hits), scan=near.scan,
            scored=near.candidates, again=again, unreachable=near.missed,
        )  # fmt: skip
        return Hits(hits=hits, plan=made)

    def visible(
        self, *, groups: frozenset[str], sources: frozenset[ArtifactId] | None = None,
        without: frozenset[ArtifactId] = frozenset(), only: frozenset[ArtifactId] | None = None,
        where: Where | None = None,
    ) -> frozenset[ArtifactId]:  # fmt: skip
        """The records that such a search looks through."""
        mask, _, _ = self._rows.allowed(groups, sources, without, only, where)
        return frozenset(r for r, span in self._rows.spans.items() if mask is None or mask[span.start])

    def told(
        self, hidden: frozenset[str], *, groups: frozenset[str], sources: frozenset[ArtifactId] | None = None,
        without: frozenset[ArtifactId] = frozenset(),
    ) -> dict[tuple[str, FieldType], Count]:  # fmt: skip
        """By field, how many of the records that such a search looks through say something there.

        hidden: kinds of personal data that whoever asks is not cleared for.
        """
        mask, _, _ = self._rows.allowed(groups, sources, without, None)
        first = np.array([span.start for span in self._rows.spans.values()], np.int64)
        return self._rows.columns.counts(first if mask is None else first[mask[first]], hidden)

    def close(self) -> None:
        """Free the indexes; after the last search."""
        self._engines.text.close()
        self._engines.dense.close()

    def _near(
        self, vector: np.ndarray, k: int, mask: np.ndarray | None, visible: int, *, has_words: bool
    ) -> tuple[Found, Again]:
        """As many as there are: what the engine lost, or did not answer, is found in the store."""
        stored = self._engines.stored
        try:
            found = self._asked(vector, k, mask)
        except Unavailable:
            if stored is None:
                raise
            if has_words and visible > EXACT_ROWS:
                return _NONE, "away"
            found, again = _NONE, "away"
        else:
            again = "few" if len(found.rows) < min(k, visible) else ""
        if again and stored is not None:
            found = exact(
                vector, k, self._rows, self._rows.lives if mask is None else mask, partial(stored, self.generation)
            )
        return self._settled(found), again

    def _asked(self, vector: np.ndarray, k: int, mask: np.ndarray | None) -> Found:
        """What the engine gives, without what it should not have given."""
        dense, known = self._engines.dense, len(self._rows.lives)
        if mask is None:
            found = dense.search(vector, k)
            if not len(found.rows) or found.rows.max() < known:
                return found
            mask = self._rows.lives  # somebody added rows that this snapshot does not know
        found = dense.search(vector, k, mask)
        allowed = mask[found.rows]
        return found if allowed.all() else found._replace(rows=found.rows[allowed], scores=found.scores[allowed])

    def _settled(self, found: Found) -> Found:
        """Ties in an order that does not depend on when a row came."""
        if (found.scores[1:] < found.scores[:-1]).all():
            return found
        order = np.lexsort((self._rows.order[found.rows], -found.scores))
        return found._replace(rows=found.rows[order], scores=found.scores[order])

    def _fuse(self, near: Found, said: Found, k: int, how: Fusion) -> tuple[Hit, ...]:
        fused = reciprocal_ranks([near.rows, said.rows], how.constant, self._rows.order, how.weights)
        dense, text = _places(near), _places(said)
        return tuple(
            self._hit(row, score, dense.get(row, _ABSENT), text.get(row, _ABSENT))
            for row, score in zip(fused.rows[:k].tolist(), fused.scores[:k].tolist(), strict=True)
        )

    def _hit(self, row: int, score: float, dense: _Place, text: _Place) -> Hit:
        rows = self._rows
        return Hit(
            chunk=rows.chunks[row], record=rows.records[row], source=rows.label(row).source, score=score,
            dense_rank=dense.rank, dense_score=dense.score, text_rank=text.rank, text_score=text.score,
        )  # fmt: skip


class _Engines(NamedTuple):
    dense: DenseIndex
    text: TextIndex
    stored: Stored | None
    later: Callable[[Callable[[], object]], object]


class _Hold:
    """Lives as long as its snapshot, and keeps those of newer ones alive: the last older reader lets go of all."""

    __slots__ = ("__weakref__", "newer")

    def __init__(self) -> None:
        self.newer: _Hold | None = None


def _wipe(engines: _Engines, rows: np.ndarray) -> None:
    engines.later(lambda: engines.dense.delete(rows))


class _Place(NamedTuple):
    rank: int
    score: float


_ABSENT = _Place(0, 0.0)


def _places(found: Found) -> dict[int, _Place]:
    pairs = enumerate(zip(found.rows.tolist(), found.scores.tolist(), strict=True), 1)
    return {row: _Place(rank, score) for rank, (row, score) in pairs}


def _checked(records: Iterable[Shelved]) -> list[Shelved]:
    """Those that have chunks, the last of each; raises Invalid."""
    shelved = list({r.record: r for r in records if len(r.chunks)}.values())
    for record in shelved:
        columns = (record.chunks, record.vectors, record.texts, record.titles, record.languages or record.texts)
        rows = {len(column) for column in columns}
        if len(rows) > 1 or record.vectors.ndim != 2:
            raise Invalid(f"record {record.record!r} has chunks, vectors and texts of different numbers")
    if len({record.vectors.shape[1] for record in shelved}) > 1:
        raise Invalid("records with vectors of different dimensions", hint="re-index under one embedder")
    return shelved


def _labelled(record: Shelved) -> Labelled:
    return Labelled(record.record, record.label, record.chunks, record.fields)


def _stacked(shelved: Sequence[Shelved]) -> np.ndarray:
    return np.concatenate([record.vectors for record in shelved]) if shelved else np.empty((0, 0), np.float16)


def _said(shelved: Sequence[Shelved]) -> tuple[list[str], list[str], list[str]]:
    texts = [text for record in shelved for text in record.texts]
    titles = [title for record in shelved for title in record.titles]
    return texts, titles, [code for record in shelved for code in record.languages or [""] * len(record.texts)]
