"""What milvus-lite or a Milvus server answers: `lite|server FOLDER`; FOLDER/rows.npy, asked.npz -> told.json."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from pymilvus import DataType, MilvusClient

SENT, GONE, NEAREST = 1000, 1000, 10
GRAPH = {"M": 16, "efConstruction": 200}
STRONG = "Strong"


@contextmanager
def opened(what: str, place: Path) -> Iterator[MilvusClient]:
    """Its files lie below the place."""
    if what == "lite":
        yield MilvusClient(str(place / "milvus.db"))
        return
    from milvus import default_server

    default_server.set_base_dir(str(place))
    with default_server:
        yield MilvusClient(f"http://127.0.0.1:{default_server.listen_port}")


def fill(client: MilvusClient, rows: np.ndarray) -> None:
    """A collection with a graph that holds the rows under their numbers."""
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=rows.shape[1])
    index = client.prepare_index_params()
    index.add_index("v", index_type="HNSW", metric_type="IP", params=GRAPH)
    client.create_collection("t", schema=schema, index_params=index, consistency_level=STRONG)
    for start in range(0, len(rows), SENT):
        client.insert("t", [{"id": start + n, "v": row.tolist()} for n, row in enumerate(rows[start : start + SENT])])
    client.flush("t")
    client.load_collection("t")


def nearest(client: MilvusClient, query: np.ndarray, mask: np.ndarray) -> list[int]:
    """The numbers of the rows that it finds among those allowed."""
    names = "" if mask.all() else f"id in {np.flatnonzero(mask).tolist()}"
    found = client.search(
        "t", [query.tolist()], anns_field="v", limit=NEAREST, filter=names,
        search_params={"params": {"ef": 128}}, consistency_level=STRONG,
    )  # fmt: skip
    return [hit["id"] for hit in found[0]]


def files_with(folder: Path, row: np.ndarray) -> int:
    return sum(row.tobytes() in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def told_by(client: MilvusClient, place: Path, rows: np.ndarray, asked: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """What it finds, in which time, and what is left of a deleted row."""
    began = time.monotonic()
    fill(client, rows)
    told: dict[str, Any] = {"build_s": time.monotonic() - began, "found": {}, "ms": {}}
    for name in asked["names"].tolist():
        began = time.monotonic()
        pairs = list(zip(asked["queries"], asked[name], strict=True))
        told["found"][name] = [nearest(client, query, mask) for query, mask in pairs]
        told["ms"][name] = (time.monotonic() - began) / len(pairs) * 1000
    client.delete("t", ids=list(range(GONE)))
    client.flush("t")
    client.compact("t")
    everything = np.ones(len(rows), bool)
    told["found_again"] = sum(id < GONE for row in rows[:50] for id in nearest(client, row, everything))
    time.sleep(5)  # compaction is asked for, and done beside
    told["files_with_a_deleted_row"] = files_with(place, rows[GONE // 2])
    client.drop_collection("t")
    time.sleep(5)
    told["files_with_it_after_dropping_all"] = files_with(place, rows[GONE // 2])
    return told


def main(what: str, folder: Path) -> None:
    place = folder / "files"
    place.mkdir()
    with opened(what, place) as client:
        told = told_by(client, place, np.load(folder / "rows.npy"), np.load(folder / "asked.npz"))
    (folder / "told.json").write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
