"""Sentence embeddings by ONNX Runtime: weights and tokenizer from one folder, no torch, no network.

Each text goes through the network alone. An int8 model scales its activations by the whole batch, so in a batch a
text's vector would depend on its neighbours (cosine .998 here) and the same record would not give the same ids twice;
without padding it is faster, too (13.3 abstracts a CPU second against 8.6 in batches of 2,048 tokens).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from thruline.core.errors import Corrupt, NotFound
from thruline.ports.embedder import EmbedderInfo, TokenStates

Pooling = Literal["cls", "mean"]


class OnnxEmbedder:
    """A BERT-like encoder `model.onnx` with its `tokenizer.json`.

    pooling: how token states become one vector, as the model was trained. query_prefix: its query instruction.
    threads: texts under way at once; 0 means one for each core this process may use, more only makes them wait.
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
    ) -> None:
        for file in ("model.onnx", "tokenizer.json"):
            if not (folder / file).is_file():
                raise NotFound(f"no file {file!r} in {str(folder)!r}", hint="an embedder's folder holds both")
        self._pooling, self._prefix = pooling, query_prefix
        self._tokenizer = _tokenizer(folder / "tokenizer.json", max_tokens)
        self._session = _session(folder / "model.onnx")
        self._pool = ThreadPoolExecutor(threads or _cores(), "embed")
        self._inputs = {i.name for i in self._session.get_inputs()}
        settings = {"pooling": pooling, "query_prefix": query_prefix, "max_tokens": max_tokens}
        self.info = EmbedderInfo(
            name=name,
            digest=_digest(folder, settings),
            dims=int(self._session.get_outputs()[0].shape[-1]),
            max_tokens=max_tokens,
            licence=licence,
        )

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(len(texts), dims) float32 unit rows; a text's row does not depend on its neighbours."""
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
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        return np.asarray(self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})[0])[0]


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


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    # Parallel over texts, not inside one: no thread waits for another, and sums are always in one order.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the C++ binding derives its errors from Exception, one class per status
        raise Corrupt(f"{str(path)!r} is not a model that ONNX Runtime can open") from error


def _digest(folder: Path, settings: dict[str, str | int]) -> str:
    sha = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for file in sorted([*folder.glob("model.onnx*"), folder / "tokenizer.json"]):
        with file.open("rb") as opened:
            sha.update(hashlib.file_digest(opened, "sha256").digest())
    return sha.hexdigest()
