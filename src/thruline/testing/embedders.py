"""A fake embedder that needs no weights: texts that share words of content are near one another."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from thruline.ports.embedder import EmbedderInfo

_WORD = re.compile(r"\w+")
_TOKENS = 512
_COMMON_WORDS = """
a an and are at be by can did do does for from has have how i in is it my of on or that the this to was we were what
when where which who why will with you
"""
_COMMON = frozenset(_COMMON_WORDS.split())  # what any two texts share, whatever they are about


class HashEmbedder:
    """A bag of words without a plural s, each hashed to a sign and a dimension. Deterministic across machines."""

    def __init__(self, dims: int = 64) -> None:
        digest = hashlib.sha256(f"hash embedder of content words, {dims}".encode()).hexdigest()
        self.info = EmbedderInfo(name="hash", digest=digest, dims=dims, max_tokens=_TOKENS, licence="Apache-2.0")

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """See ports.embedder."""
        return np.array([self._embed(text) for text in texts], np.float32).reshape(len(texts), self.info.dims)

    def query(self, text: str) -> np.ndarray:
        """See ports.embedder."""
        return self._embed(text)

    def close(self) -> None:
        """Nothing to give back."""

    def _embed(self, text: str) -> np.ndarray:
        vector = np.zeros(self.info.dims, np.float32)
        words = (word.removesuffix("s") for word in _WORD.findall(text.lower())[:_TOKENS] if word not in _COMMON)
        for word in ["", *words]:
            digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
            weight = 1.0 if word else 0.01  # so that a text without words has a direction, too
            vector[int.from_bytes(digest[:4], "little") % self.info.dims] += weight if digest[4] % 2 else -weight
        length = np.linalg.norm(vector)
        return vector / length if length > 0 else np.eye(1, self.info.dims, dtype=np.float32)[0]
