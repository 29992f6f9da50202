"""A dense index in a PostgreSQL table: the mask is applied by the server before anything is ranked."""

from __future__ import annotations

import base64
import json
import threading
from typing import NamedTuple

import numpy as np

from thruline.backends.pgvector_dense.table import Statements, Table
from thruline.core.errors import Corrupt, Invalid, Unavailable
from thruline.ports.dense import DenseStats, DenseTraits, Found
from thruline.ports.row_keys import RowKeys
from thruline.ports.scoring import as_given, as_matrix, as_query, best, cosines, rows_of

GRAPH_ROWS = 4096  # below that many the server looks at all of them as fast
_GATHERED = 2000  # allowed rows that are read by number, without the graph
_LEAST_CANDIDATES = 100
_SENT = 2000  # rows that commit together: what is killed goes on after the last of them
_LOOKS = 5  # at what is there, before a search gives up
_MAX_EF = 1000  # of pgvector
_NOTHING = Found(np.empty(0, np.int64), np.empty(0, np.float32), "none")


class _Held(NamedTuple):
    """alive: which rows may be found. slots: where each lies in the table. row_of: the other way, -1 where none."""

    table: Table | None
    alive: np.ndarray
    slots: np.ndarray
    row_of: np.ndarray
    version: int


_EMPTY = _Held(None, np.empty(0, bool), np.empty(0, np.int64), np.empty(0, np.int64), 0)


