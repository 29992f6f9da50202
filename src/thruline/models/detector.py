"""The injection detector at run time: numpy over hashed features, a calibrated probability, nothing executable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from thruline.core.errors import Corrupt
from thruline.models.text_features import VERSION, WIDTH, features, windows

WEIGHTS_FILE = "model.safetensors"
SETTINGS_FILE = "model.json"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands beside the weights. slope and offset calibrate (Platt 1999); threshold is a probability.

    shard_s: seconds that each shard took which was trained then.
    """

    features: int
    intercept: float
    slope: float
    offset: float
    threshold: float
    seed: int
    rows: int
    seconds: float
    shard_s: float = 0.0


class Weights(NamedTuple):
    """Non-zero weights: ascending int32 columns and float32 values."""

    columns: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Detector:
    """Says how likely a text is an attack on the model that reads it."""

    settings: Settings
    weights: np.ndarray

    @classmethod
    def load(cls, folder: Mapping[str, bytes]) -> Detector:
        """The detector in these files (name -> bytes); raises Corrupt for anything that `dump` would not write."""
        try:
            settings = msgspec.json.decode(folder[SETTINGS_FILE], type=Settings)
            parts = load(folder[WEIGHTS_FILE])
            weights = Weights(parts["columns"], parts["values"])
        except (KeyError, msgspec.DecodeError, SafetensorError, ValueError, TypeError) as error:
            raise Corrupt(f"the detector's files cannot be read: {error}", hint=_TRAIN_AGAIN) from error
        _check(settings, weights)
        dense = np.zeros(WIDTH, np.float32)
        dense[weights.columns] = weights.values
        return cls(settings=settings, weights=dense)

    @property
    def threshold(self) -> float:
        """A text that scores at least this much is called an attack."""
        return self.settings.threshold

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """(len(texts),) float64 calibrated probability; a long text scores as its worst window does."""
        s = self.settings
        margins = np.array([self.margin(text) for text in texts], np.float64)
        return 1 / (1 + np.exp(-np.clip(s.slope * margins + s.offset, -30, 30)))

    def margin(self, text: str) -> float:
        """The uncalibrated log-odds of the worst window."""
        return max(self._margin(window) for window in windows(text)) + self.settings.intercept

    def _margin(self, window: str) -> float:
        row = features(window)
        return float(self.weights[row.columns] @ row.values)


def dump(settings: Settings, weights: np.ndarray) -> dict[str, bytes]:
    """The files of a detector with these (WIDTH,) weights; only the non-zero ones are kept."""
    columns = np.flatnonzero(weights).astype(np.int32)
    parts = {"columns": columns, "values": weights[columns].astype(np.float32)}
    return {WEIGHTS_FILE: save(parts), SETTINGS_FILE: msgspec.json.encode(settings)}


_TRAIN_AGAIN = "train it again with `thruline train`"


def _check(settings: Settings, weights: Weights) -> None:
    if settings.features != VERSION:
        raise Corrupt(f"the detector wants features {settings.features}, this is {VERSION}", hint=_TRAIN_AGAIN)
    columns, values = weights
    if columns.ndim != 1 or columns.shape != values.shape or (columns.dtype, values.dtype) != (np.int32, np.float32):
        shapes = f"{columns.dtype}{columns.shape} and {values.dtype}{values.shape}"
        raise Corrupt(f"the detector's weights have shapes {shapes!r}", hint=_TRAIN_AGAIN)
    if len(columns) and (columns[0] < 0 or columns[-1] >= WIDTH or not (np.diff(columns) > 0).all()):
        raise Corrupt(f"the detector's columns do not lie in 0..{WIDTH - 1}", hint=_TRAIN_AGAIN)
    numbers = (settings.intercept, settings.slope, settings.offset, settings.threshold)
    if not (np.isfinite(values).all() and np.isfinite(numbers).all() and 0 <= settings.threshold <= 1):
        raise Corrupt("the detector holds numbers that are not finite", hint=_TRAIN_AGAIN)
