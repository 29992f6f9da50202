"""How much of a picture of text is read right, does the reading know where it is wrong, and how fast?

    python bench/ocr.py [--write]

Pages are drawn here from known text, in three typefaces and sizes, and made worse as scans are: turned, grained,
blurred, pale, saved as a poor JPEG, in two columns. Beside ours the same two networks without what is ours around them:
frames level with the page, lines from the top, no columns. Words: F1 over pairs of neighbouring words, so that a wrong
order costs. Letters: 1 - edits / letters, of the text as it comes. Sure: of the words that were read with less
certainty than each threshold, and of the others, the share that is wrong. Pages a CPU minute of one thread. Skipped
without the extra `ocr` and its networks.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageFilter
from reportlab.pdfgen import canvas

from thruline.backends.picture_parser import PictureParser
from thruline.backends.picture_parser.find import Finder
from thruline.backends.picture_parser.read import Reader
from thruline.core.documents import Parsed
from thruline.core.errors import Unavailable
from thruline.data.recognition import find_networks

HERE = Path(__file__).resolve().parent
JUDGED = HERE.parent / "tests/unit/data/judged_pages"
SEED = 16
THRESHOLDS = (60, 70, 80, 90, 95)
WORDS = 130


class Page(NamedTuple):
    """A picture and what it says."""

    png: bytes
    text: str


class Look(NamedTuple):
    """How a page is drawn, and made worse."""

    font: str = "Helvetica"
    size: int = 10
    dots: int = 150
    columns: int = 1
    turn: float = 0.0
    grain: float = 0.0
    blur: float = 0.0
    pale: float = 0.0
    jpeg: int = 0


LOOKS = {
    "clean, 10 points": Look(),
    "small print, 7 points": Look(size=7, font="Times-Roman"),
    "typewriter, 12 points": Look(size=12, font="Courier"),
    "two columns": Look(columns=2, font="Times-Roman"),
    "turned by 2 degrees": Look(turn=2.0),
    "turned by -4 degrees": Look(turn=-4.0, font="Times-Roman"),
    "grained and pale": Look(grain=35.0, pale=0.45),
    "blurred, 100 dots": Look(dots=100, blur=0.8),
    "a fax: grained, blurred, poor JPEG": Look(dots=100, blur=0.7, grain=30.0, jpeg=25),
    "hardly legible: small, at 72 dots": Look(size=8, dots=72, blur=0.5, font="Times-Roman"),
    "hardly legible: a fax of a fax": Look(size=8, dots=100, blur=0.8, grain=40.0, pale=0.2, jpeg=20),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write bench/results/ocr.json")
    wanted = parser.parse_args()
    try:
        report = measured(find_networks(Path.home() / ".cache" / "thruline"))
    except Unavailable as failure:
        print(json.dumps({"skipped": f"the networks cannot be had: {failure.message}"}))
        return
    text = json.dumps(report, indent=1)
    print(text)
    if wanted.write:
        (HERE / "results" / "ocr.json").write_text(text + "\n")


def measured(networks: Path) -> dict[str, object]:
    rng = random.Random(SEED)
    words = re.findall(r"[A-Za-z]{2,}", " ".join(page.read_text("utf-8") for page in sorted(JUDGED.glob("*.txt"))))
    pages = {name: drawn(look, rng, words) for name, look in LOOKS.items()}
    parser, bare = PictureParser(networks), Bare(networks)
    read_all(parser.parse, pages["clean, 10 points"])  # opens the networks
    ours = {name: read_all(parser.parse, page) for name, page in pages.items()}
    plain = {name: read_all(bare.parse, page) for name, page in pages.items()}
    judged = {
        name: judge(ours[name].parsed.text, page.text) | {
            f"bare_{key}": value for key, value in judge(plain[name].parsed.text, page.text).items()
        }
        for name, page in pages.items()
    }  # fmt: skip
    return {
        "seed": SEED,
        "words_a_page": WORDS,
        "pages": judged,
        **{f"mean_{key}": mean([page[key] for page in judged.values()]) for key in next(iter(judged.values()))},
        "pages_per_cpu_minute": round(60 / mean([read.cpu_s for read in ours.values()]), 1),
        "bare_pages_per_cpu_minute": round(60 / mean([read.cpu_s for read in plain.values()]), 1),
        "sure": {below: sureness(below, pages, ours) for below in THRESHOLDS},
    }


class Read(NamedTuple):
    """What was read, in so much time."""

    parsed: Parsed
    cpu_s: float


class Bare:
    """The networks alone."""

    def __init__(self, networks: Path) -> None:
        self._finder, self._reader = Finder(networks / "find.onnx"), Reader(networks / "read.onnx")

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        frames = [frame._replace(direction=(1.0, 0.0)) for frame in self._finder.find(picture)]
        frames.sort(key=lambda frame: frame.y)
        lines = self._reader.read(picture, frames)
        text = "\n".join(" ".join(word.text for word in line) for line in lines)
        return Parsed(text=text, title=name, blocks=(), media_type=media_type)


def read_all(parse: Callable[[bytes, str, str], Parsed], page: Page) -> Read:
    began = time.process_time()
    parsed = parse(page.png, "image/png", "page.png")
    return Read(parsed, time.process_time() - began)


def judge(found: str, truth: str) -> dict[str, float]:
    a, b = (Counter(pairwise(text.split())) for text in (found, truth))
    words = 2 * (a & b).total() / max(a.total() + b.total(), 1)
    said, meant = ("".join(text.split()) for text in (found, truth))
    return {"words": round(words, 4), "letters": round(max(1 - edits(said, meant) / len(meant), 0), 4)}


def edits(one: str, other: str) -> int:
    """Levenshtein's distance, a row at a time."""
    letters = np.array([ord(c) for c in other])
    row, steps = np.arange(len(other) + 1), np.arange(len(other) + 1)
    for n, letter in enumerate(one, 1):
        new = np.concatenate(([n], np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))))
        row = np.minimum.accumulate(new - steps) + steps
    return int(row[-1])


