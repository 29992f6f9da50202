"""Text to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class EmbedderInfo:
    """Which model this is. `digest` is the SHA-256 (hex) of the weights and of all that changes the vectors;
    vectors of different digests never meet in one score. `device`: where it computes, `cpu` or `cuda`; empty elsewhere.
    """

    name: str
    digest: str
    dims: int
    max_tokens: int
    licence: str
    device: str = ""


@dataclass(frozen=True, kw_only=True)
class EmbedderSettings:
    """How an embedder is opened, as a home remembers it. key: a reference to the key, never the key.

    region: where its server stood when it was last set; empty where nobody said, or it is none.
    """

    backend: str
    model: str
    folder: str = ""
    url: str = ""
    key: str = ""
    dims: int = 0
    region: str = ""

    def opens_as(self, other: EmbedderSettings) -> bool:
        """Whether both open the same, by whatever key and wherever it is said to stand."""
        return replace(self, key="", region="") == replace(other, key="", region="")


class Embedder(Protocol):
    """Gives unit-length float32 vectors. One instance may be used by one thread at a time."""

    info: EmbedderInfo

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(len(texts), dims) float32, each row of length 1; longer texts are cut at max_tokens."""
        ...

    def query(self, text: str) -> np.ndarray:
        """(dims,) float32 of length 1, with the model's own query instruction if it has one."""
        ...

    def close(self) -> None:
        """Give memory and connections back."""
        ...


class TokenStates(NamedTuple):
    """offsets: (start, end) characters of each token, empty for the marks around a text; vectors: (tokens, dims)."""

    offsets: Sequence[tuple[int, int]]
    vectors: np.ndarray


class ReadsTokens(Protocol):
    """An embedder that shows what it makes of each token in its context."""

    def states(self, text: str) -> TokenStates:
        """The last layer's states of the first max_tokens tokens."""
        ...
