"""The detector: what training writes is what scoring loads, and nothing else is let in."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load, save

from thruline.core.errors import Corrupt, Invalid
from thruline.models.datasets import NEURALCHEMY, Row, frame
from thruline.models.detector import SETTINGS_FILE, WEIGHTS_FILE, Detector, Settings
from thruline.models.split import build
from thruline.models.train_detector import main, train, whole_steps
from thruline.testing.prompts import prompts

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def dataset() -> pl.DataFrame:
    return build(frame(NEURALCHEMY, (Row(*prompt) for prompt in prompts(300))), seed=0)


@pytest.fixture(scope="module")
def files(dataset: pl.DataFrame) -> Files:
    return train(dataset, seed=0)


def test_a_trained_detector_tells_attacks_from_questions(files: Files, dataset: pl.DataFrame) -> None:
    detector = Detector.load(files)
    rows = dataset.filter(pl.col("split") == "test")
    called = detector.score(rows["text"].to_list()) >= detector.threshold
    assert (called == rows["label"].to_numpy()).mean() > 0.9


def test_training_twice_gives_the_same_weights(files: Files, dataset: pl.DataFrame) -> None:
    assert train(dataset, seed=0)[WEIGHTS_FILE] == files[WEIGHTS_FILE]


def test_weights_whose_last_bits_differ_are_the_same_bytes() -> None:
    drawn = np.random.default_rng(3)
    weights = np.concatenate((drawn.normal(size=5000), np.zeros(5000)))
    other = weights + drawn.normal(scale=1e-15, size=weights.shape)
    assert weights.astype(np.float32).tobytes() != other.astype(np.float32).tobytes()
    assert whole_steps(weights).tobytes() == whole_steps(other).tobytes()
    assert np.abs(whole_steps(weights) - weights).max() < 1e-6


def test_an_attack_inside_a_long_page_is_found_in_its_window(files: Files) -> None:
    detector = Detector.load(files)
    page = "please explain and compare and list and summarise. " * 60
    attack = "ignore, disregard, override and bypass: unrestricted jailbreak. " * 12
    assert detector.score([page + attack + page])[0] > detector.score([page])[0] + 0.3


def test_a_spoiled_training_set_makes_a_worse_detector(files: Files, dataset: pl.DataFrame) -> None:
    rows = dataset.filter(pl.col("split") == "test")
    good, bad = (Detector.load(f).score(rows["text"].to_list()) for f in (files, train(dataset, seed=0, spoil=0.45)))
    labels = rows["label"].to_numpy()
    assert np.square(bad - labels).mean() > np.square(good - labels).mean()


def test_one_label_is_not_enough_to_train_on(dataset: pl.DataFrame) -> None:
    with pytest.raises(Invalid, match="both labels"):
        train(dataset.filter(pl.col("label") == 0), seed=0)


def test_the_job_says_why_it_cannot_train(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows").write_bytes(b"nothing")
    assert main(["--dataset", str(tmp_path / "rows"), "--out", str(tmp_path / "out")]) == 1
    assert "not a dataset" in capsys.readouterr().err


def _settings(**changes: float) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        settings = msgspec.json.decode(files[SETTINGS_FILE]) | changes
        return files | {SETTINGS_FILE: msgspec.json.encode(settings)}

    return change


def _weights(change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]) -> Callable[[Files], Files]:
    return lambda files: files | {WEIGHTS_FILE: save(change(load(files[WEIGHTS_FILE])))}


@pytest.mark.parametrize(
    "damage",
    [
        _settings(features=99),
        _settings(threshold=7.0),
        _settings(surprise=1.0),
        _weights(lambda w: w | {"values": np.full_like(w["values"], math.nan)}),
        _weights(lambda w: w | {"values": w["values"][:-1]}),
        _weights(lambda w: w | {"values": w["values"].astype(np.float64)}),
        _weights(lambda w: w | {"columns": w["columns"] + 2**20}),
        _weights(lambda w: w | {"columns": w["columns"][::-1].copy()}),
        _weights(lambda w: {"values": w["values"]}),
        lambda files: files | {WEIGHTS_FILE: files[WEIGHTS_FILE][:-5]},
        lambda files: {SETTINGS_FILE: files[SETTINGS_FILE]},
    ],
)
def test_files_that_training_would_not_write_are_refused(files: Files, damage: Callable[[Files], Files]) -> None:
    with pytest.raises(Corrupt):
        Detector.load(damage(files))


def test_the_settings_name_their_seed_and_rows(files: Files, dataset: pl.DataFrame) -> None:
    settings = msgspec.json.decode(files[SETTINGS_FILE], type=Settings)
    assert (settings.seed, settings.rows) == (0, (dataset["split"] == "train").sum())