def sureness(below: int, pages: dict[str, Page], ours: dict[str, Read]) -> dict[str, float]:
    doubtful, others = Counter[bool](), Counter[bool]()
    for name, page in pages.items():
        parsed = ours[name].parsed
        said = [parsed.text[spot.start : spot.end] for spot in parsed.spots]
        blocks = SequenceMatcher(None, said, page.text.split(), autojunk=False).get_matching_blocks()
        right = {n for block in blocks for n in range(block.a, block.a + block.size)}
        for n, spot in enumerate(parsed.spots):
            (doubtful if spot.sure < below else others)[n in right] += 1
    return {
        "words": doubtful.total(), "wrong": round(doubtful[False] / max(doubtful.total(), 1), 3),
        "others": others.total(), "others_wrong": round(others[False] / max(others.total(), 1), 4),
        "of_wrong_words": round(doubtful[False] / max(doubtful[False] + others[False], 1), 3),
    }  # fmt: skip


def mean(numbers: list[float]) -> float:
    return round(sum(numbers) / len(numbers), 4)


def drawn(look: Look, rng: random.Random, words: list[str]) -> Page:
    held = io.BytesIO()
    page = canvas.Canvas(held, pagesize=(420, 420))
    page.setFont(look.font, look.size)
    width, said = (340 - 30 * (look.columns - 1)) / look.columns, []
    for column in range(look.columns):
        lines = filled(page, look, rng, words, width, WORDS // look.columns)
        for n, line in enumerate(lines):
            page.drawString(40 + column * (width + 30), 375 - n * look.size * 1.35, line)
        said += lines
    page.save()
    bitmap = pdfium.PdfDocument(held.getvalue())[0].render(scale=look.dots / 72)  # type: ignore[arg-type]
    return Page(worse(Image.fromarray(bitmap.to_numpy()[:, :, :3]), seeded(rng), look), "\n".join(said))


def filled(
    page: canvas.Canvas, look: Look, rng: random.Random, words: list[str], width: float, count: int
) -> list[str]:
    lines, line = [], ""
    for word in rng.choices(words, k=count):
        longer = f"{line} {word}".strip()
        if page.stringWidth(longer, look.font, look.size) > width:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def seeded(rng: random.Random) -> np.random.Generator:
    return np.random.default_rng(rng.randrange(2**32))


def worse(picture: Image.Image, rng: np.random.Generator, look: Look) -> bytes:
    if look.turn:
        picture = picture.rotate(look.turn, fillcolor="white", resample=Image.Resampling.BICUBIC)
    if look.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(look.blur))
    points = np.asarray(picture, float)
    points = 255 - (255 - points) * (1 - look.pale)
    points = (points + rng.normal(0, look.grain, points.shape[:2])[:, :, None]) if look.grain else points
    picture = Image.fromarray(points.clip(0, 255).astype(np.uint8))
    held = io.BytesIO()
    if look.jpeg:
        picture.save(held, "JPEG", quality=look.jpeg)
        picture, held = Image.open(io.BytesIO(held.getvalue())), io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


if __name__ == "__main__":
    main()
