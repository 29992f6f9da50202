"""`/v1/rerank` as the clients of Cohere and Jina speak it, against a real server."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from thruline.testing.rerankers import RerankingServer
from thruline.testing.served import Home, Served, made_home, serving

PUMPS = ["a valve", "the red pump runs", "a pump"]


class Reply(NamedTuple):
    status: int
    body: dict[str, Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with made_home(tmp_path_factory.mktemp("rerank")) as made:
        yield made


@pytest.fixture(scope="module")
def upstream() -> Iterator[RerankingServer]:
    with RerankingServer() as running:
        yield running


@pytest.fixture(scope="module")
def served(home: Home, upstream: RerankingServer) -> Iterator[Served]:
    settings = {
        "THRULINE_SEARCH__RERANKER": "server", "THRULINE_SEARCH__RERANKER_URL": upstream.url,
        "THRULINE_SEARCH__RERANKER_MODEL": "words",
    }  # fmt: skip
    with serving(home, **settings) as server:
        yield server


def post(server: Served, body: Any, user: str = "ann") -> Reply:
    headers = {"content-type": "application/json", **(server.headers(user) if user else {})}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/v1/rerank", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Reply(answer.status, json.load(answer))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, json.load(error))


def test_documents_come_back_in_the_order_in_which_they_fit(served: Served) -> None:
    reply = post(served, {"model": "words", "query": "red pump", "documents": PUMPS})
    assert [r["index"] for r in reply.body["results"]] == [1, 2, 0]
    assert [r["relevance_score"] for r in reply.body["results"]] == [1.0, 0.5, 0.0]
    assert all("document" not in r for r in reply.body["results"])
    assert reply.body["model"] == "words"
    assert reply.body["usage"]["total_tokens"] > 0


def test_the_best_are_given_with_their_texts_where_that_is_asked_for(served: Served) -> None:
    asked = {"model": "words", "query": "red pump", "documents": [{"text": t} for t in PUMPS], "top_n": 1}
    reply = post(served, asked | {"return_documents": True})
    assert reply.body["results"] == [{"index": 1, "relevance_score": 1.0, "document": {"text": PUMPS[1]}}]


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"query": " "}, 400, "query"),
        ({"documents": []}, 400, "documents"),
        ({"documents": ["x"] * 1001}, 400, "documents"),
        ({"documents": ["word " * 300_000]}, 400, "documents"),
        ({"documents": [1]}, 400, None),
        ({"top_n": 0}, 400, "top_n"),
        ({"rank_fields": ["text"]}, 400, "rank_fields"),
        ({"model": "other"}, 404, None),
    ],
)
def test_a_request_that_cannot_be_meant_says_what_is_wrong(
    served: Served, change: dict[str, Any], status: int, param: str | None
) -> None:
    reply = post(served, {"model": "words", "query": "red pump", "documents": PUMPS} | change)
    assert reply.status == status
    assert param is None or reply.body["error"]["param"] == param


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 5000])
def test_a_body_that_is_no_request_is_refused(served: Served, body: bytes) -> None:
    assert post(served, body).status == 400


def test_nobody_is_served_without_a_key(served: Served) -> None:
    assert post(served, {"model": "words", "query": "pump", "documents": PUMPS}, user="").status == 401


def test_the_audit_trail_has_that_it_was_done_and_no_word_of_it(served: Served) -> None:
    post(served, {"model": "words", "query": "zebrafinch", "documents": ["quetzal"]}, user="bob")
    called = [e for e in served.platform.line.ledger.read() if e.facts.get("operation") == "gateway.rerank"]
    assert called[-1].facts["outcome"] == "done"
    assert "zebrafinch" not in str(called)


def test_a_reranker_that_is_away_is_a_503(served: Served, upstream: RerankingServer) -> None:
    upstream.troubles.append(503)
    assert post(served, {"model": "words", "query": "pump", "documents": PUMPS}).status == 503


@pytest.mark.parametrize(("reranker", "says"), [("", "no reranker is set"), ("learned", "own passages alone")])
def test_without_a_reranker_that_reads_texts_the_way_out_is_named(home: Home, reranker: str, says: str) -> None:
    with serving(home, THRULINE_SEARCH__RERANKER=reranker) as plain:
        reply = post(plain, {"model": "words", "query": "pump", "documents": PUMPS})
    assert reply.status == 501
    assert says in reply.body["error"]["message"]
    assert "search.reranker" in reply.body["error"]["message"]


def test_a_folder_that_holds_no_model_is_said(home: Home, tmp_path: Path) -> None:
    settings = {"THRULINE_SEARCH__RERANKER": "onnx", "THRULINE_SEARCH__RERANKER_FOLDER": str(tmp_path)}
    with serving(home, **settings) as broken:
        assert "model.onnx" in post(broken, {"model": "x", "query": "q", "documents": ["d"]}).body["error"]["message"]
