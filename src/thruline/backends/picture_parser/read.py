"""What the lines of a picture say: PP-OCR's recogniser, and where in the line each word stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from thruline.backends.picture_parser.find import Frame, answer, session

_HEIGHT = 48  # of a line as the network was taught
_LONGEST = 3200
_SHORTEST = 48
_AT_ONCE = 2
_UPRIGHT = 1.5  # higher than wide by this: letters one below the other, or a line that stands


class Said(NamedTuple):
    """A word of a line: from..to are shares of the line's length.

    sure: the network's own opinion of the letter that it is least sure of, 0..1. It tells wrong words from right ones
    better than the mean of the letters, which one wrong letter hardly moves (bench/ocr.py).
    """

    text: str
    start: float
    end: float
    sure: float


class Reader:
    """Reads lines by the network at a path; its letters stand in its own metadata."""

    def __init__(self, path: Path) -> None:
        self._network = session(path)
        letters = self._network.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._letters = ["", *letters]

    def read(self, picture: Image.Image, frames: Sequence[Frame]) -> list[list[Said]]:
        """The words of each line."""
        lines = [_cut_out(picture, frame) for frame in frames]
        order = sorted(range(len(lines)), key=lambda n: lines[n].shape[1])
        found: list[list[Said]] = [[] for _ in lines]
        for start in range(0, len(order), _AT_ONCE):
            batch = order[start : start + _AT_ONCE]
            for n, said in zip(batch, self._say([lines[n] for n in batch]), strict=True):
                found[n] = said
        return found

    def _say(self, lines: list[np.ndarray]) -> Iterator[list[Said]]:
        widest = max(line.shape[1] for line in lines)
        batch = np.zeros((len(lines), 3, _HEIGHT, widest), np.float32)
        for n, line in enumerate(lines):
            batch[n, :, :, : line.shape[1]] = (line[:, :, ::-1].astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)
        likely = answer(self._network, batch)
        for line, each in zip(lines, likely, strict=True):
            best = each.argmax(axis=1)
            yield list(self._words(best, each[np.arange(len(best)), best], widest / line.shape[1]))

    def _words(self, best: np.ndarray, sure: np.ndarray, wider: float) -> Iterator[Said]:
        """Repeated letters fall together, and steps without any part them (CTC)."""
        steps = len(best)
        letters: list[tuple[str, int, int, float]] = []
        for key, group in groupby(range(steps), key=lambda n: int(best[n])):
            places = list(group)
            if key:
                letter = self._letters[key] if key < len(self._letters) else " "
                letters.append((letter, places[0], places[-1] + 1, float(sure[places[0]])))
        for is_space, group in groupby(letters, key=lambda each: not each[0].strip()):
            word = list(group)
            if not is_space:
                text = "".join(each[0] for each in word)
                scale = wider / steps
                start, end = max(word[0][1] - 0.5, 0.0) * scale, (word[-1][2] + 0.5) * scale
                yield Said(text, start, min(end, 1.0), min(each[3] for each in word))


def _cut_out(picture: Image.Image, frame: Frame) -> np.ndarray:
    """The line, turned level, as high as the network wants it."""
    x, y, along, across, (right, down) = frame
    if across > along * _UPRIGHT:
        along, across, right, down = across, along, -down, right
    if right < 0:
        right, down = -right, -down
    corners = [(-along, -across), (-along, across), (along, across), (along, -across)]
    quad = [value for a, c in corners for value in (x + a * right - c * down, y + a * down + c * right)]
    size = max(round(along * 2), 1), max(round(across * 2), 1)
    cut = picture.transform(size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)
    width = min(max(round(_HEIGHT * along / across), _SHORTEST), _LONGEST)
    return np.asarray(cut.resize((width, _HEIGHT), Image.Resampling.BICUBIC))
