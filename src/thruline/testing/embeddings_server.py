"""An embeddings server on 127.0.0.1 that answers like OpenAI's, with bad days to order."""

from __future__ import annotations

import json
from typing import Any

from thruline.testing.embedders import HashEmbedder
from thruline.testing.model_server import ModelServer


class EmbeddingsServer(ModelServer):
    """Answers with HashEmbedder's vectors."""

    def __init__(self, *troubles: int | str, dims: int = 64) -> None:
        super().__init__(*troubles)
        self.embedder = HashEmbedder(dims)

    def says(self, body: dict[str, Any]) -> str:
        """Backwards: the protocol orders by index, not by place."""
        rows = self.embedder.passages(body["input"]).tolist()
        return json.dumps({"data": [{"index": i, "embedding": row} for i, row in enumerate(rows)][::-1]})
