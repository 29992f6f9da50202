"""Weights and tokenizer from one folder, no torch, no network.

On a CPU each text goes through the network alone. An int8 model scales its activations by the whole batch, so that in
one a text's vector would depend on its neighbours (cosine .998 here) and the same record would not give the same ids
twice; without padding it is faster, too (13.3 abstracts a CPU second against 8.6 in batches of 2,048 tokens). A GPU is
idle with one text: there a float model takes batches, and a vector differs by rounding from that of the text alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from thruline.backends.onnx_embedder.batches import Ids, Network, Pooling, embedded
from thruline.backends.onnx_embedder.session import device_of, open_session
from thruline.core.errors import Corrupt, NotFound
from thruline.ports.embedder import EmbedderInfo, TokenStates

GPU_TOKENS = 32_768  # 64 texts of 512: 50 MB of states, and enough for any GPU to be busy


class OnnxEmbedder:
    """A BERT-like encoder `model.onnx` with its `tokenizer.json`.

    pooling: how token states become one vector, as the model was trained. query_prefix: its query instruction.
    threads: texts under way at once; 0 means one for each core this process may use, more only makes them wait.
    batch: padded tokens that go through the network at once; 0 means as many as feed a GPU, on a CPU each text alone.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        licence: str,
        pooling: Pooling,
        query_prefix: str = "",
        max_tokens: int = 512,
        threads: int = 0,
        batch: int = 0,
    ) -> None:
        for file in ("model.onnx", "tokenizer.json"):
            if not (folder / file).is_file():
                raise NotFound(f"no file {file!r} in {str(folder)!r}", hint="an embedder's folder holds both")
        self._pooling: Pooling = pooling
        self._prefix = query_prefix
        self._tokenizer = _tokenizer(folder / "tokenizer.json", max_tokens)
        self._session = open_session(folder / "model.onnx")
        device = device_of(self._session)
        self._batch = batch or (GPU_TOKENS if device == "cuda" else 0)
        self._pool = ThreadPoolExecutor(threads or _cores(), "embed")
        self._inputs = {i.name for i in self._session.get_inputs()}
        settings = {"pooling": pooling, "query_prefix": query_prefix, "max_tokens": max_tokens}
        self.info = EmbedderInfo(
            name=name,
            digest=_digest(folder, settings),
            dims=int(self._session.get_outputs()[0].shape[-1]),
            max_tokens=max_tokens,
            licence=licence,
            device=device,
        )

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(len(texts), dims) float32 unit rows; one by one, a text's row does not depend on its neighbours."""
        if self._batch:
            network = Network(self._cut, self._states, self._pooling, self.info.dims, self._batch)
            return embedded(texts, network, self._pool)
        vectors = np.empty((len(texts), self.info.dims), np.float32)
        for row, vector in enumerate(self._pool.map(self._embed, texts)):
            vectors[row] = vector
        return vectors

    def query(self, text: str) -> np.ndarray:
        """(dims,) float32 of length 1."""
        return self._embed(self._prefix + text)

    def close(self) -> None:
        """End the threads; the embedder is of no use after."""
        self._pool.shutdown()

    def states(self, text: str) -> TokenStates:
        """What the network makes of each token."""
        tokens = self._tokenizer.encode(text)
        return TokenStates(tokens.offsets, self._run(tokens.ids))

    def _embed(self, text: str) -> np.ndarray:
        states = self._run(self._tokenizer.encode(text).ids)
        pooled = states[0] if self._pooling == "cls" else states.mean(axis=0)
        return pooled / np.linalg.norm(pooled)

    def _run(self, tokens: Sequence[int]) -> np.ndarray:
        """(tokens, dims) float32."""
        ids = np.array([tokens], np.int64)
        return self._states(ids, np.ones_like(ids))[0]

    def _states(self, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """(batch, tokens, dims)."""
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return np.asarray(self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})[0])

    def _cut(self, texts: Sequence[str]) -> list[Ids]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust binding raises plain Exception for any bad file
        raise Corrupt(f"{str(path)!r} is not a tokenizer") from error
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


def _digest(folder: Path, settings: dict[str, str | int]) -> str:
    sha = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for file in sorted([*folder.glob("model.onnx*"), folder / "tokenizer.json"]):
        with file.open("rb") as opened:
            sha.update(hashlib.file_digest(opened, "sha256").digest())
    return sha.hexdigest()
