"""What can be counted about a text that tells prose from debris: the scores that published filters are built on.

Gopher: Rae et al. 2021, "Scaling Language Models", table A1. C4: Raffel et al. 2020, section 2.2. RefinedWeb: Penedo et
al. 2023, appendix G. `score` is the definition, one document at a time; `quality_columns.scores` gives the same numbers
for many at ten times the speed. `quality_rules` says which numbers are good enough for what.

Words are runs of characters between ASCII white space, lines what lies between line feeds, paragraphs what lies between
blank lines; blank ones do not count, and ASCII letters are compared without their case. Scripts without spaces between
words have few words: leave out the rules marked `english` for them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from thruline.data.surprise import surprise

STOP_WORDS = (b"the", b"be", b"to", b"of", b"and", b"that", b"have", b"with")  # Gopher's eight
BULLETS = (b"-", b"*", b"+", "\u2022".encode())
ENDINGS = (b".", b"?", b"!", b'"')  # C4's terminal punctuation
ELLIPSES = (b"...", "\u2026".encode())
TOP_GRAMS = (2, 3, 4)
REPEATED_GRAMS = (5, 10)
PER_WORDS = 1000

_BLANK = re.compile(rb"\n\s*\n")
_ELLIPSIS = re.compile(b"\\.{3,}|" + ELLIPSES[1])
_LETTER = re.compile(rb"[a-z\x80-\xff]")
_DIGIT = re.compile(rb"[0-9]")


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The scores of one document; shares are in [0, 1], and 0 where there is nothing to have a share of.

    characters, words: how many. mean_word_length: characters. symbol_ratio: hash marks or ellipses, whichever are more,
    a word. digit_ratio: share of characters. alphabetic_words: share with a letter. stop_words: how many of STOP_WORDS
    occur, 0..8. punctuated_lines, ellipsis_lines, bullet_lines: share that ends, or begins, so. duplicate_lines and
    duplicate_paragraphs: share that repeats an earlier one; the same `_bytes`: their share of all bytes. top_ngram: the
    largest share of the bytes that the copies of one n-gram, two or more, make up. repeated_ngrams: share of the words'
    bytes inside an n-gram that occurred before. surprise: bits per character, 0..15.94 (see surprise.py). pii_density:
    mentions per 1,000 words. secrets: how many. toxicity: in [0, 1], None where nobody judged.
    """

    characters: int
    words: int
    mean_word_length: float
    symbol_ratio: float
    digit_ratio: float
    alphabetic_words: float
    stop_words: int
    punctuated_lines: float
    ellipsis_lines: float
    bullet_lines: float
    duplicate_lines: float
    duplicate_line_bytes: float
    duplicate_paragraphs: float
    duplicate_paragraph_bytes: float
    top_2gram: float
    top_3gram: float
    top_4gram: float
    repeated_5grams: float
    repeated_10grams: float
    surprise: float
    pii_density: float
    secrets: int
    toxicity: float | None


def score(text: str, *, mentions: int = 0, secrets: int = 0, toxicity: float | None = None) -> Quality:
    """The scores of one document.

    mentions, secrets: how much personal data and how many credentials the caller's detectors found in it. toxicity:
    what a judge said of it, 0..1.
    """
    data = text.encode(errors="replace").lower()
    words = data.split()
    lines = _stripped(data.split(b"\n"))
    paragraphs = _stripped(_BLANK.split(data))
    return Quality(
        characters=len(text),
        words=len(words),
        mean_word_length=_share(len(text) - len(data) + sum(map(len, words)), len(words)),
        symbol_ratio=_share(max(data.count(b"#"), len(_ELLIPSIS.findall(data))), len(words)),
        digit_ratio=_share(len(_DIGIT.findall(data)), len(text)),
        alphabetic_words=_share(sum(_LETTER.search(word) is not None for word in words), len(words)),
        stop_words=len(set(STOP_WORDS).intersection(words)),
        punctuated_lines=_share(sum(line.endswith(ENDINGS) for line in lines), len(lines)),
        ellipsis_lines=_share(sum(line.endswith(ELLIPSES) for line in lines), len(lines)),
        bullet_lines=_share(sum(line.split(maxsplit=1)[0] in BULLETS for line in lines), len(lines)),
        duplicate_lines=_share(len(lines) - len(set(lines)), len(lines)),
        duplicate_line_bytes=_repeated_bytes(lines),
        duplicate_paragraphs=_share(len(paragraphs) - len(set(paragraphs)), len(paragraphs)),
        duplicate_paragraph_bytes=_repeated_bytes(paragraphs),
        **{f"top_{n}gram": _top_gram(words, n, len(data)) for n in TOP_GRAMS},
        **{f"repeated_{n}grams": _repeated_grams(words, n) for n in REPEATED_GRAMS},
        surprise=surprise(data),
        pii_density=_share(mentions * PER_WORDS, len(words)),
        secrets=secrets,
        toxicity=toxicity,
    )


def _stripped(parts: Sequence[bytes]) -> list[bytes]:
    return [part for raw in parts if (part := raw.strip())]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _repeated_bytes(parts: Sequence[bytes]) -> float:
    total = sum(map(len, parts))
    return _share(total - sum(map(len, set(parts))), total)


def _top_gram(words: Sequence[bytes], n: int, size: int) -> float:
    counted = Counter(_grams(words, n))
    return min(1.0, max((len(gram) * times / size for gram, times in counted.items() if times > 1), default=0.0))


def _repeated_grams(words: Sequence[bytes], n: int) -> float:
    seen: set[bytes] = set()
    covered = bytearray(len(words))
    for i, gram in enumerate(_grams(words, n)):
        if gram in seen:
            covered[i : i + n] = b"\1" * n
        seen.add(gram)
    inside = sum(len(word) for word, is_covered in zip(words, covered, strict=True) if is_covered)
    return _share(inside, sum(map(len, words)))


def _grams(words: Sequence[bytes], n: int) -> list[bytes]:
    return [b" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
