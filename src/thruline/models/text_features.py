"""Text as a sparse vector of hashed n-grams and a few dense signals; numpy only, about 0.1 ms a question.

N-grams are hashed with a prefix-sum polynomial over code points, so that no Python loop runs over characters:
the hash of text[a:b] is (H[b] - H[a]) * P**-a modulo 2**64, then mixed (splitmix64) down to a bucket.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

VERSION = 1
BUCKETS = 2**18
# Not among them: the share of other scripts. It taught "not English, so an attack": all Chinese questions were flagged.
SIGNALS = ("length", "invisible", "look_alike", "upper", "long_token", "markers", "digits")
WIDTH = BUCKETS + len(SIGNALS)
MAX_CHARACTERS = 4096
WINDOW, STRIDE = 600, 400  # an attack inside a page shows in its window and drowns in the page
CHAR_GRAMS = (3, 4, 5)

# Latin letters that other scripts draw alike; the ones attacks use (Unicode confusables.txt, the common part).
_CONFUSABLE = str.maketrans(
    "аеорсухіјѕԁһԛԝвкмнтαβεικνορτυχο\u0261\u0131",
    "aeopcyxijsdhqwbkmhtabeiknoptuxogi",
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_LONG_TOKEN = re.compile(r"[A-Za-z0-9+/=_\\-]{28,}")
_MARKERS = re.compile(
    r"<\|?[a-z_/]+\|?>|\[/?(?:inst|system)\]|###|\{\{|```|^\s*(?:system|assistant|user|human)\s*:", re.I | re.M
)

_PRIME = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
_SLACK = MAX_CHARACTERS + 8


def _powers(base: int) -> np.ndarray:
    powers, value = [], 1
    for _ in range(_SLACK):
        powers.append(value)
        value = value * base & _MASK
    return np.array(powers, np.uint64)


_POWER = _powers(_PRIME)
_INVERSE = _powers(pow(_PRIME, -1, 2**64))


class Features(NamedTuple):
    """Distinct int64 columns in 0..WIDTH-1, ascending, and their float32 values."""

    columns: np.ndarray
    values: np.ndarray


def normalise(text: str) -> str:
    """What is compared: NFKC, invisible characters gone, look-alike letters folded, lower case, single spaces."""
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    text = " ".join(text.lower().split())
    return text if text.isascii() else _fold(text)


def _fold(text: str) -> str:
    """Fold look-alikes only where a word mixes scripts, so that Russian stays Russian."""
    return " ".join(_fold_word(word) for word in text.split(" "))


def _fold_word(word: str) -> str:
    if word.isascii() or not any(c.isascii() and c.isalpha() for c in word):
        return word
    return word.translate(_CONFUSABLE)


def windows(text: str) -> list[str]:
    """The overlapping parts that are scored one by one; a short text is its own only part."""
    if len(text) <= WINDOW:
        return [text]
    return [text[start : start + WINDOW] for start in range(0, len(text) - WINDOW + STRIDE, STRIDE)]


def features(text: str) -> Features:
    """The features of the first MAX_CHARACTERS of text; the n-gram part has length 1 (0 for an empty text)."""
    text = text[:MAX_CHARACTERS]
    plain = normalise(text)[:MAX_CHARACTERS]
    buckets, counts = np.unique(_grams(plain), return_counts=True)
    weights = np.log1p(counts).astype(np.float32)
    weights /= max(float(np.sqrt(weights @ weights)), 1e-9)
    signals = _signals(text, plain)
    return Features(
        np.concatenate((buckets.astype(np.int64), np.arange(BUCKETS, WIDTH))), np.concatenate((weights, signals))
    )


def _grams(plain: str) -> np.ndarray:
    codes = np.frombuffer(f" {plain} ".encode("utf-32-le"), np.uint32).astype(np.uint64)
    with np.errstate(over="ignore"):
        sums = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum((codes + np.uint64(1)) * _POWER[: len(codes)], out=sums[1:])
        spaces = np.flatnonzero(codes == 32)
        parts = [_hash(sums, np.arange(len(codes) - n + 1), n, salt=n) for n in CHAR_GRAMS if len(codes) >= n]
        # One word reaches from a space to the next, two words to the next but one.
        parts += [_hash(sums, spaces[:-n], spaces[n:] - spaces[:-n], salt=10 + n) for n in (1, 2) if len(spaces) > n]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


def _hash(sums: np.ndarray, starts: np.ndarray, length: int | np.ndarray, *, salt: int) -> np.ndarray:
    mixed = (sums[starts + length] - sums[starts]) * _INVERSE[starts] + np.uint64(salt * _PRIME & _MASK)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ (mixed >> np.uint64(31))) & np.uint64(BUCKETS - 1)


def _signals(text: str, plain: str) -> np.ndarray:
    raw = np.frombuffer(text.encode("ascii", "replace"), np.uint8)
    size = max(len(raw), 1)
    return np.array(
        (
            np.log1p(len(plain)) / 8,
            0.0 if text.isascii() else min(len(_INVISIBLE.findall(text)), 10) / 10,
            0.0 if text.isascii() else min(_look_alikes(text), 10) / 10,
            np.count_nonzero((raw >= ord("A")) & (raw <= ord("Z"))) / size,
            min(len(_LONG_TOKEN.findall(text)), 4) / 4,
            min(len(_MARKERS.findall(text)), 6) / 6,
            np.count_nonzero((raw >= ord("0")) & (raw <= ord("9"))) / size,
        ),
        np.float32,
    )


def _look_alikes(text: str) -> int:
    return sum(_fold_word(word) != word for word in text.lower().split())


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Rows in compressed sparse form: row i has columns[starts[i]:starts[i + 1]] and the values beside them."""

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray


def matrix(texts: Sequence[str]) -> Matrix:
    """The features of many texts, one row each."""
    rows = [features(text) for text in texts]
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row.columns) for row in rows], out=starts[1:])
    return Matrix(
        starts=starts,
        columns=np.concatenate([row.columns for row in rows]) if rows else np.zeros(0, np.int64),
        values=np.concatenate([row.values for row in rows]) if rows else np.zeros(0, np.float32),
    )
