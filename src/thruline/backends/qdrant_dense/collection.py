"""The collection of an index on a Qdrant server: the requests it is asked with, behind an alias.

The alias lets the collection be exchanged under everybody's hands, which is how deleted rows leave the disk.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from thruline.backends.qdrant_dense.rest import CHANGED_S, Rest
from thruline.core.errors import Corrupt, Unavailable

# A point that is no row: its payload says how often each process took rows out. All zeros, it scores 0 with everything.
MARKS = "00000000-0000-0000-0000-000000000000"
SENT = 500  # rows of one request: 3 MB of JSON at 384 dimensions; what is killed goes on after the last of them
_LISTED = 10_000  # names of one
_TYPES = {"float16": "float16", "float32": "float32"}


class Point(msgspec.Struct):
    """As it comes back; a name of ours is a text, a stranger's may be a number."""

    id: str | int
    score: float = 0.0
    vector: list[float] | None = None
    payload: dict[str, Any] | None = None


class _Near(msgspec.Struct):
    points: list[Point]


class _Page(msgspec.Struct):
    points: list[Point]
    next_page_offset: str | int | None = None


class _Count(msgspec.Struct):
    count: int


class _Changed(msgspec.Struct):
    """`completed`, where the server did it before it answered."""

    status: str


class _Alias(msgspec.Struct):
    alias_name: str
    collection_name: str


class _Aliases(msgspec.Struct):
    aliases: list[_Alias]


class _Named(msgspec.Struct):
    name: str


class _Collections(msgspec.Struct):
    collections: list[_Named]


class Read(NamedTuple):
    """vectors: of the rows asked for, as they were sent, or None where one is gone. marks: at that time or later."""

    vectors: np.ndarray | None
    marks: Mapping[str, int] | None


