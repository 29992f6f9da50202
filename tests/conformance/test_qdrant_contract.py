"""What is said to a Qdrant server and back, held against the models that Qdrant publishes with its Python client.

Those models are made from the server's OpenAPI description and refuse fields that it does not know. So the adapter's
requests are Qdrant's, and the server that the other tests talk to is one that Qdrant's own client can talk to.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from thruline.backends.qdrant_dense import QdrantDense
from thruline.testing.dense_suite import clustered, without_nearest
from thruline.testing.qdrant_server import Asked, QdrantServer

PUBLISHED: dict[tuple[str, str], type | None] = {
    ("GET", "/collections"): None,
    ("GET", "/aliases"): None,
    ("POST", "/collections/aliases"): models.ChangeAliasesOperation,
    ("PUT", "/collections/{}"): models.CreateCollection,
    ("DELETE", "/collections/{}"): None,
    ("PUT", "/collections/{}/points"): models.PointsList,
    ("POST", "/collections/{}/points"): models.PointRequest,
    ("POST", "/collections/{}/points/delete"): models.PointIdsList,
    ("POST", "/collections/{}/points/payload"): models.SetPayload,
    ("POST", "/collections/{}/points/scroll"): models.ScrollRequest,
    ("POST", "/collections/{}/points/count"): models.CountRequest,
    ("POST", "/collections/{}/points/query"): models.QueryRequest,
}
CHANGES = ("/collections/{}/points/delete", "/collections/{}/points/payload")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[QdrantServer]:
    with QdrantServer(tmp_path / "qdrant") as server:
        yield server


def route(asked: Asked) -> tuple[str, str]:
    parts = urlsplit(asked.path).path.split("/")
    if len(parts) > 2 and parts[2] != "aliases":
        parts[2] = "{}"
    return asked.method, "/".join(parts)


def test_every_request_is_one_that_qdrant_publishes(server: QdrantServer) -> None:
    vectors = clustered(3000, dims=24).astype(np.float16)
    index = QdrantDense(url=server.url, name="mine")
    index.check()
    index.build(vectors)
    index.add(vectors[:3])
    query = clustered(1, dims=24, seed=8)[0]
    for mask in (None, without_nearest(vectors, query, 1), without_nearest(vectors, query, 45)):
        index.search(query, 10, mask)
    index.delete(np.arange(10))
    index.stats()
    index.scrub()
    index.drop()
    assert {route(asked) for asked in server.asked} == set(PUBLISHED)
    for asked in server.asked:
        model: Any = PUBLISHED[route(asked)]
        assert (model is None) == (asked.body is None)
        if model:
            model.model_validate(asked.body)
        if (asked.method == "PUT" and "points" in asked.body) or route(asked)[1] in CHANGES:
            assert parse_qs(urlsplit(asked.path).query) == {"wait": ["true"]}


def test_the_fields_of_each_request_are_written_down(server: QdrantServer) -> None:
    index = QdrantDense(url=server.url, name="mine")
    index.build(np.eye(4, dtype=np.float16)[:2])
    index.search(np.eye(4, dtype=np.float32)[0], 1, np.array([True, False]))
    index.delete(np.array([0]))
    bodies = {route(asked): asked.body for asked in server.asked}
    marks = "00000000-0000-0000-0000-000000000000"
    (alias,) = bodies["POST", "/collections/aliases"]["actions"]
    assert alias == {
        "create_alias": {"collection_name": next(iter(server.collections())), "alias_name": "thruline_mine_4h_m16_200"}
    }
    assert bodies["PUT", "/collections/{}"] == {
        "vectors": {"size": 4, "distance": "Dot", "datatype": "float16"},
        "hnsw_config": {"m": 16, "ef_construct": 200},
        "strict_mode_config": {"enabled": False},
    }
    first, second = bodies["PUT", "/collections/{}/points"]["points"]
    assert first == {"id": first["id"], "vector": [1, 0, 0, 0]}
    assert bodies["POST", "/collections/{}/points/scroll"] == {
        "limit": 10000,
        "with_payload": False,
        "with_vector": False,
    }
    assert bodies["POST", "/collections/{}/points/query"] == {
        "query": [1, 0, 0, 0], "limit": 1, "params": {"exact": True}, "with_payload": False, "with_vector": False,
        "filter": {"must": [{"has_id": [first["id"]]}]},
    }  # fmt: skip
    assert bodies["POST", "/collections/{}/points"] == {
        "ids": [marks, first["id"]], "with_payload": True, "with_vector": True,
    }  # fmt: skip
    ((_, times),) = bodies["POST", "/collections/{}/points/payload"]["payload"].items()
    assert (times, bodies["POST", "/collections/{}/points/payload"]["points"]) == (1, [marks])
    assert bodies["POST", "/collections/{}/points/delete"] == {"points": [first["id"]]}
    assert second["id"] != first["id"]


def test_qdrants_own_client_understands_the_server_of_the_tests(server: QdrantServer) -> None:
    rows = {"00000000-0000-0000-0000-000000000001": [1.0, 0.0], "00000000-0000-0000-0000-000000000002": [0.0, 1.0]}
    (one, other), graph = rows, models.HnswConfigDiff(m=16, ef_construct=100)
    params = models.VectorParams(size=2, distance=models.Distance.DOT, datatype=models.Datatype.FLOAT16)
    client = QdrantClient(url=server.url, check_compatibility=False)
    assert client.create_collection("real", vectors_config=params, hnsw_config=graph)
    aliased = models.CreateAlias(collection_name="real", alias_name="called")
    assert client.update_collection_aliases([models.CreateAliasOperation(create_alias=aliased)])
    assert client.get_aliases().aliases == [models.AliasDescription(alias_name="called", collection_name="real")]
    points = [models.PointStruct(id=id, vector=row) for id, row in rows.items()]
    assert client.upsert("called", points, wait=True).status == models.UpdateStatus.COMPLETED
    client.set_payload("called", {"p1": 3}, points=[one])
    (found,) = client.retrieve("called", [one], with_vectors=True)
    assert (found.payload, found.vector) == ({"p1": 3}, [1.0, 0.0])
    allowed = models.Filter(must=[models.HasIdCondition(has_id=[other])])
    (nearest,) = client.query_points("called", query=[1.0, 0.125], query_filter=allowed, limit=5).points
    assert nearest.id == other
    assert nearest.score == 0.125
    client.delete("called", [other])
    assert client.count("called", exact=True).count == 1
    assert [record.id for record in client.scroll("called", limit=10)[0]] == [one]
    assert [c.name for c in client.get_collections().collections] == ["real"]
    assert client.delete_collection("real")
    client.close()
