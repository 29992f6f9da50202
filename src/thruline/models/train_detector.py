"""Trains the injection detector as a job of its own: `python -m thruline.models.train_detector`.

Logistic regressions on hashed features, one a shard; their mean is calibrated on the validation rows (Platt 1999).
Writes safetensors and JSON.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl
from msgspec import structs
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from thruline.core.errors import Invalid, ThrulineError
from thruline.models.datasets import from_parquet
from thruline.models.detector import Detector, Settings, dump
from thruline.models.shards import FILE, Shard, dumped, loaded, mean
from thruline.models.text_features import VERSION, WIDTH, matrix

INVERSE_PENALTY = 10.0  # of 1, 3, 10: the best AUROC on other sources than it was trained on
FALSE_ALARMS = 0.01
STEPS = 2.0**20  # of a weight, in each unit: a margin of a thousand features is off by less than .0005
_NONE: Mapping[int, bytes] = MappingProxyType({})
LEAST_THRESHOLD = 0.5  # where the two kinds are far apart, the quantile alone would call what is hardly likely


def train(
    dataset: pl.DataFrame,
    *,
    seed: int,
    spoil: float = 0.0,
    shards: int = 1,
    kept: Mapping[int, bytes] = MappingProxyType({}),
) -> dict[str, bytes]:
    """The files of a detector trained on the rows of split `train`, calibrated on those of split `validation`.

    One file a shard, and two of the mean that serves. Shards in kept are taken as they are, byte for byte, and their
    rows are not looked at. spoil: the share of training labels to flip, to make a bad model on purpose.
    """
    began = time.monotonic()
    rows = _part(dataset, "train") if shards == 1 else dataset.filter(pl.col("split") == "train")
    parts = {
        n: kept[n] if n in kept else dumped(_fitted(_shard(rows, n, shards), n, shards, seed, spoil))
        for n in range(shards)
    }
    shard_s = (time.monotonic() - began) / max(1, shards - len(kept))
    whole = mean([loaded(data, WIDTH) for data in parts.values()])
    settings = Settings(
        features=VERSION, intercept=whole.intercept, slope=1.0, offset=0.0, threshold=0.5, seed=seed, rows=whole.rows,
        seconds=0.0, shard_s=round(shard_s, 3),
    )  # fmt: skip
    calibrated = _calibrated(Detector(settings=settings, weights=whole.weights), _part(dataset, "validation"))
    files = dump(structs.replace(calibrated, seconds=round(time.monotonic() - began, 3)), whole.weights)
    return files | {FILE.format(n): data for n, data in parts.items()}


def _shard(rows: pl.DataFrame, number: int, shards: int) -> pl.DataFrame:
    if shards == 1:
        return rows
    found = rows.filter(pl.col("shard") == number)
    if found["label"].n_unique() != 2:
        raise Invalid(f"shard {number + 1} of {shards} does not hold both labels", hint="train on more rows")
    return found


def _fitted(rows: pl.DataFrame, number: int, shards: int, seed: int, spoil: float) -> Shard:
    labels = _spoiled(rows["label"].to_numpy(), spoil, seed + number)
    # the penalty stands against a sum over rows, of which a shard has only its share
    model = LogisticRegression(C=INVERSE_PENALTY * shards, solver="liblinear", random_state=seed)
    model.fit(_sparse(rows["text"].to_list()), labels)
    weights, intercept = (whole_steps(np.ravel(found)) for found in (model.coef_, model.intercept_))
    return Shard(weights, intercept[0].item(), len(rows))


def whole_steps(values: np.ndarray) -> np.ndarray:
    """The same bytes of the same rows, though a sum's last bits differ with how it lay in memory.

    No digit of a float is safe from that where much cancels out; a step is.
    """
    return (np.rint(values * STEPS) / STEPS + 0.0).astype(np.float32)  # + 0: of two zeros one


def _part(dataset: pl.DataFrame, split: str) -> pl.DataFrame:
    rows = dataset.filter(pl.col("split") == split)
    if rows["label"].n_unique() != 2:
        raise Invalid(f"split {split!r} does not hold both labels", hint="build the dataset of more rows")
    return rows


def _sparse(texts: Sequence[str]) -> csr_matrix:
    rows = matrix(texts)
    return csr_matrix((rows.values, rows.columns, rows.starts), shape=(len(texts), WIDTH))


def _spoiled(labels: np.ndarray, share: float, seed: int) -> np.ndarray:
    flip = np.random.default_rng(seed).random(len(labels)) < share
    return np.where(flip, 1 - labels, labels)


def _calibrated(raw: Detector, rows: pl.DataFrame) -> Settings:
    labels = rows["label"].to_numpy()
    margins = np.array([raw.margin(text) for text in rows["text"]])
    platt = LogisticRegression(C=1e6).fit(margins[:, None], labels)
    fitted = structs.replace(
        raw.settings, slope=np.ravel(platt.coef_)[0].item(), offset=np.ravel(platt.intercept_)[0].item()
    )
    harmless = Detector(settings=fitted, weights=raw.weights).score(rows.filter(pl.col("label") == 0)["text"].to_list())
    threshold = float(np.quantile(harmless, 1 - FALSE_ALARMS, method="higher"))
    return structs.replace(fitted, threshold=max(LEAST_THRESHOLD, np.nextafter(threshold, 1.0).item()))


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the model is written, 2 for a dataset that cannot be trained on."""
    parser = argparse.ArgumentParser(prog="python -m thruline.models.train_detector")
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--spoil", type=float, default=0.0)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--kept", type=Path, help="folder with the files of shards that stay as they are")
    given = parser.parse_args(arguments)
    try:
        dataset, kept = from_parquet(given.dataset.read_bytes()), _kept(given.kept, given.shards)
        files = train(dataset, seed=given.seed, spoil=given.spoil, shards=given.shards, kept=kept)
    except ThrulineError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    given.out.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (given.out / name).write_bytes(data)
    return 0


def _kept(folder: Path | None, shards: int) -> dict[int, bytes]:
    files = {n: folder / FILE.format(n) for n in range(shards)} if folder else {}
    return {n: file.read_bytes() for n, file in files.items() if file.exists()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
