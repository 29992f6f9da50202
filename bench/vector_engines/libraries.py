"""Libraries that search in memory, in the same harness: no store, and NumPy alone as what one would write first."""

# ruff: noqa: ARG002 - all engines have one shape
from __future__ import annotations

from typing import Any

import numpy as np
from measures import Rows, Where
from peers import EF, LINKS, Peer


class InMemory(Peer):
    """A library, not a store: rows' fields lie beside it, and it is written to a file whole."""

    def open(self) -> None:
        held = np.load(self.folder / "fields.npz")
        self._fields = {field: held[field] for field in ("bracket", "topic")}
        self._index = self._read(str(self.folder / "index"), int(held["dims"]))

    def build(self, rows: Rows) -> None:
        self.folder.mkdir(exist_ok=True)
        self._fields = {"bracket": rows.bracket, "topic": rows.topic}
        self._index = self._made(rows.vectors)
        self._write(str(self.folder / "index"))
        np.savez(self.folder / "fields.npz", dims=rows.vectors.shape[1], **self._fields)

    def insert(self, rows: Rows, first: int) -> None:
        """As its examples do: nothing is written, so nothing is kept."""
        self._fields = {name: np.append(held, getattr(rows, name)) for name, held in self._fields.items()}
        self._add(rows.vectors, first)

    def _allowed(self, where: Where) -> np.ndarray:
        values = self._fields[where.field]
        return np.isin(values, where.among) if where.among else values < where.below


class Numpy(InMemory):
    """No index: one float32 product over all rows, which is what one would write first."""

    def search(self, query: np.ndarray, k: int, where: Where | None = None) -> list[int]:
        scores = self._index @ query
        if where is not None:
            scores[~self._allowed(where)] = -np.inf
        best = np.argpartition(-scores, k)[:k]
        return [n for n in best[np.argsort(-scores[best])].tolist() if scores[n] > -np.inf]

    def delete(self, numbers: np.ndarray) -> None:
        raise NotImplementedError("its rows are numbered by place")

    def count(self) -> int:
        return len(self._index)

    def _made(self, vectors: np.ndarray) -> Any:
        return vectors

    def _add(self, vectors: np.ndarray, first: int) -> None:
        self._index = np.concatenate([self._index, vectors])

    def _read(self, path: str, dims: int) -> Any:
        return np.fromfile(path, np.float32).reshape(-1, dims)

    def _write(self, path: str) -> None:
        self._index.tofile(path)


class Faiss(InMemory):
    """HNSW over float32 with a selector of rows."""

    def search(self, query: np.ndarray, k: int, where: Where | None = None) -> list[int]:
        import faiss

        chosen = None
        if where is not None:
            allowed = np.packbits(self._allowed(where), bitorder="little")
            chosen = faiss.IDSelectorBitmap(allowed)
        parameters = faiss.SearchParametersHNSW(efSearch=EF, sel=chosen)
        found = self._index.search(query[None], k, params=parameters)[1][0]
        return found[found >= 0].tolist()

    def delete(self, numbers: np.ndarray) -> None:
        raise NotImplementedError("its graph cannot forget a row")

    def count(self) -> int:
        return self._index.ntotal

    def _made(self, vectors: np.ndarray) -> Any:
        import faiss

        index = faiss.IndexHNSWFlat(vectors.shape[1], 2 * LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = EF
        index.add(vectors)
        return index

    def _add(self, vectors: np.ndarray, first: int) -> None:
        self._index.add(vectors)

    def _read(self, path: str, dims: int) -> Any:
        import faiss

        return faiss.read_index(path)

    def _write(self, path: str) -> None:
        import faiss

        faiss.write_index(self._index, path)


class HnswLib(InMemory):
    """HNSW with a Python function as the filter, which is all it offers."""

    def search(self, query: np.ndarray, k: int, where: Where | None = None) -> list[int]:
        if where is None:
            return self._index.knn_query(query, k, num_threads=1)[0][0].tolist()
        allowed = self._allowed(where)
        k = min(k, int(allowed.sum()))  # to find fewer than asked for is an error to it
        try:
            return self._index.knn_query(query, k, num_threads=1, filter=lambda n: allowed[n])[0][0].tolist()
        except RuntimeError:
            return []

    def delete(self, numbers: np.ndarray) -> None:
        for number in numbers.tolist():
            self._index.mark_deleted(number)

    def count(self) -> int:
        return self._index.get_current_count()

    def _made(self, vectors: np.ndarray) -> Any:
        import hnswlib

        index = hnswlib.Index("cosine", vectors.shape[1])
        index.init_index(len(vectors) + 10_000, M=LINKS, ef_construction=EF, random_seed=1)
        index.set_ef(EF)
        index.add_items(vectors, np.arange(len(vectors)))
        return index

    def _add(self, vectors: np.ndarray, first: int) -> None:
        self._index.add_items(vectors, np.arange(first, first + len(vectors)))

    def _read(self, path: str, dims: int) -> Any:
        import hnswlib

        index = hnswlib.Index("cosine", dims)
        index.load_index(path, max_elements=100_000)
        index.set_ef(EF)
        return index

    def _write(self, path: str) -> None:
        self._index.save_index(path)
