"""The learned reranker at run time: boosted trees over numbers, walked in numpy; nothing executable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from thruline.core.errors import Corrupt
from thruline.core.ids import ArtifactId

TREES_FILE = "ranker.safetensors"
SETTINGS_FILE = "ranker.json"
MOST_NODES = 1 << 20
_TRAIN_AGAIN = "train it again with `thruline train reranker`"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands beside the trees. version and columns: of the numbers that it learned from, see vectors.features."""

    version: int
    columns: int
    seed: int
    rows: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Trees:
    """All nodes of all trees in one table. A leaf is its own left and right; value counts at leaves alone.

    column (nodes,) int32 and threshold (nodes,) float64: left where the number is not larger. roots (trees,) int32.
    """

    column: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    roots: np.ndarray

    def sums(self, rows: np.ndarray) -> np.ndarray:
        """(n,) float64: what the leaves that each row of (n, columns) falls into hold together."""
        at = np.repeat(self.roots[:, None], len(rows), axis=1)
        each = np.arange(len(rows))
        while True:
            goes_left = rows[each, self.column[at]] <= self.threshold[at]
            after = np.where(goes_left, self.left[at], self.right[at])
            if np.array_equal(after, at):
                return self.value[at].sum(axis=0)
            at = after


_COLUMNS: Sequence[tuple[str, type[np.generic]]] = (
    ("column", np.int32), ("threshold", np.float64), ("left", np.int32), ("right", np.int32), ("value", np.float64),
    ("roots", np.int32),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ranker:
    """Says which passages fit a question best."""

    settings: Settings
    trees: Trees

    @classmethod
    def load(cls, folder: Mapping[str, bytes], version: int) -> Ranker:
        """The ranker in these files (name -> bytes); raises Corrupt for anything that `dump` would not write.

        version: of the numbers that it will be given.
        """
        try:
            settings = msgspec.json.decode(folder[SETTINGS_FILE], type=Settings)
            parts = load(folder[TREES_FILE])
            trees = Trees(**{name: parts[name] for name, _ in _COLUMNS})
        except (KeyError, msgspec.DecodeError, SafetensorError, ValueError, TypeError) as error:
            raise Corrupt(f"the reranker's files cannot be read: {error}", hint=_TRAIN_AGAIN) from error
        if settings.version != version:
            raise Corrupt(f"the reranker wants numbers {settings.version}, these are {version}", hint=_TRAIN_AGAIN)
        _check(settings, trees)
        return cls(settings=settings, trees=trees)

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """(n,) float64 for (n, columns) numbers: the larger, the better it fits."""
        return self.trees.sums(rows.astype(np.float64))


class Learned(NamedTuple):
    """A ranker and the model on the shelf that it is."""

    model: ArtifactId
    ranker: Ranker


def dump(settings: Settings, trees: Trees) -> dict[str, bytes]:
    """The files of a ranker."""
    parts = {name: np.ascontiguousarray(getattr(trees, name), dtype) for name, dtype in _COLUMNS}
    return {TREES_FILE: save(parts), SETTINGS_FILE: msgspec.json.encode(settings)}


def _check(settings: Settings, trees: Trees) -> None:
    """Every walk must end: a child is itself at a leaf, and else stands behind its parent."""
    nodes = len(trees.column)
    shapes = {name: (getattr(trees, name).dtype, getattr(trees, name).ndim) for name, _ in _COLUMNS}
    if shapes != {name: (np.dtype(dtype), 1) for name, dtype in _COLUMNS} or not 0 < nodes <= MOST_NODES:
        raise Corrupt(f"the reranker's trees have shapes {shapes!r}", hint=_TRAIN_AGAIN)
    if {len(getattr(trees, name)) for name, _ in _COLUMNS if name != "roots"} != {nodes}:
        raise Corrupt("the reranker's trees are cut off", hint=_TRAIN_AGAIN)
    own = np.arange(nodes)
    leaf = (trees.left == own) & (trees.right == own)
    forward = (trees.left > own) & (trees.right > own) & (trees.left < nodes) & (trees.right < nodes)
    if not (leaf | forward).all() or not len(trees.roots) or not _inside(trees.roots, nodes):
        raise Corrupt("the reranker's trees do not hang together", hint=_TRAIN_AGAIN)
    if not _inside(trees.column, settings.columns):
        raise Corrupt(f"the reranker looks at more than {settings.columns} numbers", hint=_TRAIN_AGAIN)
    if not (np.isfinite(trees.value).all() and np.isfinite(trees.threshold[~leaf]).all()):
        raise Corrupt("the reranker holds numbers that are not finite", hint=_TRAIN_AGAIN)


def _inside(numbers: np.ndarray, end: int) -> bool:
    return bool(((numbers >= 0) & (numbers < end)).all())
