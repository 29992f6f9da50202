"""A reranker for tests: the more of the question's words a text holds, the better; and the same behind HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from thruline.core.errors import Unavailable
from thruline.ports.reranker import RerankerInfo
from thruline.testing.model_server import ModelServer


class WordsReranker:
    """Needs no weights. asked: the texts that it was given, call by call."""

    info = RerankerInfo(name="words", digest="00" * 16, licence="Apache-2.0")

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def scores(self, question: str, texts: Sequence[str], within_s: float) -> np.ndarray:
        """Share of the question's words."""
        self.asked.append(tuple(texts))
        if within_s < 0:
            raise Unavailable("the words were not counted in time")
        wanted = set(question.casefold().split())
        return np.array([len(wanted & set(text.casefold().split())) / (len(wanted) or 1) for text in texts])

    def close(self) -> None:
        """Nothing is open."""


class RerankingServer(ModelServer):
    """`/v1/rerank` by WordsReranker."""

    def says(self, body: dict[str, Any]) -> str:
        """Best first: the protocol orders by score, not by place."""
        scores = WordsReranker().scores(body["query"], body["documents"], 1.0)
        best = np.argsort(-scores, kind="stable").tolist()
        return json.dumps({"results": [{"index": i, "relevance_score": scores[i]} for i in best]})
