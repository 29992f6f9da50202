"""Texts of any script as words with spaces between: what is compared by words is brought into this form first."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Chinese characters and those of older planes;
# and Hangul, whose words carry their particles.
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e46\u0e81-\u0ec6\u1000-\u109f\u1780-\u17d3\u3005\u3041-\u3096\u309d-\u309f\u30a1-\u30fa"
    "\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
_THAI_VOWELS = "\u0e38\u0e39"  # combining, and letters of their own


def spaced(text: str) -> str:
    """The same words: wide, ligated and decomposed letters as one writes them, runs without spaces in pairs of letters.

    Four Chinese characters become three pairs that overlap, so that every word of two is found among them. Marks over
    and under letters that are no part of one, and what has no width, are left out.
    """
    if text.isascii():
        return text
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return _RUN.sub(_pairs, _marks().sub("", text))


def _pairs(run: re.Match[str]) -> str:
    letters = run[0]
    pairs = [letters[at : at + 2] for at in range(len(letters) - 1)] or [letters]
    return f" {' '.join(pairs)} "


@cache
def _marks() -> re.Pattern[str]:
    """What stands over, under or between letters and is none: points, tones, viramas, joiners, soft hyphens."""
    known = (chr(code) for code in (*range(0xAD, 0x3100), 0xFEFF))
    marks = (c for c in known if unicodedata.combining(c) or unicodedata.category(c) == "Cf")
    return re.compile(f"[{''.join(c for c in marks if c not in _THAI_VOWELS)}]+")
