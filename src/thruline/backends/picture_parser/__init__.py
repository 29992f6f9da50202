"""Pictures of text by PP-OCR's networks: lines are found, read, and put in order, each word with its place."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.composing import Composer
from thruline.core.documents import Parsed, Spot
from thruline.core.errors import Refused
from thruline.core.layout.grids import Table
from thruline.core.layout.order import Column, in_order, usual
from thruline.core.layout.prose import Words, paragraphs
from thruline.core.layout.runs import GAP, Run, Word
from thruline.core.pages import Look, Page
from thruline.core.tables import pieces

if TYPE_CHECKING:
    from PIL import Image

    from thruline.backends.picture_parser.find import Finder, Frame
    from thruline.backends.picture_parser.read import Reader, Said

_KINDS = ("PNG", "JPEG", "TIFF", "WEBP")
_MOST_POINTS = 60_000_000  # of one picture: A3 at 400 dots an inch has 31
_MOST_PAGES = 500
_SIDE = 4000  # larger ones are made smaller first
_SMALLEST = 8
_SHOWN = 1600  # of what a person is shown
_NEAR = 0.35  # of the usual height of lines
_UNITS = 10_000  # of a page's side
_FOUND, _READ = "find.onnx", "read.onnx"


class _Sure(NamedTuple):
    """A word's frame on its page and how sure its reading is."""

    word: Word
    bottom: float
    top: float
    sure: float


class PictureParser:
    """What a picture says. Needs the extra `ocr`, and its networks in the folder it is made with."""

    version = "picture 2"

    def __init__(self, weights: Path | None = None) -> None:
        self._weights = weights
        self._engines: tuple[Finder, Reader] | None = None

    def with_weights(self, folder: Path) -> PictureParser:
        """The same, able to read."""
        return PictureParser(folder)

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document; raises Refused `needs_ocr` without networks, `too_large` before a bomb is inflated."""
        if self._weights is None:
            raise Refused(f"{name!r} is a picture", reason="needs_ocr")
        out = Composer(media_type, self.version)
        for page, picture in enumerate(_pictures(data, name), 1):
            self._read(picture, page, out)
        out.title = name.rpartition("/")[2]
        return out.done()

    def look(self, data: bytes, name: str, look: Look) -> tuple[Page, ...]:
        """See ports.parser.Paged. Where its words stand is known since they were read."""
        pictures = list(enumerate(_pictures(data, name), 1))
        shown = (pictures[number - 1] for number in look.numbers if 0 < number <= len(pictures))
        return tuple(_shown(number, len(pictures), picture, look.dots) for number, picture in shown)

    def _read(self, picture: Image.Image, page: int, out: Composer) -> None:
        finder, reader = self._open()
        frames = finder.find(picture)
        runs: list[Run] = []
        sure: dict[Word, _Sure] = {}
        for frame, said in zip(frames, reader.read(picture, frames), strict=True):
            words = _placed(frame, said, picture.height)
            if words:
                sure |= {each.word: each for each in words}
                runs += _runs(words, len(runs))
        _write(_of_one_size(runs), sure, (picture.width, picture.height), page, out)

    def _open(self) -> tuple[Finder, Reader]:
        if self._engines is None:
            assert self._weights is not None
            from thruline.backends.picture_parser.find import Finder
            from thruline.backends.picture_parser.read import Reader

            self._engines = Finder(self._weights / _FOUND), Reader(self._weights / _READ)
        return self._engines


def _pictures(data: bytes, name: str) -> Iterator[Image.Image]:
    """The pages of the file, upright, in colour, no larger than can be read."""
    from PIL import Image, ImageOps, ImageSequence

    Image.MAX_IMAGE_PIXELS = _MOST_POINTS
    try:
        opened = Image.open(io.BytesIO(data), formats=_KINDS)
        if opened.width * opened.height > _MOST_POINTS or getattr(opened, "n_frames", 1) > _MOST_PAGES:
            raise Refused(f"{name!r} has {opened.width} x {opened.height} points", reason="too_large")
        for frame in ImageSequence.Iterator(opened):
            if frame.width * frame.height > _MOST_POINTS:
                raise Refused(f"{name!r} has {frame.width} x {frame.height} points", reason="too_large")
            if min(frame.size) >= _SMALLEST:
                frame.draft("RGB", (_SIDE, _SIDE))
                upright = ImageOps.exif_transpose(_on_white(frame))
                upright.thumbnail((_SIDE, _SIDE))
                yield upright
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise Refused(f"{name!r} inflates beyond reason", reason="too_large") from bomb
    except (OSError, SyntaxError, ValueError) as failure:
        raise Refused(f"{name!r} is not a readable picture", reason="parser_failed") from failure


def _shown(number: int, of: int, picture: Image.Image, dots: int) -> Page:
    """The picture as a page, no larger than a screen needs it."""
    width, height = picture.size
    held = io.BytesIO()
    if dots:
        picture.thumbnail((_SHOWN, _SHOWN))
        picture.save(held, "PNG")
    return Page(number=number, of=of, width=width, height=height, has_unread=True, png=held.getvalue())


def _on_white(frame: Image.Image) -> Image.Image:
    from PIL import Image

    if frame.mode not in ("RGBA", "LA", "PA") and "transparency" not in frame.info:
        return frame.convert("RGB")
    drawn = frame.convert("RGBA")
    ground = Image.new("RGBA", drawn.size, "white")
    ground.alpha_composite(drawn)
    return ground.convert("RGB")


def _placed(frame: Frame, said: list[Said], height: int) -> list[_Sure]:
    """The words of a line with their frames, measured from below as on a page."""
    right, down = frame.direction
    placed = []
    for word in said:
        ends = [frame.x + (2 * share - 1) * frame.along * right for share in (word.start, word.end)]
        heights = [frame.y + (2 * share - 1) * frame.along * down for share in (word.start, word.end)]
        middle = height - sum(heights) / 2
        placed.append(
            _Sure(Word(word.text, min(ends), max(ends)), middle - frame.across, middle + frame.across, word.sure)
        )
    return placed


def _runs(words: list[_Sure], at: int) -> list[Run]:
    """The words of a line, parted at wide gaps: a detector's frame may go across two columns."""
    runs: list[list[_Sure]] = [[words[0]]]
    for before, after in pairwise(words):
        size = after.top - after.bottom
        if after.word.left - before.word.right > size * GAP * 1.2:
            runs.append([])
        runs[-1].append(after)
    return [_run(each, at + n) for n, each in enumerate(runs)]


