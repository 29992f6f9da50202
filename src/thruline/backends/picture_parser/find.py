"""Where lines of text are in a picture: PP-OCR's detector says for each point how likely it is text.

Its answer is cut into connected patches; each, grown again by as much as the network was taught to shrink it, is the
frame of a line (Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization").
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime as ort
from PIL import Image

_LIKELY = 0.3  # a point is text
_SURE = 0.6  # a patch is
_GROWN = 1.8  # area by circumference, as a patch was shrunk
_SMALLEST = 3.0
_MOST_LINES = 2000
_SHORT_SIDE = 736
_LONG_SIDE = 1280
_STEP = 32  # the network wants multiples
_LONG = 2.0  # a patch of this ratio has a direction of its own


class Frame(NamedTuple):
    """A line's frame in the picture: its centre, how far it reaches along and across, and its direction (x, y)."""

    x: float
    y: float
    along: float
    across: float
    direction: tuple[float, float]


def session(path: Path) -> ort.InferenceSession:
    """A network on one thread: documents are many, and cores are shared."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # an arena keeps what the largest page needed
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def answer(network: ort.InferenceSession, points: np.ndarray) -> np.ndarray:
    """The one output of a network with one input."""
    return np.asarray(network.run(None, {network.get_inputs()[0].name: points})[0])


class Finder:
    """Finds lines by the network at a path."""

    def __init__(self, path: Path) -> None:
        self._network = session(path)

    def find(self, picture: Image.Image) -> list[Frame]:
        """The frames of lines, in points of the picture."""
        width, height = _size(picture.width, picture.height)
        points = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)
        points = (points[:, :, ::-1] / 127.5 - 1).transpose(2, 0, 1)[None]
        likely = answer(self._network, points)[0, 0]
        x, y = picture.width / width, picture.height / height
        return [_scaled(frame, x, y) for frame in _frames(likely)][:_MOST_LINES]


def _size(width: int, height: int) -> tuple[int, int]:
    scale = max(1.0, _SHORT_SIDE / min(width, height))
    scale = min(scale, _LONG_SIDE / max(width, height))
    return max(round(width * scale / _STEP), 1) * _STEP, max(round(height * scale / _STEP), 1) * _STEP


def _scaled(frame: Frame, x: float, y: float) -> Frame:
    scale = (x + y) / 2
    return Frame(frame.x * x, frame.y * y, frame.along * scale, frame.across * scale, frame.direction)


def _frames(likely: np.ndarray) -> Iterator[Frame]:
    for ys, xs in _patches(likely > _LIKELY):
        if likely[ys, xs].mean() < _SURE:
            continue
        frame = _frame(xs + 0.5, ys + 0.5)
        if min(frame.along, frame.across) * 2 >= _SMALLEST:
            grown = frame.along * frame.across * _GROWN / (frame.along + frame.across)
            yield frame._replace(along=frame.along + grown, across=frame.across + grown)


def _frame(xs: np.ndarray, ys: np.ndarray) -> Frame:
    """Around the points, along the way they spread."""
    x, y = float(xs.mean()), float(ys.mean())
    dx, dy = xs - x, ys - y
    direction = (1.0, 0.0)
    if np.ptp(xs) > np.ptp(ys) * _LONG or np.ptp(ys) > np.ptp(xs) * _LONG:
        angle = 0.5 * float(np.arctan2(2 * (dx * dy).mean(), (dx * dx).mean() - (dy * dy).mean()))
        direction = float(np.cos(angle)), float(np.sin(angle))
    along, across = dx * direction[0] + dy * direction[1], dy * direction[0] - dx * direction[1]
    shift, rise = (along.max() + along.min()) / 2, (across.max() + across.min()) / 2
    return Frame(
        float(x + shift * direction[0] - rise * direction[1]), float(y + shift * direction[1] + rise * direction[0]),
        float(np.ptp(along) + 1) / 2, float(np.ptp(across) + 1) / 2, direction,
    )  # fmt: skip


def _patches(mask: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The points of each connected patch, as rows and columns."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    groups = _joined(rows.tolist(), starts.tolist(), ends.tolist())
    for members in groups:
        ys = np.repeat(rows[members], ends[members] - starts[members])
        xs = np.concatenate([np.arange(starts[n], ends[n]) for n in members])
        yield ys, xs


def _joined(rows: list[int], starts: list[int], ends: list[int]) -> list[list[int]]:
    """Stretches of rows that touch, in groups; given and returned from the top."""
    leader = list(range(len(rows)))

    def lead(n: int) -> int:
        while leader[n] != n:
            leader[n] = leader[leader[n]]
            n = leader[n]
        return n

    above = 0
    for n, row in enumerate(rows):
        while rows[above] < row - 1 or (rows[above] == row - 1 and ends[above] < starts[n]):
            above += 1
        other = above
        while other < n and rows[other] == row - 1 and starts[other] <= ends[n]:
            leader[lead(n)] = lead(other)
            other += 1
    groups: dict[int, list[int]] = {}
    for n in range(len(rows)):
        groups.setdefault(lead(n), []).append(n)
    return list(groups.values())
