"""The rerankers keep one promise; the local model is tested where its weights are, or can be fetched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from thruline.backends.onnx_reranker import OnnxReranker
from thruline.backends.rerank_server import RerankServer
from thruline.core.errors import Corrupt, Denied, Invalid, NotFound, ThrulineError, Unavailable
from thruline.testing.reranker_suite import QUESTION, RIGHT, TEXTS, RerankerSuite
from thruline.testing.rerankers import RerankingServer, WordsReranker
from thruline.vectors.reranker_weights import MS_MARCO
from thruline.vectors.weights import BGE_SMALL, find_weights

CACHE = Path.home() / ".cache" / "thruline"


class TestWordsReranker(RerankerSuite):
    def open(self) -> WordsReranker:
        return WordsReranker()


def remote(server: RerankingServer, rest_s: float = 0.0) -> RerankServer:
    return RerankServer(server.url, model="words", key=lambda: "secret", rest_s=rest_s)


class TestRerankServer(RerankerSuite):
    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        with RerankingServer() as self.server:
            yield

    def open(self) -> RerankServer:
        return remote(self.server)


def test_a_server_is_asked_with_the_model_and_the_key() -> None:
    with RerankingServer() as server:
        reranker = remote(server)
        reranker.scores(QUESTION, TEXTS, 5.0)
        assert server.requests[0]["model"] == "words"
        assert server.requests[0]["query"] == QUESTION
        assert server.keys == ["Bearer secret"]
        reranker.close()


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (401, Denied),
        (404, Invalid),
        (429, Unavailable),
        (503, Unavailable),
        ("drop", Unavailable),
        ("<html>", Corrupt),
        ("[]", Corrupt),
        ('{"results": []}', Corrupt),
        ('{"results": [{"index": 7, "relevance_score": 1}]}', Corrupt),
        ('{"results": [{"index": 0, "relevance_score": NaN}]}', Corrupt),
    ],
)
def test_an_answer_that_cannot_be_used_is_an_error(trouble: int | str, error: type[ThrulineError]) -> None:
    with RerankingServer(trouble) as server:
        reranker = remote(server)
        with pytest.raises(error):
            reranker.scores("pump", ["a pump"], 5.0)
        assert reranker.scores("pump", ["a pump"], 5.0).tolist() == [1.0]
        reranker.close()


def test_a_server_that_answers_by_drops_is_left_when_the_time_is_over() -> None:
    with RerankingServer("slow") as server:
        reranker = remote(server)
        began = time.monotonic()
        with pytest.raises(Unavailable, match="TimeoutError"):
            reranker.scores("pump", ["a pump"] * 9, 0.3)
        assert time.monotonic() - began < 0.9
        reranker.close()


def test_a_server_that_failed_is_left_alone_for_a_while() -> None:
    with RerankingServer(503, 503) as server:
        reranker = remote(server, rest_s=60.0)
        for _ in range(3):
            with pytest.raises(Unavailable, match="HTTP 503"):
                reranker.scores("pump", ["a pump"], 5.0)
        assert len(server.requests) == 1
        reranker.close()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="localhost"):
        RerankServer("localhost:8000", model="m")


def test_a_key_is_not_sent_in_the_open() -> None:
    with pytest.raises(Invalid, match="in the open"):
        RerankServer("http://rerank.example/v1", model="m", key=lambda: "secret")


@pytest.fixture(scope="module")
def weights() -> Path:
    try:
        return find_weights(MS_MARCO, cache=CACHE)
    except Unavailable as error:
        pytest.skip(f"no weights: {error.message}")


class TestOnnxReranker(RerankerSuite):
    @pytest.fixture(autouse=True)
    def _folder(self, weights: Path) -> None:
        self.folder = weights

    def open(self) -> OnnxReranker:
        return OnnxReranker(self.folder, **MS_MARCO.settings)


def test_scores_lie_between_0_and_1(weights: Path) -> None:
    reranker = OnnxReranker(weights, threads=1, **MS_MARCO.settings)
    scores = reranker.scores(QUESTION, TEXTS, 60.0)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scores[TEXTS.index(RIGHT)] > 0.9 > 0.1 > scores[0]
    assert np.array_equal(scores, reranker.scores(QUESTION, TEXTS, 60.0))
    reranker.close()


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"model\.onnx"):
        OnnxReranker(tmp_path, name="own", licence="")


def test_files_that_are_no_model_are_corrupt(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(Corrupt, match="tokenizer"):
        OnnxReranker(tmp_path, name="own", licence="")


def test_an_embedder_s_weights_are_no_reranker() -> None:
    try:
        folder = find_weights(BGE_SMALL, cache=CACHE)
    except Unavailable as error:
        pytest.skip(f"no weights: {error.message}")
    reranker = OnnxReranker(folder, name="own", licence="")
    with pytest.raises(Corrupt, match="one number"):
        reranker.scores("pump", ["a pump"], 60.0)
    reranker.close()
