"""What milvus-lite answers, in an environment of its own: FOLDER/rows.npy, FOLDER/asked.npz -> FOLDER/told.json."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from pymilvus import DataType, MilvusClient

SENT, GONE, NEAREST = 1000, 1000, 10
GRAPH = {"M": 16, "efConstruction": 200}
STRONG = "Strong"


def made(place: Path, rows: np.ndarray) -> MilvusClient:
    """A collection with a graph that holds the rows under their numbers."""
    client = MilvusClient(str(place))
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
    return client


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


def main(folder: Path) -> None:
    rows, asked = np.load(folder / "rows.npy"), np.load(folder / "asked.npz")
    began = time.monotonic()
    client = made(folder / "milvus.db", rows)
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
    told["files_with_a_deleted_row"] = files_with(folder / "milvus.db", rows[GONE // 2])
    client.drop_collection("t")
    told["after_dropping"] = files_with(folder / "milvus.db", rows[GONE // 2])
    (folder / "told.json").write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
