"""A cross-encoder by ONNX Runtime: question and passage go through the network together, each pair alone.

One pair at a time, as texts in backends.onnx_embedder: an int8 model's scores depend on what else is in the batch.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from thruline.core.errors import Corrupt, NotFound, Unavailable
from thruline.ports.reranker import RerankerInfo

_FILES = ("model.onnx", "tokenizer.json")


class OnnxReranker:
    """A BERT-like classifier `model.onnx` with one output, and its `tokenizer.json`; scores lie in 0..1.

    threads: pairs under way at once; 0 means one for each core that this process may use.
    """

    def __init__(self, folder: Path, *, name: str, licence: str, max_tokens: int = 512, threads: int = 0) -> None:
        for file in _FILES:
            if not (folder / file).is_file():
                raise NotFound(f"no file {file!r} in {str(folder)!r}", hint="a reranker's folder holds both")
        self._tokenizer = _tokenizer(folder / "tokenizer.json", max_tokens)
        self._session = _session(folder / "model.onnx")
        self._inputs = {i.name for i in self._session.get_inputs()}
        self._pool = ThreadPoolExecutor(threads or len(os.sched_getaffinity(0)), "rerank")
        self.info = RerankerInfo(name=name, digest=_digest(folder, max_tokens), licence=licence)

    def scores(self, question: str, texts: Sequence[str], within_s: float) -> np.ndarray:
        """As the port says."""
        end = time.monotonic() + within_s
        return np.array(list(self._pool.map(lambda text: self._score(question, text, end), texts)), np.float64)

    def close(self) -> None:
        """End the threads; it is of no use after."""
        self._pool.shutdown()

    def _score(self, question: str, text: str, end: float) -> float:
        if time.monotonic() > end:
            raise Unavailable(f"{self.info.name!r} did not read the passages in time", hint=_SLOW)
        pair = self._tokenizer.encode(question, text)
        ids = np.array([pair.ids], np.int64)
        kinds = np.array([pair.type_ids], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": kinds}
        found = np.asarray(self._session.run(None, {k: v for k, v in feed.items() if k in self._inputs})[0])
        if found.size != 1 or not np.isfinite(found).all():
            raise Corrupt(f"{self.info.name!r} does not give one number for a pair", hint="use a cross-encoder")
        return float(1 / (1 + np.exp(-np.clip(found.item(), -60, 60))))


_SLOW = "raise search.reranker_timeout, or lower search.depth"


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
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # parallel over pairs, not inside one
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the C++ binding derives its errors from Exception, one class per status
        raise Corrupt(f"{str(path)!r} is not a model that ONNX Runtime can open") from error


def _digest(folder: Path, max_tokens: int) -> str:
    sha = hashlib.sha256(str(max_tokens).encode())
    for file in sorted([*folder.glob("model.onnx*"), folder / "tokenizer.json"]):
        with file.open("rb") as opened:
            sha.update(hashlib.file_digest(opened, "sha256").digest())
    return sha.hexdigest()