def _run(words: list[_Sure], at: int) -> Run:
    bottom, top = min(w.bottom for w in words), max(w.top for w in words)
    size = (words[0].top - words[0].bottom) * 0.7  # a frame has room above and below its letters
    return Run(tuple(w.word for w in words), words[0].word.left, bottom, words[-1].word.right, top, size, at)


def _of_one_size(runs: list[Run]) -> list[Run]:
    """Frames are drawn by hand, so to speak: what is nearly as large as most lines is as large."""
    most = usual([run.size for run in runs], 0.0)
    return [run._replace(size=most) if abs(run.size - most) < most * _NEAR else run for run in runs]


def _write(runs: list[Run], sure: dict[Word, _Sure], size: tuple[int, int], page: int, out: Composer) -> None:
    """The page's text, and where each of its words stands."""
    words = Words()
    for run in runs:
        words.learn(run)
    for part in in_order(runs):
        if isinstance(part, Column):
            for paragraph in paragraphs(part, words):
                out.block(paragraph.text, page=page)
                out.place(_spots((run for line in paragraph.lines for run in line.runs), sure, size, page))
        else:
            left = _spots((run for run in runs if _is_in(run, part)), sure, size, page)
            for piece in pieces(part.rows):
                out.block(piece, kind="table", page=page)
                left = out.place(left)


def _is_in(run: Run, table: Table) -> bool:
    return table.left <= run.left <= table.right and table.bottom <= run.middle <= table.top


def _spots(
    runs: Iterable[Run], sure: dict[Word, _Sure], size: tuple[int, int], page: int
) -> Sequence[tuple[str, Spot]]:
    return [(word.text, _spot(sure[word], size, page)) for run in runs for word in run.words]


def _spot(word: _Sure, size: tuple[int, int], page: int) -> Spot:
    width, height = size
    left, right = (round(x / width * _UNITS) for x in (word.word.left, word.word.right))
    top, bottom = (round((height - y) / height * _UNITS) for y in (word.top, word.bottom))
    return Spot(0, 0, page, left, top, right, bottom, round(word.sure * 100))
