"""Other engines in the same harness, each as its makers advise: a graph with ef 100 where there is one, its own filter.

Each imports its package when opened, so that one environment need not hold all of them.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from measures import Rows, Where

EF, LINKS = 100, 16


class Peer:
    """What they have in common."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self, rows: Rows) -> None:
        """Its index is its store."""

    def cpu_s(self) -> float:
        return time.process_time()

    def hybrid(self, text: str, query: np.ndarray, k: int, where: Where) -> list[int]:
        raise NotImplementedError("no search by words in it")

    def close(self) -> None:
        """Nothing to give back."""


class LanceDb(Peer):
    """IVF with HNSW and scalar quantisation, refined; a full-text index; scalar indexes for the filter."""

    def open(self) -> None:
        import lancedb

        self._db = lancedb.connect(str(self.folder))
        if "t" in self._db.table_names():
            self._table = self._db.open_table("t")

    def build(self, rows: Rows) -> None:
        self.open()
        self._table = self._db.create_table("t", self._batch(rows, 0))
        self._table.create_index(metric="cosine", vector_column_name="vector", index_type="IVF_HNSW_SQ")
        for field in ("bracket", "topic"):
            self._table.create_scalar_index(field)
        self._table.create_fts_index("text")

    def search(self, query: np.ndarray, k: int, where: Where | None = None) -> list[int]:
        asked = self._table.search(query).metric("cosine").nprobes(20).ef(EF).refine_factor(4)
        return self._ids(asked, k, where)

    def hybrid(self, text: str, query: np.ndarray, k: int, where: Where) -> list[int]:
        words = "".join(letter if letter.isalnum() else " " for letter in text)
        return self._ids(self._table.search(query_type="hybrid").vector(query).text(words), k, where)

    def insert(self, rows: Rows, first: int) -> None:
        self._table.add(self._batch(rows, first))

    def delete(self, numbers: np.ndarray) -> None:
        self._table.delete(f"id IN ({', '.join(map(str, numbers.tolist()))})")

    def count(self) -> int:
        return self._table.count_rows()

    def _ids(self, asked: Any, k: int, where: Where | None) -> list[int]:
        if where is not None:
            asked = asked.where(_sql(where), prefilter=True)
        return asked.limit(k).select(["id"]).to_arrow()["id"].to_pylist()

    def _batch(self, rows: Rows, first: int) -> Any:
        import pyarrow as pa

        flat = pa.array(rows.vectors.ravel(), pa.float32())
        vectors = pa.FixedSizeListArray.from_arrays(flat, rows.vectors.shape[1])
        ids = np.arange(first, first + len(rows.vectors))
        columns = {"id": ids, "vector": vectors, "bracket": rows.bracket, "topic": rows.topic, "text": rows.texts}
        return pa.table(columns)


class Chroma(Peer):
    """Its HNSW, in a folder."""

    def open(self) -> None:
        import chromadb

        settings = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.PersistentClient(str(self.folder), settings)
        graph = {"space": "cosine", "ef_construction": EF, "max_neighbors": LINKS, "ef_search": EF}
        self._held = client.get_or_create_collection("rows", configuration={"hnsw": graph}, embedding_function=None)

    def build(self, rows: Rows) -> None:
        self.open()
        for first in range(0, len(rows.vectors), 5000):
            self.insert(rows.taken(slice(first, first + 5000)), first)

    def search(self, query: np.ndarray, k: int, where: Where | None = None) -> list[int]:
        said = None
        if where is not None:
            said = {where.field: {"$in": list(where.among)} if where.among else {"$lt": where.below}}
        return [int(id) for id in self._held.query(query, n_results=k, where=said, include=[])["ids"][0]]

    def insert(self, rows: Rows, first: int) -> None:
        pairs = zip(rows.bracket.tolist(), rows.topic.tolist(), strict=True)
        self._held.add(
            ids=[str(first + n) for n in range(len(rows.vectors))], embeddings=rows.vectors,
            metadatas=[{"bracket": bracket, "topic": topic} for bracket, topic in pairs],
        )  # fmt: skip

    def delete(self, numbers: np.ndarray) -> None:
        for part in np.array_split(numbers, -(-len(numbers) // 5000)):
            self._held.delete(ids=[str(n) for n in part.tolist()])

    def count(self) -> int:
        return self._held.count()


class Qdrant(Peer):
    """Qdrant's engine in this process: HNSW, with indexes for the filter's fields."""

    def open(self) -> None:
        import qdrant_edge

        self._q = qdrant_edge
        if (self.folder / "segments").exists():
            self._shard = qdrant_edge.EdgeShard.load(str(self.folder))

    def build(self, rows: Rows) -> None:
        self.open()
        q = self._q
        vectors = q.EdgeVectorParams(rows.vectors.shape[1], q.Distance.Cosine)
        graph = q.HnswIndexConfig(LINKS, EF, 10_000)
        self._shard = q.EdgeShard.create(str(self.folder), q.EdgeConfig(vectors=vectors, hnsw_config=graph))
        for field in ("bracket", "topic"):
            self._shard.update(q.UpdateOperation.create_field_index(field, q.PayloadSchemaType.Integer))
        for first in range(0, len(rows.vectors), 1000):
            self._put(rows.taken(slice(first, first + 1000)), first)
        while self._shard.optimize():
            pass

    def search(self, query: np.ndarray, k: int, where: Where | None = None) -> list[int]:
        q = self._q
        asked = q.QueryRequest(
            limit=k, query=q.Query.Nearest(query.tolist()), filter=None if where is None else self._filter(where),
            params=q.SearchParams(hnsw_ef=EF), with_payload=False, with_vector=False,
        )  # fmt: skip
        return [point.id for point in self._shard.query(asked)]

    def insert(self, rows: Rows, first: int) -> None:
        self._put(rows, first)
        self._shard.flush()  # its way to say that a write is to be kept

    def delete(self, numbers: np.ndarray) -> None:
        self._shard.update(self._q.UpdateOperation.delete_points(numbers.tolist()))
        while self._shard.optimize():
            pass
        self._shard.flush()

    def count(self) -> int:
        return self._shard.count(self._q.CountRequest(exact=True))

    def close(self) -> None:
        self._shard.close()

    def _filter(self, where: Where) -> Any:
        q = self._q
        if where.among:
            return q.Filter(must=[q.FieldCondition(where.field, match=q.MatchAny(list(where.among)))])
        return q.Filter(must=[q.FieldCondition(where.field, range=q.RangeFloat(lt=where.below))])

    def _put(self, rows: Rows, first: int) -> None:
        every = zip(rows.vectors.tolist(), rows.bracket.tolist(), rows.topic.tolist(), strict=True)
        points = [
            self._q.Point(first + n, vector, {"bracket": bracket, "topic": topic})
            for n, (vector, bracket, topic) in enumerate(every)
        ]
        self._shard.update(self._q.UpdateOperation.upsert_points(points))


def _sql(where: Where) -> str:
    if where.among:
        return f"{where.field} IN ({', '.join(map(str, where.among))})"
    return f"{where.field} < {where.below}"
