"""PostgreSQL with pgvector, durable as it comes: the server that the tests use, and its CPU time beside our own."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import psycopg
from measures import Rows, Where
from peers import EF, LINKS, Peer

from thruline.testing.postgres import postgres_server

_TICK = os.sysconf("SC_CLK_TCK")
_TABLE = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE IF NOT EXISTS t (id bigint PRIMARY KEY, v vector(384), bracket int, topic int);
"""
_INDEXES = f"""
CREATE INDEX ON t USING hnsw (v vector_cosine_ops) WITH (m = {LINKS}, ef_construction = {EF});
CREATE INDEX ON t (bracket); CREATE INDEX ON t (topic); ANALYZE t;
"""
# Without the first it gives up among rows that the filter hides.
_SETTINGS = f"SET hnsw.iterative_scan = relaxed_order; SET hnsw.ef_search = {EF}; SET synchronous_commit = on;"


class PgVector(Peer):
    """HNSW with iterative scans; a server for as long as it is open, so what it holds ends with it."""

    _server = 0

    def open(self) -> None:
        raise NotImplementedError("the server of the tests ends with the process that started it")

    def build(self, rows: Rows) -> None:
        self._open = ExitStack()
        url = self._open.enter_context(postgres_server({"fsync": "on"}))
        self._db = self._open.enter_context(psycopg.connect(url, autocommit=True))
        self._server = self._parent(self._db.info.backend_pid)
        self._db.execute(_TABLE)
        self._put(rows, 0)
        self._db.execute(_INDEXES)
        self._db.execute(_SETTINGS)

    def search(self, query: np.ndarray, k: int, where: Where | None = None) -> list[int]:
        sql = f"SELECT id FROM t {self._said(where)} ORDER BY v <=> %s LIMIT %s"
        return [id for (id,) in self._db.execute(sql.encode(), (_literal(query), k))]

    def insert(self, rows: Rows, first: int) -> None:
        self._put(rows, first)

    def delete(self, numbers: np.ndarray) -> None:
        self._db.execute("DELETE FROM t WHERE id = ANY(%s)", (numbers.tolist(),))
        self._db.execute("VACUUM t")

    def count(self) -> int:
        row = self._db.execute("SELECT count(*) FROM t").fetchone()
        return row[0] if row else 0

    def cpu_s(self) -> float:
        """Ours, the server's, and that of each of its children, also of those that have ended."""
        children = [
            pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._parent(pid) == self._server
        ]
        if not self._server:
            return time.process_time()
        spent = [_stat(self._server)[11:15], *(_stat(pid)[11:13] for pid in children)]
        return time.process_time() + sum(int(ticks) for of_one in spent for ticks in of_one) / _TICK

    def close(self) -> None:
        self._open.close()

    def _put(self, rows: Rows, first: int) -> None:
        with self._db.transaction(), self._db.cursor().copy("COPY t FROM STDIN") as copy:
            pairs = zip(rows.bracket.tolist(), rows.topic.tolist(), strict=True)
            for number, (vector, pair) in enumerate(zip(rows.vectors, pairs, strict=True), first):
                copy.write_row((number, _literal(vector), *pair))

    @staticmethod
    def _said(where: Where | None) -> str:
        if where is None:
            return ""
        held = f"IN ({', '.join(map(str, where.among))})" if where.among else f"< {where.below}"
        return f"WHERE {where.field} {held}"

    @staticmethod
    def _parent(pid: int) -> int:
        fields = _stat(pid)
        return int(fields[1]) if fields else 0


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat from the state on; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return []


def _literal(vector: np.ndarray) -> str:
    return f"[{','.join(map(str, vector.tolist()))}]"