class Collection:
    """Rows of one length and precision in one graph; threads may share it."""

    def __init__(self, rest: Rest, prefix: str, dims: int, dtype: np.dtype, m: int, build_ef: int) -> None:
        self._rest, self.dims, self.dtype = rest, dims, dtype
        self._m, self._build_ef = m, build_ef
        self.name = f"{prefix}_{dims}{'h' if dtype == np.float16 else 's'}_m{m}_{build_ef}"

    def make(self) -> None:
        """The collection and its alias, where they are not there yet."""
        if self.name not in aliases(self._rest):
            self.point_at(self._fresh())

    def collection(self) -> str:
        """Where the alias leads."""
        return aliases(self._rest)[self.name]

    def renewed(self, names: Sequence[str]) -> str:
        """A new collection that holds these rows and nothing else, for `point_at`."""
        fresh = self._fresh()
        for start in range(0, len(names), SENT):
            part = names[start : start + SENT]
            vectors = self.read(part).vectors
            if vectors is None:
                raise Corrupt(f"the collection {self.name!r} lost a row meanwhile", hint="try again")
            self._put(fresh, part, vectors)
        return fresh

    def point_at(self, collection: str) -> None:
        """Let the alias lead there, in one step."""
        actions: list[dict[str, Any]] = []
        if self.name in aliases(self._rest):
            actions.append({"delete_alias": {"alias_name": self.name}})
        actions.append({"create_alias": {"collection_name": collection, "alias_name": self.name}})
        self._rest.ask("POST", "/collections/aliases", {"actions": actions}, answer=bool, wait_s=CHANGED_S)

    def names(self) -> Iterator[str]:
        """Of all rows that are there."""
        body: dict[str, Any] = {"limit": _LISTED, "with_payload": False, "with_vector": False}
        while True:
            page = self._rest.ask("POST", self._at("/scroll"), body, answer=_Page)
            yield from (str(point.id) for point in page.points if point.id != MARKS)
            if page.next_page_offset is None:
                return
            body["offset"] = page.next_page_offset

    def marks(self) -> Mapping[str, int]:
        """How often each process took rows out; made where the collection's maker was killed before."""
        marks = self.read([]).marks
        if marks is None:
            self._put_marks(self.name)
        return marks or {}

    def put(self, names: Sequence[str], rows: np.ndarray) -> None:
        """Rows under their names, in portions that stay; found when this returns."""
        for start in range(0, len(names), SENT):
            self._put(self.name, names[start : start + SENT], rows[start : start + SENT])

    def take_out(self, names: Sequence[str], process: str, times: int) -> None:
        """Never find these again. Told first: who searches meanwhile sees the mark, or still sees the rows."""
        told = {"payload": {process: times}, "points": [MARKS]}
        self._change("POST", self._at("/payload"), told)
        for start in range(0, len(names), _LISTED):
            gone = {"points": names[start : start + _LISTED]}
            self._change("POST", self._at("/delete"), gone)

    def near(self, query: np.ndarray, limit: int, params: Mapping[str, Any], among: Mapping[str, Any]) -> list[Point]:
        """The names of the nearest rows with their scores, best first. among: a filter; empty for all."""
        body: dict[str, Any] = {
            "query": query.tolist(), "limit": limit, "params": params, "with_payload": False, "with_vector": False,
        }  # fmt: skip
        if among:
            body["filter"] = among
        return self._rest.ask("POST", self._at("/query"), body, answer=_Near).points

    def read(self, names: Sequence[str]) -> Read:
        """Rows by their names, and whether somebody took rows out."""
        body = {"ids": [MARKS, *names], "with_payload": True, "with_vector": True}
        points = {point.id: point for point in self._rest.ask("POST", self._at(""), body, answer=list[Point])}
        marks = points.pop(MARKS, None)
        found = [points[name].vector for name in names if name in points]
        if len(found) < len(names):
            return Read(None, None if marks is None else marks.payload or {})
        try:
            vectors = np.array(found, np.float32).reshape(len(names), self.dims).astype(self.dtype)
        except (TypeError, ValueError) as error:
            raise Corrupt(f"the collection {self.name!r} gave other than {self.dims} numbers a row") from error
        return Read(vectors, None if marks is None else marks.payload or {})

    def count(self) -> int:
        """Rows that are there, of whichever process."""
        return self._rest.ask("POST", self._at("/count"), {"exact": True}, answer=_Count).count - 1

    def _fresh(self) -> str:
        name = f"{self.name}_{secrets.token_hex(4)}"
        body = {
            "vectors": {
                "size": self.dims,
                "distance": "Dot",  # `Cosine` would change what is stored
                "datatype": _TYPES[self.dtype.name],
            },
            "hnsw_config": {"m": self._m, "ef_construct": self._build_ef},
            "strict_mode_config": {"enabled": False},  # it may forbid long filters and exact searches
        }
        self._rest.ask("PUT", f"/collections/{name}", body, answer=bool, wait_s=CHANGED_S)
        self._put_marks(name)
        return name

    def _put_marks(self, collection: str) -> None:
        self._upsert(collection, [{"id": MARKS, "vector": [0.0] * self.dims, "payload": {}}])

    def _put(self, collection: str, names: Iterable[str], rows: np.ndarray) -> None:
        pairs = zip(names, rows.astype(np.float32).tolist(), strict=True)
        self._upsert(collection, [{"id": name, "vector": row} for name, row in pairs])

    def _upsert(self, collection: str, points: list[dict[str, Any]]) -> None:
        self._change("PUT", f"/collections/{collection}/points", {"points": points})

    def _change(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        done = self._rest.ask(method, f"{path}?wait=true", body, answer=_Changed, wait_s=CHANGED_S)
        if done.status != "completed":
            raise Unavailable(
                f"the vectors' Qdrant puts changes off: {done.status!r}", hint="see its log, and try again"
            )

    def _at(self, path: str) -> str:
        return f"/collections/{self.name}/points{path}"


def aliases(rest: Rest) -> dict[str, str]:
    """The collection that each alias of the server leads to."""
    return {a.alias_name: a.collection_name for a in rest.ask("GET", "/aliases", answer=_Aliases).aliases}


def collections(rest: Rest, prefix: str) -> list[str]:
    """Those of an index, under whatever options, also what was left half made."""
    found = rest.ask("GET", "/collections", answer=_Collections).collections
    return [c.name for c in found if c.name.startswith(f"{prefix}_")]


def drop(rest: Rest, collection: str) -> None:
    """With its aliases; one that is gone is no error."""
    rest.ask("DELETE", f"/collections/{collection}", answer=bool, wait_s=CHANGED_S)
