"""The part of Qdrant's REST interface that thruline uses, on 127.0.0.1, over Qdrant's own engine in process.

Points, graphs, filters, logs and files are Qdrant's (the package `qdrant-edge-py`). Collections, aliases and HTTP are
ours, written after Qdrant's published interface; `tests/conformance/test_qdrant_contract.py` holds them to its models.
"""

from __future__ import annotations

import json
import shutil
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import qdrant_edge as edge

_ALIASES = "aliases.json"
_TYPES = {"float16": edge.VectorStorageDatatype.Float16, "float32": edge.VectorStorageDatatype.Float32}
_DISTANCES = {"Dot": edge.Distance.Dot, "Cosine": edge.Distance.Cosine}
_INDEXED_KB = 200  # rows of a segment beyond which it gets a graph: little, so that tests meet one


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    body: Any


class Refused(Exception):
    """An answer that is not 200; never leaves this file."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


class QdrantServer:
    """Keeps its collections in a folder, and finds them there again. Use as a context manager.

    key: what requests have to bring; empty for none. tls: to be spoken to over TLS alone. away: while true, connections
    are dropped. asked: what came.
    """

    def __init__(self, folder: Path, *, key: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.folder, self.key, self.away = folder, key, False
        self.asked: list[Asked] = []
        folder.mkdir(exist_ok=True)
        self._shards = {path.name: edge.EdgeShard.load(str(path)) for path in folder.iterdir() if path.is_dir()}
        kept = folder / _ALIASES
        self._aliases: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
        self._changing = threading.Lock()  # guards the two above, and that a shard is changed by one at a time
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for shard in self._shards.values():
            shard.close()

    def collections(self) -> dict[str, int]:
        """Points of each, the one that is no row left out."""
        return {name: shard.info().points_count - 1 for name, shard in self._shards.items()}

    def answer(self, method: str, path: str, body: Any) -> Any:
        """The `result` of a request."""
        self.asked.append(Asked(method, path, body))
        parts = urlsplit(path).path.strip("/").split("/")
        match (method, *parts):
            case ("GET", "collections"):
                return {"collections": [{"name": name} for name in self._shards]}
            case ("GET", "aliases"):
                pairs = self._aliases.items()
                return {"aliases": [{"alias_name": alias, "collection_name": name} for alias, name in pairs]}
            case ("POST", "collections", "aliases"):
                return self._alias(body["actions"])
            case ("PUT", "collections", name):
                return self._create(name, body)
            case ("DELETE", "collections", name):
                return self._delete(name)
            case (_, "collections", name, "points", *rest) if (method, *rest) in _POINTS:
                return self._points(_POINTS[method, *rest], name, body)
        raise Refused(404, "")

    def _points(self, does: Callable[[edge.EdgeShard, Any], Any], name: str, body: Any) -> Any:
        shard = self._shards.get(self._aliases.get(name, name))
        if shard is None:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        if does in _CHANGES:
            with self._changing:
                return does(shard, body)
        return does(shard, body)

    def _create(self, name: str, body: Mapping[str, Any]) -> bool:
        with self._changing:
            if name in self._shards or name in self._aliases:
                raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
            vectors, graph = body["vectors"], body["hnsw_config"]
            self._shards[name] = edge.EdgeShard.create(
                str(self.folder / name),
                edge.EdgeConfig(
                    vectors=edge.EdgeVectorParams(
                        size=vectors["size"], distance=_DISTANCES[vectors["distance"]],
                        datatype=_TYPES[vectors.get("datatype", "float32")],
                    ),
                    hnsw_config=edge.HnswIndexConfig(graph["m"], graph["ef_construct"], _INDEXED_KB),
                    optimizers=edge.EdgeOptimizersConfig(indexing_threshold=_INDEXED_KB),
                ),
            )  # fmt: skip
        return True

    def _delete(self, name: str) -> bool:
        with self._changing:
            shard = self._shards.pop(name, None)
            if shard is None:
                return False
            self._keep({alias: of for alias, of in self._aliases.items() if of != name})
            shard.close()
            shutil.rmtree(self.folder / name)
        return True

    def _alias(self, actions: list[dict[str, dict[str, str]]]) -> bool:
        with self._changing:
            aliases = dict(self._aliases)
            for action in actions:
                match action:
                    case {"delete_alias": {"alias_name": alias}}:
                        aliases.pop(alias, None)
                    case {"create_alias": {"collection_name": name, "alias_name": alias}} if name in self._shards:
                        aliases[alias] = name
                    case _:
                        raise Refused(404, "Not found: Collection doesn't exist!")
            self._keep(aliases)
        return True

    def _keep(self, aliases: dict[str, str]) -> None:
        (self.folder / _ALIASES).write_text(json.dumps(aliases))
        self._aliases = aliases


def _upsert(shard: edge.EdgeShard, body: Any) -> Any:
    points = [edge.Point(p["id"], p["vector"], p.get("payload") or {}) for p in body["points"]]
    return _changed(shard, edge.UpdateOperation.upsert_points(points))


def _take_out(shard: edge.EdgeShard, body: Any) -> Any:
    return _changed(shard, edge.UpdateOperation.delete_points(body["points"]))


def _set_payload(shard: edge.EdgeShard, body: Any) -> Any:
    return _changed(shard, edge.UpdateOperation.set_payload(body["points"], body["payload"]))


def _changed(shard: edge.EdgeShard, operation: edge.UpdateOperation) -> Any:
    shard.update(operation)
    shard.optimize()  # the server does it beside, some time later
    return {"operation_id": 0, "status": "completed"}


def _retrieve(shard: edge.EdgeShard, body: Any) -> Any:
    found = shard.retrieve(body["ids"], with_payload=body["with_payload"], with_vector=body["with_vector"])
    return [_point(point) for point in found]


def _scroll(shard: edge.EdgeShard, body: Any) -> Any:
    asked = edge.ScrollRequest(
        offset=body.get("offset"), limit=body["limit"], with_payload=body["with_payload"],
        with_vector=body["with_vector"],
    )  # fmt: skip
    points, after = shard.scroll(asked)
    return {"points": [_point(p) for p in points], "next_page_offset": None if after is None else str(after)}


def _count(shard: edge.EdgeShard, body: Any) -> Any:
    return {"count": shard.count(edge.CountRequest(exact=body["exact"]))}


def _query(shard: edge.EdgeShard, body: Any) -> Any:
    params, query = body.get("params") or {}, body["query"]
    vector = query["nearest"] if isinstance(query, dict) else query
    asked = edge.QueryRequest(
        limit=body["limit"], query=edge.Query.Nearest(vector), filter=_filter(body.get("filter")),
        with_vector=body["with_vector"], with_payload=body["with_payload"],
        params=edge.SearchParams(hnsw_ef=params.get("hnsw_ef"), exact=params.get("exact", False)),
    )  # fmt: skip
    return {"points": [{**_point(p), "version": p.version, "score": p.score} for p in shard.query(asked)]}


def _filter(said: Mapping[str, Any] | None) -> edge.Filter | None:
    if said is None:
        return None
    return edge.Filter(must=_conditions(said.get("must")), must_not=_conditions(said.get("must_not")))


def _conditions(said: list[dict[str, Any]] | None) -> list[Any] | None:
    return None if said is None else [edge.HasIdCondition(set(condition["has_id"])) for condition in said]


def _point(point: edge.Record | edge.ScoredPoint) -> dict[str, Any]:
    told = {"id": str(point.id), "payload": point.payload, "vector": point.vector}
    return {name: value for name, value in told.items() if value is not None}


_CHANGES = (_upsert, _take_out, _set_payload)
_POINTS: Mapping[tuple[str, ...], Callable[[edge.EdgeShard, Any], Any]] = {
    ("PUT",): _upsert,
    ("POST",): _retrieve,
    ("POST", "delete"): _take_out,
    ("POST", "payload"): _set_payload,
    ("POST", "scroll"): _scroll,
    ("POST", "count"): _count,
    ("POST", "query"): _query,
}


def _handler(server: QdrantServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one packet, or each answer waits 40 ms for an acknowledgement

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if server.away:
                self.close_connection = True
                return
            status, told = 200, {}
            try:
                if server.key and self.headers.get("api-key") != server.key:
                    raise Refused(401, "Must provide an API key or an Authorization bearer token")
                told = {"result": server.answer(self.command, self.path, json.loads(body or b"null")), "status": "ok"}
            except Refused as error:
                status, told = error.status, {"status": {"error": error.said}}
            data = json.dumps({**told, "time": 0.0}).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _do

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
