"""Which language a text is in: by its script, and among languages of one script by words, endings and letters."""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple


class _Script(NamedTuple):
    first: str
    last: str
    name: str


# In the order of letters. Latin and Cyrillic are told apart by clues; another script stands for its largest language.
_SCRIPTS = tuple(
    _Script(letters[0], letters[1], name)
    for letters, name in (
        ("az", "latin"), ("ªɏ", "latin"), ("ͰϿ", "el"), ("Ѐӿ", "cyrillic"), ("Աև", "hy"), ("את", "he"), ("؀ۿ", "ar"),
        ("ऀॿ", "hi"), ("ঀ৿", "bn"), ("਀੿", "pa"), ("઀૿", "gu"), ("஀௿", "ta"), ("ఀ౿", "te"), ("ಀ೿", "kn"), ("ഀൿ", "ml"),
        ("඀෿", "si"), ("ก๛", "th"), ("຀໿", "lo"), ("က႟", "my"), ("ა჻", "ka"), ("ሀ፿", "am"), ("ក៿", "km"),  # noqa: RUF001
        ("Ḁỿ", "latin"), ("ἀῼ", "el"), ("ぁヿ", "ja"), ("㐀䶿", "zh"), ("一鿿", "zh"), ("가힣", "ko"),
    )
)  # fmt: skip
# A character of these says what takes others several letters.
_SYLLABLES = {"zh": 4, "ja": 3, "ko": 2, "am": 2}
_STARTS = [script.first for script in _SCRIPTS]
_Weights = Mapping[str, tuple[tuple[str, float], ...]]


class _Clues(NamedTuple):
    """Words, endings and letters -> (language, weight)."""

    words: _Weights
    endings: _Weights
    letters: _Weights


_WORD = re.compile(r"[^\W\d_]+(?:['\u2019](?=\w))?")
_PERSIAN, _URDU = re.compile("[پچژگکی]"), re.compile("[ٹڈڑںےہ]")
_MOST = 1_500  # characters that are looked at: more tell nothing new
_ENDINGS = range(2, 6)
_ENDING, _LETTER = 0.4, 0.5  # of a word's weight
# Clues that it takes to say anything, how many for each word (source code and lists of names stay below), and how far
# they must be ahead of the next language's, in clues and as a share.
_LEAST, _LEAST_SHARE = 1.05, 0.06
_AHEAD, _AHEAD_SHARE = 0.15, 0.03


def language(text: str) -> str:
    """ISO 639-1 code of the language that most of the text is in; nothing where it is too short to say."""
    sample = text[:_MOST].lower()
    script = _script(sample)
    if script not in ("latin", "cyrillic"):
        return script
    words = Counter(word.replace("\u2019", "'") for word in _WORD.findall(sample))
    clues: defaultdict[str, float] = defaultdict(float)
    for word, times in words.items():
        for code, weight in _told_by(word):
            clues[code] += weight * times
    return _decided(clues, words.total())


def _decided(clues: Mapping[str, float], words: int) -> str:
    ranked = sorted(clues.items(), key=lambda item: (-item[1], item[0]))
    (best, most), (_, next_most) = (*ranked, ("", 0.0), ("", 0.0))[:2]
    told = most >= max(_LEAST, words * _LEAST_SHARE) and most - next_most >= max(_AHEAD, most * _AHEAD_SHARE)
    return best if told else ""


def _script(sample: str) -> str:
    """The script of most letters; where kana stand among them, Chinese characters are Japanese."""
    if sample.isascii():
        return "latin"
    counts: Counter[str] = Counter()
    for letter, times in Counter(sample).items():
        counts[_script_of(letter)] += times
    del counts[""]
    most = max(counts, key=lambda script: counts[script] * _SYLLABLES.get(script, 1), default="")
    if most == "zh" and counts["ja"] * 20 > counts["zh"]:
        return "ja"
    if most == "ar":
        return "ur" if _URDU.search(sample) else "fa" if _PERSIAN.search(sample) else "ar"
    return most


def _script_of(letter: str) -> str:
    """The script of a letter; nothing for what is none."""
    at = bisect(_STARTS, letter) - 1
    return _SCRIPTS[at].name if at >= 0 and letter <= _SCRIPTS[at].last and letter.isalpha() else ""


@lru_cache(maxsize=20_000)
def _told_by(word: str) -> tuple[tuple[str, float], ...]:
    """The languages that a word speaks for, and how much."""
    return tuple(_clues_in(word, _clues()))


def _clues_in(word: str, clues: _Clues) -> Iterator[tuple[str, float]]:
    yield from clues.words.get(word, ())
    for size in _ENDINGS:
        if len(word) > size + 1:
            yield from clues.endings.get(word[-size:], ())
    if not word.isascii():
        for letter in set(word):
            yield from clues.letters.get(letter, ())


@cache
def _clues() -> _Clues:
    words: defaultdict[str, list[str]] = defaultdict(list)
    endings: defaultdict[str, list[str]] = defaultdict(list)
    letters: defaultdict[str, list[str]] = defaultdict(list)
    for line in files("thruline.data").joinpath("languages.txt").read_text("utf-8").splitlines():
        code, _, listed = line.partition(": ")
        for clue in listed.split() if not line.startswith("#") else ():
            if clue.startswith("-"):
                endings[clue[1:]].append(code)
            elif clue.startswith("+"):
                for letter in clue[1:]:
                    letters[letter].append(code)
            else:
                words[clue].append(code)
    return _Clues(_shared(words, 1.0), _shared(endings, _ENDING), _shared(letters, _LETTER))


def _shared(clues: Mapping[str, list[str]], weight: float) -> _Weights:
    return {clue: tuple((code, weight / len(codes)) for code in codes) for clue, codes in clues.items()}
