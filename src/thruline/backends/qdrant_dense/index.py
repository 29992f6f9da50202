"""A dense index in a Qdrant collection: candidates of its graph, and where those hide, the allowed rows by name."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from thruline.backends.qdrant_dense.collection import MARKS, Collection, Point, aliases, collections, drop
from thruline.backends.qdrant_dense.rest import Rest
from thruline.core.errors import Corrupt, Invalid, Unavailable
from thruline.ports.dense import DenseStats, DenseTraits, Found
from thruline.ports.row_keys import RowKeys
from thruline.ports.scoring import as_given, as_matrix, as_query, best, cosines, rows_of

_NAME = "S36"  # a UUID as text
_NAMED = 2000  # allowed rows that are named at once, without asking the graph
_MOST_NEAR = 1000  # of the graph's candidates: names and scores, 70 bytes each
_IN_A_FILTER = 250_000  # names: 10 MB of JSON, where a server takes 32
_LOOKS = 5  # at what is there, before a search gives up
_MAX_EF = 1000
_NOTHING = Found(np.empty(0, np.int64), np.empty(0, np.float32), "none")


class _Held(NamedTuple):
    """By row: alive, whether it may be found; there, whether the server has it; names. order: rows by their names.

    others: rows that are there of other processes. marks: how often each process had taken rows out, as of then.
    """

    place: Collection | None
    alive: np.ndarray
    there: np.ndarray
    names: np.ndarray
    order: np.ndarray
    others: int
    marks: Mapping[str, int]


_EMPTY = _Held(None, np.empty(0, bool), np.empty(0, bool), np.empty(0, _NAME), np.empty(0, np.int64), 0, {})


class QdrantDense:
    """Half precision where half is given, else single; scores are made here, from the rows that come back.

    A point is a row's vector under a name made of its content; nothing else is sent. Other processes may use the same
    collection: each looks again at what is there when another has taken rows out.
    """

    traits = DenseTraits(is_exact=False, mask="after", lives="server", recall=0.98)
    out_of_scope: tuple[str, ...] = (
        "the vectors' Qdrant: snapshots that were taken of it, replicas that lag, and its folder `.deleted` while it "
        "still removes a collection",
    )

    def __init__(
        self, *, url: str, name: str, key: Callable[[], str] | None = None, m: int = 16, ef: int = 128,
        build_ef: int = 200,
    ) -> None:  # fmt: skip
        """url: of the REST interface. name: of the index, that no other home has. key: of the server, as it is now.

        m: neighbours of a row in the graph; ef: candidates of a search beyond those asked for; build_ef: of a row's
        insertion, where 100 cost 2 of 300 filtered questions some of their neighbours, whatever ef (decision 0023).
        """
        if not (2 <= m <= 100 and 1 <= ef <= _MAX_EF and 4 <= build_ef <= _MAX_EF):
            raise Invalid(
                f"m={m} ef={ef} build_ef={build_ef} is no plan for 'qdrant'",
                hint=f"m is 2 to 100, ef 1 to {_MAX_EF}, build_ef 4 to {_MAX_EF}",
            )
        self._rest, self._prefix = Rest(url, key), f"thruline_{name}"
        self._m, self._ef, self._build_ef = m, ef, build_ef
        self._process = f"p{secrets.token_hex(4)}"
        self._changing = threading.Lock()  # guards the three below; _held is replaced whole
        self._keys = RowKeys()
        self._held = _EMPTY
        self._times = 0  # that this index took rows out

    def build(self, vectors: np.ndarray) -> None:
        """Send the rows that the collection does not hold yet, in portions that stay."""
        rows = as_given(vectors)
        with self._changing:
            self._let_go()
            if len(rows):
                self._begin(rows)

    def add(self, vectors: np.ndarray) -> None:
        """Send more."""
        rows = as_given(vectors)
        with self._changing:
            held = self._held
            if held.place and len(rows) and rows.shape[1] != held.place.dims:
                raise Invalid(
                    f"vectors of {rows.shape[1]} dimensions do not fit an index of {held.place.dims}",
                    hint="use the index's embedder",
                )
            if held.place is None and len(rows):
                self._begin(rows)
            elif held.place and len(rows):
                rows = rows.astype(held.place.dtype)
                names = self._named(rows)
                held.place.put(_texts(names), rows)
                self._held = _joined(held, names)

    def delete(self, rows: np.ndarray) -> None:
        """Out of the collection; their bytes go with `scrub`."""
        with self._changing:
            held = self._held
            gone = rows[held.alive[rows]]
            if held.place is None or not len(gone):
                return
            alive = held.alive.copy()
            alive[gone] = False
            self._held = held._replace(alive=alive)
            self._times += 1
            held.place.take_out(_texts(held.names[gone]), self._process, self._times)
            self._held = self._held._replace(marks={**held.marks, self._process: self._times})

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best of the rows that mask allows."""
        for _ in range(_LOOKS):
            held = self._held
            found = self._searched(held, query, k, mask)
            if found is not None:
                return found
            with self._changing:
                if self._held is held and held.place:
                    self._held = _looked(held, held.place)
        raise Unavailable("other processes take rows out of the vectors' collection all the time", hint="ask again")

    def check(self) -> None:
        """Ask it something that needs the key."""
        aliases(self._rest)

    def stats(self) -> DenseStats:
        """Rows here, and what the server holds; it does not say how many bytes."""
        held = self._held
        if held.place is None:
            return DenseStats(rows=0, deleted=0, memory=0)
        live = int(np.count_nonzero(held.alive))
        memory = len(self._keys) * 50 + held.names.nbytes + held.order.nbytes + held.alive.nbytes + held.there.nbytes
        return DenseStats(rows=live, deleted=max(0, held.place.count() - live), memory=memory)

    def close(self) -> None:
        """Hang up; the collection stays."""
        with self._changing:
            self._let_go()
            self._rest.close()

    def scrub(self) -> None:
        """Copy what is held here to a new collection, and drop the old one with its log, and those of other plans.

        Deleting points only marks them, and a collection's log keeps what it was sent: only dropping it removes both.
        """
        with self._changing:
            held, kept = self._held, ""
            if held.place:
                names = _texts(held.names[held.alive & held.there])
                kept = held.place.collection()
                if held.place.marks() or held.place.count() > len(names):
                    kept = held.place.renewed(names)
                    held.place.point_at(kept)
            self._drop_all(but=kept)
            if held.place:
                self._held = _looked(held, held.place)

    def drop(self) -> None:
        """Every collection of this index."""
        with self._changing:
            self._let_go()
            self._drop_all(but="")

    def _drop_all(self, but: str) -> None:
        for collection in collections(self._rest, self._prefix):
            if collection != but:
                drop(self._rest, collection)

    def _let_go(self) -> None:
        self._held, self._keys = _EMPTY, RowKeys()

    def _named(self, rows: np.ndarray) -> np.ndarray:
        return np.array([str(uuid.UUID(bytes=key)) for key in self._keys.add(rows)], _NAME)

    def _begin(self, rows: np.ndarray) -> None:
        place = Collection(self._rest, self._prefix, rows.shape[1], rows.dtype, self._m, self._build_ef)
        place.make()
        names = self._named(rows)
        held = _joined(_EMPTY._replace(place=place), names)
        missing = np.flatnonzero(~_looked(held, place).there)
        place.put(_texts(names[missing]), rows[missing])
        self._held = _looked(held, place)

    def _searched(self, held: _Held, query: np.ndarray, k: int, mask: np.ndarray | None) -> Found | None:
        """None where somebody took rows out meanwhile."""
        if held.place is None:
            return _NOTHING
        query = as_query(query, held.place.dims)
        rows = rows_of(held.alive, mask)
        if k <= 0 or not len(rows):
            return _NOTHING
        if (lost := int(np.count_nonzero(~held.there[rows]))) > 0:
            raise Unavailable(
                f"another process took {lost} rows out of {held.place.name!r}",
                hint="start again: what is missing is sent again",
            )
        wanted = min(len(rows), k + k // 4 + 16)  # some more: half-precision rows are made of length 1 only here
        near = self._near(held, held.place, rows, query, wanted)
        is_named = near is None
        near = self._among(held, held.place, rows, query, wanted) if near is None else near
        vectors, marks = held.place.read(_texts(held.names[near]))
        if vectors is None or len(near) < wanted or marks != held.marks:
            return None
        self._check(held.place, near, vectors)
        scan = "gather" if is_named else "engine"
        return best(near, cosines(as_matrix(vectors), None, query), k)._replace(scan=scan, candidates=len(near))

    def _near(
        self, held: _Held, place: Collection, rows: np.ndarray, query: np.ndarray, wanted: int
    ) -> np.ndarray | None:
        """The best allowed rows among the nearest of all; None where too few of those are allowed."""
        share = len(rows) / len(held.names)
        asked = wanted + 1 if share == 1 else int(1.5 * wanted / share) + 1  # one more: the marks are a point, too
        if len(rows) <= _NAMED or asked > _MOST_NEAR:
            return None
        found, _ = _rows(held, place.near(query, asked, {"hnsw_ef": self._ef + asked}, {}))
        allowed = np.zeros(len(held.names), bool)
        allowed[rows] = True
        near = found[allowed[found]]
        return near[:wanted] if len(near) >= wanted else None

    def _among(self, held: _Held, place: Collection, rows: np.ndarray, query: np.ndarray, wanted: int) -> np.ndarray:
        """The best allowed rows, every one of them scored."""
        near, scores = [], []
        for names in _filters(held, rows):
            of, score = _rows(held, place.near(query, wanted, {"exact": True}, names))
            near.append(of)
            scores.append(score)
        allowed = np.isin(joined := np.concatenate(near), rows)
        return joined[allowed][np.argsort(-np.concatenate(scores)[allowed], kind="stable")][:wanted]

    def _check(self, place: Collection, near: np.ndarray, vectors: np.ndarray) -> None:
        for row, vector in zip(near.tolist(), vectors, strict=True):
            if not self._keys.is_of(row, vector):
                raise Corrupt(
                    f"the collection {place.name!r} gave a row that was not sent",
                    hint="`thruline index move --to flat4`, then find out who writes there",
                )


def _filters(held: _Held, rows: np.ndarray) -> Iterator[dict[str, Any]]:
    """Of the server, which together let these rows through: by the hidden ones where those are few, else in parts."""
    hidden = np.setdiff1d(np.flatnonzero(held.there), rows, assume_unique=True)
    if not held.others and len(hidden) < min(len(rows), _IN_A_FILTER):
        yield {"must_not": [{"has_id": [MARKS, *_texts(held.names[hidden])]}]}
        return
    for start in range(0, len(rows), _IN_A_FILTER):
        yield {"must": [{"has_id": _texts(held.names[rows[start : start + _IN_A_FILTER]])}]}


def _joined(held: _Held, names: np.ndarray) -> _Held:
    """With rows after its own."""
    first, order = len(held.names), np.argsort(names)
    at = np.searchsorted(held.names, names[order], sorter=held.order)
    yes = np.ones(len(names), bool)
    return held._replace(
        alive=np.concatenate([held.alive, yes]), there=np.concatenate([held.there, yes]),
        names=np.concatenate([held.names, names]), order=np.insert(held.order, at, first + order),
    )  # fmt: skip


def _looked(held: _Held, place: Collection) -> _Held:
    """As the server has it now; marks first: who takes rows out marks it before."""
    marks = place.marks()
    rows = _places(held, list(place.names()))
    there = np.zeros(len(held.names), bool)
    there[rows[rows >= 0]] = True
    return held._replace(there=there, others=int(np.count_nonzero(rows < 0)), marks=marks)


def _rows(held: _Held, points: Sequence[Point]) -> tuple[np.ndarray, np.ndarray]:
    """The rows that points stand for, with their scores; without those of others."""
    mine = np.flatnonzero((rows := _places(held, [str(point.id) for point in points])) >= 0)
    return rows[mine], np.array([point.score for point in points], np.float32)[mine]


def _places(held: _Held, names: Sequence[str]) -> np.ndarray:
    """The row of each name, -1 for a stranger's."""
    if not names or not len(held.names):
        return np.full(len(names), -1, np.int64)
    asked = np.array(names, "S")
    at = np.minimum(np.searchsorted(held.names, asked, sorter=held.order), len(held.names) - 1)
    rows = held.order[at]
    return np.where(held.names[rows] == asked, rows, -1)


def _texts(names: np.ndarray) -> list[str]:
    return names.astype("U36").tolist()
