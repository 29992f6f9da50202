"""How unlike English prose a text is, in bits per character: a character trigram model of 32 KiB.

P(c | a, b) over 32 classes of byte (letters, and six kinds of everything else) was counted on the documentation of
Django 5.2.19 (BSD-3-Clause) by scripts/train_surprise.py. Encyclopaedia paragraphs in English (XQuAD) have 2.8 to 4.7
bits, in German and Spanish 4.1 to 5.7, Python modules 2.6 to 4.5, base64 and random letters 11. It knows nothing of
other scripts: a trigram with a byte beyond ASCII is not judged, nor is a text that consists mostly of them.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

KINDS = 32
BEYOND = 31  # the class of every byte of a multi-byte character
STEPS = 16  # the table holds sixteenths of a bit, at most 255 of them

_SPACE, _LINE, _DIGIT, _MARK, _SYMBOL = range(26, 31)


def _class_of(byte: int) -> int:
    character = chr(byte).lower()
    if byte >= 128:
        return BEYOND
    if character.isalpha():
        return ord(character) - ord("a")
    if character.isdigit():
        return _DIGIT
    if character == "\n":
        return _LINE
    return _SPACE if character.isspace() else _MARK if character in ".,;:!?'\"()-" else _SYMBOL


CLASSES = bytes(_class_of(byte) for byte in range(256))


def surprise(data: bytes) -> float:
    """Mean of -log2 P over the characters of a text in UTF-8, in [0, 15.94]; 0 where less than half can be judged."""
    table, kinds = costs(), b"\n".join((b"", data, b"")).translate(CLASSES)
    steps = judged = 0
    for a, b, c in zip(kinds, kinds[1:], kinds[2:], strict=False):
        if BEYOND not in (a, b, c):
            steps += table[a << 10 | b << 5 | c]
            judged += 1
    return steps / judged / STEPS if 2 * judged >= max(len(data), 1) else 0.0


@cache
def costs() -> bytes:
    """Sixteenths of a bit for each trigram of classes a, b, c, at a * 1024 + b * 32 + c; 0 where one is BEYOND."""
    return files("thruline.data").joinpath("surprise.bin").read_bytes()
