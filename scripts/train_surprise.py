"""Count the trigram model of thruline.data.surprise on Django's documentation, and say how it judges what it never saw.

    python scripts/train_surprise.py [--write]

Every fifth page in the order of a seeded shuffle is held out and judged; the table is counted on the others. The
archive is the pinned one of thruline.models.datasets, fetched into the cache. Nothing of its text is in the table.
"""

from __future__ import annotations

import argparse
import random
import string
import tarfile
from pathlib import Path

import numpy as np

from thruline.core.pinned import fetch
from thruline.data import surprise
from thruline.models.datasets import DJANGO_DOCS

SEED = 7
HELD_OUT = 5  # one page in five
WEIGHT = 2.0  # pseudo-counts of the shorter context; .1 to 30 differ by .002 bit on the pages held out
TABLE = Path(surprise.__file__).with_name("surprise.bin")


def pages(archive: Path) -> list[bytes]:
    """The documentation's pages, shuffled by SEED."""
    with tarfile.open(archive) as opened:
        wanted = sorted((m for m in opened if "/docs/" in m.name and m.name.endswith(".txt")), key=lambda m: m.name)
        read = [file.read() for m in wanted if (file := opened.extractfile(m))]
    random.Random(SEED).shuffle(read)
    return read


def count(texts: list[bytes]) -> np.ndarray:
    """(32, 32, 32) how often each trigram of classes occurs."""
    kinds = np.frombuffer(b"\n".join((b"", *texts, b"")).translate(surprise.CLASSES), np.uint8).astype(np.int64)
    flat = kinds[:-2] * 1024 + kinds[1:-1] * 32 + kinds[2:]
    return np.bincount(flat, minlength=surprise.KINDS**3).reshape((surprise.KINDS,) * 3)


def table(counts: np.ndarray) -> bytes:
    """Sixteenths of a bit; each context leans on the one that is a character shorter (Dirichlet smoothing)."""
    judged = counts[:-1, :-1, :-1].astype(np.float64)
    one = (judged.sum((0, 1)) + 1) / (judged.sum() + surprise.BEYOND)
    two = _lean(judged.sum(0), one)
    three = _lean(judged, two)
    steps = np.zeros((surprise.KINDS,) * 3, np.uint8)
    steps[:-1, :-1, :-1] = np.clip(np.round(-np.log2(three) * surprise.STEPS), 0, 255)
    return steps.tobytes()


def _lean(counts: np.ndarray, shorter: np.ndarray) -> np.ndarray:
    return (counts + WEIGHT * shorter) / (counts.sum(-1, keepdims=True) + WEIGHT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    wanted = parser.parse_args()
    read = pages(fetch(DJANGO_DOCS, Path.home() / ".cache/thruline/archives"))
    if wanted.write:
        TABLE.write_bytes(table(count([page for n, page in enumerate(read) if n % HELD_OUT])))
    bits = [surprise.surprise(page) for page in read[::HELD_OUT]]
    noise = "".join(random.Random(SEED).choices(string.ascii_lowercase + " ", k=10_000))
    quantiles = np.quantile(bits, (0, 0.5, 0.99, 1)).round(2).tolist()
    print(f"{len(bits)} pages held out: least, median, 99 %, most bits per character {quantiles}")
    print(f"random letters: {surprise.surprise(noise.encode()):.2f}")


if __name__ == "__main__":
    main()
