"""Trains the reranker as a job of its own: `python -m thruline.models.train_ranker`.

Boosted trees that tell passages that answer from others, by the numbers of vectors.features. The rows hold numbers
alone, and so do the trees; what is written is walked again by numpy and must say what scikit-learn says.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from thruline.core.errors import Corrupt, Invalid, ThrulineError
from thruline.models.datasets import from_parquet
from thruline.models.ranker import Settings, Trees, dump

# Of 809 training questions of SciFact, five folds: 150 trees of 8 leaves gain .028 nDCG@10, linear models .012.
TREES, LEAVES, RATE, LEAST_ROWS = 150, 8, 0.05, 60


def train(dataset: pl.DataFrame, *, version: int, seed: int) -> dict[str, bytes]:
    """The files of a ranker trained on the rows of split `train`; version: of the numbers in them.

    Raises Invalid where the rows do not hold passages that answer and others.
    """
    began = time.monotonic()
    rows = dataset.filter(pl.col("split") == "train")
    labels = rows["label"].to_numpy()
    if not 0 < labels.sum() < len(labels):
        raise Invalid(f"{len(labels)} rows do not hold both kinds of passages", hint="judge more questions")
    numbers = read_numbers(rows)
    model = HistGradientBoostingClassifier(
        learning_rate=RATE, max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False,  # pyright: ignore[reportArgumentType]
        random_state=seed,
        l2_regularization=1.0, min_samples_leaf=max(1, min(LEAST_ROWS, len(labels) // 100)),
    )  # fmt: skip
    with threadpool_limits(1):  # on a busy machine its threads wait for one another more than they work
        model.fit(numbers, labels)
    trees = _trees(model)
    if not np.allclose(trees.sums(numbers), _said(model, numbers), atol=1e-6):
        raise Corrupt("the trees do not say what scikit-learn says", hint="install the versions that are locked")
    seconds = round(time.monotonic() - began, 3)
    settings = Settings(version=version, columns=numbers.shape[1], seed=seed, rows=len(labels), seconds=seconds)
    return dump(settings, trees)


def read_numbers(rows: pl.DataFrame) -> np.ndarray:
    """(rows, columns) float64: a row's text is its numbers."""
    return np.array([text.split() for text in rows["text"]], np.float64)


def _trees(model: Any) -> Trees:
    """All nodes in one table; leaves lead to themselves."""
    parts, roots, nodes = [], [], 0
    for (tree,) in model._predictors:
        own = np.arange(nodes, nodes + len(tree.nodes))
        leaf = tree.nodes["is_leaf"].astype(bool)
        left, right = (np.where(leaf, own, tree.nodes[side].astype(np.int64) + nodes) for side in ("left", "right"))
        column = np.where(leaf, 0, tree.nodes["feature_idx"])
        threshold = np.where(leaf, 0.0, tree.nodes["num_threshold"])
        parts.append((column, threshold, left, right, np.where(leaf, tree.nodes["value"], 0.0)))
        roots.append(nodes)
        nodes += len(own)
    column, threshold, left, right, value = (np.concatenate(found) for found in zip(*parts, strict=True))
    return Trees(
        column=column.astype(np.int32), threshold=threshold, left=left.astype(np.int32), right=right.astype(np.int32),
        value=value, roots=np.array(roots, np.int32),
    )  # fmt: skip


def _said(model: Any, numbers: np.ndarray) -> np.ndarray:
    """The model's log-odds without the constant that it begins from, which orders nothing."""
    return model.decision_function(numbers) - np.ravel(model._baseline_prediction)[0]


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the model is written, 2 for a dataset that cannot be trained on."""
    parser = argparse.ArgumentParser(prog="python -m thruline.models.train_ranker")
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        files = train(from_parquet(given.dataset.read_bytes()), version=given.version, seed=given.seed)
    except ThrulineError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    given.out.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (given.out / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