class PgvectorDense:
    """Half precision where half is given, else single; scores are made here, from the rows that come back.

    Other processes may use the same table. Each says in every question which rows it knows, and looks again at what is
    there when another has taken rows out.
    """

    traits = DenseTraits(is_exact=False, mask="before", lives="server", recall=0.98)
    out_of_scope: tuple[str, ...] = (
        "the vectors' PostgreSQL: write-ahead log that waits to be overwritten or was archived, replicas that lag, "
        "and, where our role may not ask for a checkpoint, old files until the next one",
    )

    def __init__(self, *, url: str, name: str, m: int = 16, ef: int = 128, build_ef: int = 100) -> None:
        """url: a libpq connection string. name: of the index, that no other home has.

        m: neighbours of a row in the graph; ef: candidates of a search; build_ef: of a row's insertion.
        """
        if not (2 <= m <= 100 and 1 <= ef <= _MAX_EF and max(4, 2 * m) <= build_ef <= _MAX_EF):
            raise Invalid(
                f"m={m} ef={ef} build_ef={build_ef} is no plan for 'pgvector'",
                hint=f"m is 2 to 100, ef 1 to {_MAX_EF}, build_ef twice m to {_MAX_EF}",
            )
        self._url, self._prefix = url, f"thruline_{name}"
        self._m, self._ef, self._build_ef = m, ef, build_ef
        self._changing = threading.Lock()  # guards the three below; _held is replaced whole
        self._keys = RowKeys()
        self._held = _EMPTY
        self._has_graph = False

    def build(self, vectors: np.ndarray) -> None:
        """Send the rows that the table does not hold yet, in portions that stay."""
        rows = as_given(vectors)
        with self._changing:
            self._let_go()
            if len(rows):
                self._take(rows)

    def add(self, vectors: np.ndarray) -> None:
        """Send more."""
        rows = as_given(vectors)
        with self._changing:
            table = self._held.table
            if table and len(rows) and (rows.shape[1] != table.dims):
                raise Invalid(
                    f"vectors of {rows.shape[1]} dimensions do not fit an index of {table.dims}",
                    hint="use the index's embedder",
                )
            if len(rows):
                self._take(rows if table is None else rows.astype(table.dtype))

    def delete(self, rows: np.ndarray) -> None:
        """Out of the table; their bytes go with `scrub`."""
        with self._changing:
            held = self._held
            gone = rows[held.alive[rows]]
            if held.table is None or not len(gone):
                return
            alive = held.alive.copy()
            alive[gone] = False
            self._held = held._replace(alive=alive)
            with held.table.keeping() as there:
                there.do("out", keys=self._keys.of(gone.tolist()))
                there.do("told")
            self._look(held.table, alive)

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best of the rows that mask allows."""
        for _ in range(_LOOKS):
            held = self._held
            found = self._searched(held, query, k, mask)
            if found is not None:
                return found
            with self._changing:
                if self._held is held and held.table:
                    self._look(held.table, held.alive)
        raise Unavailable("other processes take rows out of the vectors' table all the time", hint="ask again")

    def _searched(self, held: _Held, query: np.ndarray, k: int, mask: np.ndarray | None) -> Found | None:
        """None where somebody took rows out meanwhile."""
        if held.table is None:
            return _NOTHING
        query = as_query(query, held.table.dims)
        rows = rows_of(held.alive, mask)
        if (lost := int(np.count_nonzero(held.slots[rows] < 0))) > 0:
            raise Unavailable(
                f"another process took {lost} rows out of {held.table.name!r}",
                hint="start again: what is missing is sent again",
            )
        wanted = min(len(rows), max(4 * k, _LEAST_CANDIDATES))
        if k <= 0 or not len(rows):
            return _NOTHING
        bits = np.zeros(-(-len(held.row_of) // 8) * 8, bool)
        bits[held.slots[rows]] = True
        packed = np.packbits(bits, bitorder="little").tobytes()
        with held.table.seeing(base64.b64encode(packed).decode()) as there:
            if there.rows("version")[0][0] != held.version:
                return None
            found = self._asked(there, held, rows, packed, query, wanted)
        if len(found) < min(k, len(rows)):
            return None
        near, matrix = self._read(held, found)
        scan = "gather" if len(rows) <= _GATHERED else "masked"
        return best(near, cosines(matrix, None, query), k)._replace(scan=scan, candidates=len(near))

    def check(self) -> None:
        """Ask it something."""
        table = self._held.table or self._open(1, np.dtype(np.float32))
        table.outside("SELECT 1")
        if table is not self._held.table:
            table.close()

    def stats(self) -> DenseStats:
        """Rows here, and what the server holds."""
        held = self._held
        live = int(np.count_nonzero(held.alive))
        memory = len(self._keys) * 50 + held.slots.nbytes + held.row_of.nbytes
        if held.table is None:
            return DenseStats(rows=0, deleted=0, memory=0)
        with held.table.keeping() as there:
            ((rows, disk),) = there.rows("size")
        return DenseStats(rows=live, deleted=max(0, rows - live), memory=memory, disk=disk)

    def close(self) -> None:
        """Hang up; the table stays."""
        with self._changing:
            self._let_go()

    def scrub(self) -> None:
        """Take out what is not held here, drop tables of other plans, and rewrite the table without its dead rows."""
        with self._changing:
            held = self._held
            self._drop_all(but=held.table.name if held.table else "")
            if held.table is None:
                return
            kept = self._keys.of(np.flatnonzero(held.alive).tolist())
            with held.table.keeping() as there:
                if there.do("others_out", keys=kept):
                    there.do("told")
            held.table.outside(f"VACUUM (FULL) {held.table.name}")
            held.table.checkpoint()
            self._look(held.table, held.alive)

    def drop(self) -> None:
        """Every table of this index."""
        with self._changing:
            self._let_go()
            self._drop_all(but="")

    def _drop_all(self, but: str) -> None:
        table = self._held.table or self._open(1, np.dtype(np.float32))
        table.outside("CREATE TABLE IF NOT EXISTS thruline_vectors (name text PRIMARY KEY, version bigint NOT NULL)")
        with table.keeping() as there:
            others = [name for (name,) in there.rows("of_this_index") if name != but]
            for name in others:
                there.do("forget", name=name)
        if others:
            table.outside(*(f"DROP TABLE IF EXISTS {name}" for name in others))
            table.checkpoint()
        if table is not self._held.table:
            table.close()

    def _open(self, dims: int, dtype: np.dtype) -> Table:
        return Table(self._url, self._prefix, dims, dtype, self._m, self._build_ef)

    def _let_go(self) -> None:
        table, self._held, self._keys, self._has_graph = self._held.table, _EMPTY, RowKeys(), False
        if table:
            table.close()

    def _take(self, rows: np.ndarray) -> None:
        """Rows after those that are held: sent where they are missing, then known by their slots."""
        held, table = self._held, self._held.table
        if table is None:
            table = self._open(rows.shape[1], rows.dtype)
            table.make()
        keys = self._keys.add(rows)
        with table.keeping() as there:
            known = {key for key, _ in there.rows("held")} if held.table is None else set()
        missing = [n for n, key in enumerate(keys) if key not in known]
        for start in range(0, len(missing), _SENT):
            part = missing[start : start + _SENT]
            with table.keeping() as there:
                there.put([keys[n] for n in part], rows[part])
        if len(self._keys) > GRAPH_ROWS and not self._has_graph:
            with table.keeping() as there:
                there.set(maintenance_work_mem="256MB", max_parallel_maintenance_workers="0")
                there.do("index")
            self._has_graph = True
        alive = np.concatenate([held.alive, np.ones(len(rows), bool)])
        self._look(table, alive)

    def _look(self, table: Table, alive: np.ndarray) -> None:
        """Which slot every row has now; -1 where another process took it out."""
        with table.keeping() as there:
            version = there.rows("version")[0][0]
            slot_of = dict(there.rows("held"))
        slots = np.array([slot_of.get(key, -1) for key in self._keys.of(range(len(self._keys)))], np.int64)
        row_of = np.full(max(slot_of.values(), default=-1) + 1, -1, np.int64)
        there_are = slots >= 0
        row_of[slots[there_are]] = np.flatnonzero(there_are)
        self._held = _Held(table, alive, slots, row_of, version)

    def _asked(
        self, there: Statements, held: _Held, rows: np.ndarray, mask: bytes, query: np.ndarray, wanted: int
    ) -> list[tuple[int, bytes]]:
        """(slot, vector) of the candidates; by the graph, else, where it gives too few, by looking at all."""
        asked = json.dumps([float(x) for x in query])
        if len(rows) <= _GATHERED:
            return there.rows("gather", slots=held.slots[rows].tolist(), query=asked, count=wanted)
        there.set(hnsw__iterative_scan="relaxed_order", hnsw__ef_search=str(min(_MAX_EF, max(self._ef, wanted))))
        found = there.rows("walk", mask=mask, query=asked, count=wanted)
        if len(found) < wanted:
            found = there.rows("look", mask=mask, query=asked, count=wanted)
        return found

    def _read(self, held: _Held, found: list[tuple[int, bytes]]) -> tuple[np.ndarray, np.ndarray]:
        """Rows by number and their vectors, each what was sent."""
        assert held.table is not None
        near = held.row_of[[slot for slot, _ in found]]
        vectors = np.stack([held.table.read(value) for _, value in found])
        for row, vector in zip(near.tolist(), vectors, strict=True):
            if row < 0 or not self._keys.is_of(row, vector):
                raise Corrupt(
                    f"the table {held.table.name!r} gave a row that was not sent",
                    hint="`thruline index move --to flat4`, then find out who writes there",
                )
        return near, as_matrix(vectors)
