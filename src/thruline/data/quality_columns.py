"""The scores of `quality.score` for many documents at once: numpy over the bytes of whole blocks of documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from thruline.data import quality, surprise
from thruline.data.quality_rules import Rule
from thruline.data.word_hashes import Block, Words, blocks, find_words, grams, mixed, spans, text_of

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class _Text:
    """A block with what several scores need of it."""

    block: Block
    words: Words

    @cached_property
    def before(self) -> np.ndarray:
        """(words + 1,) bytes of the words before each."""
        return np.concatenate(([0], np.cumsum(self.words.ends - self.words.starts)))

    @cached_property
    def of_word(self) -> np.ndarray:
        """(words,) the text that each word belongs to."""
        return text_of(self.words)

    @cached_property
    def sizes(self) -> np.ndarray:
        """(texts,) bytes."""
        return self.block.ends - self.block.starts

    @cached_property
    def word_counts(self) -> np.ndarray:
        """(texts,) words."""
        return np.diff(self.words.bounds)

    @cached_property
    def word_bytes(self) -> np.ndarray:
        """(texts,) bytes that are not white space."""
        return np.diff(self.before[self.words.bounds])

    def sums(self, members: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """(texts,) how many of the words `members` each has, or the sum of their weights."""
        return np.bincount(self.of_word[members], weights, len(self.sizes))

    def counts(self, positions: np.ndarray) -> np.ndarray:
        """(texts,) how many of these positions of bytes, ascending, lie in each."""
        return np.searchsorted(positions, self.block.ends) - np.searchsorted(positions, self.block.starts)


def scores(texts: Sequence[str], *, mentions: Sequence[int], secrets: Sequence[int]) -> Columns:
    """Field of Quality -> (len(texts),) its numbers, as `quality.score` gives them one by one; without `toxicity`.

    mentions, secrets: how much personal data and how many credentials the caller's detectors found in each.
    """
    columns = _measure(texts)
    density = np.array(mentions, np.int64) * quality.PER_WORDS / np.maximum(columns["words"], 1)
    with_words = np.where(columns["words"] > 0, density, 0.0)
    return columns | {"pii_density": with_words, "secrets": np.array(secrets, np.int64)}


def failing(columns: Columns, rule: Rule) -> np.ndarray:
    """The documents that fail a rule, by their index; none where nobody measured its score."""
    values = columns.get(rule.score)
    return np.zeros(0, np.int64) if values is None else np.flatnonzero((values < rule.low) | (values > rule.high))


def _measure(texts: Sequence[str]) -> Columns:
    encoded = [text.encode(errors="replace").lower() for text in texts]
    parts = [_measured(block, texts[block.first : block.first + len(block.starts)]) for block in blocks(encoded)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measured(block: Block, texts: Sequence[str]) -> Columns:
    text = _Text(block, find_words(block))
    characters = np.fromiter(map(len, texts), np.int64, len(texts))
    lines, paragraphs = _heads(text)
    return (
        _sizes(text, characters)
        | _vocabulary(text)
        | _edges_of_lines(text, lines)
        | _duplicates(text, lines, "line")
        | _duplicates(text, paragraphs, "paragraph")
        | _repetition(text)
        | {"surprise": _surprise(block)}
    )


def _sizes(text: _Text, characters: np.ndarray) -> Columns:
    data = text.block.data
    hashes = text.counts(np.flatnonzero(data == ord("#")))
    digits = text.counts(np.flatnonzero((data - np.uint8(ord("0"))) < 10))
    return {
        "characters": characters,
        "words": text.word_counts,
        "mean_word_length": _share(characters - text.sizes + text.word_bytes, text.word_counts),
        "symbol_ratio": _share(np.maximum(hashes, text.counts(_ellipses(data))), text.word_counts),
        "digit_ratio": _share(digits, characters),
    }


def _ellipses(data: np.ndarray) -> np.ndarray:
    """Where runs of three dots or more, and the characters of three dots, begin."""
    dots = np.flatnonzero(data == ord("."))
    is_second = np.diff(dots, prepend=-2) == 1
    is_first_of_three = ~is_second[:-2] & is_second[1:-1] & is_second[2:]
    return np.union1d(dots[:-2][is_first_of_three], _places(data, quality.ELLIPSES[1]))


def _places(data: np.ndarray, wanted: bytes) -> np.ndarray:
    """Where the bytes occur; the first of them has to be rare."""
    found = np.flatnonzero(data[: len(data) - len(wanted) + 1] == wanted[0])
    for offset, byte in enumerate(wanted[1:], 1):
        found = found[data[found + offset] == byte]
    return found


def _vocabulary(text: _Text) -> Columns:
    words, data = text.words, text.block.data
    is_letter = ((data - np.uint8(ord("a"))) < 26) | (data >= 128)
    has_letter = np.logical_or.reduceat(is_letter, words.starts) if len(words.starts) else np.zeros(0, bool)
    alphabetic = text.sums(np.flatnonzero(has_letter))
    stop_words = sum(
        (text.sums(np.flatnonzero(words.hashes == h)) > 0).astype(np.int64) for h in _hashed(quality.STOP_WORDS)
    )
    return {"alphabetic_words": _share(alphabetic, text.word_counts), "stop_words": np.asarray(stop_words)}


@cache
def _hashed(wanted: tuple[bytes, ...]) -> np.ndarray:
    (block,) = blocks([b" ".join(wanted)])
    return find_words(block).hashes


def _surprise(block: Block) -> np.ndarray:
    kinds = np.frombuffer(surprise.CLASSES, np.uint8).astype(np.uint16).take(block.data)
    costs = np.frombuffer(surprise.costs(), np.uint8).take((kinds[:-2] << 10) | (kinds[1:-1] << 5) | kinds[2:])
    costs = np.append(costs, np.uint8(0))
    costs[block.ends - 1] = 0  # the trigram that reaches from one text into the next
    steps = np.add.reduceat(costs, block.starts - 1, dtype=np.int64)
    size = block.ends - block.starts
    judged = size - _beyond(block, kinds)
    return np.where(2 * judged >= np.maximum(size, 1), _share(steps, judged), 0.0) / surprise.STEPS


def _beyond(block: Block, kinds: np.ndarray) -> np.ndarray:
    """(texts,) trigrams with a byte beyond ASCII."""
    beyond = np.flatnonzero(kinds == surprise.BEYOND)
    touched = np.unique(np.concatenate((beyond - 2, beyond - 1, beyond)))
    return np.searchsorted(touched, block.ends - 1) - np.searchsorted(touched, block.starts - 1)


def _heads(text: _Text) -> tuple[np.ndarray, np.ndarray]:
    """The first words of all lines, and those of all paragraphs."""
    words = text.words
    following = np.searchsorted(words.starts, np.flatnonzero(text.block.data == ord("\n")))
    lines, feeds = np.unique(following[following < len(words.starts)], return_counts=True)
    of_texts = words.bounds[:-1][text.word_counts > 0]
    return lines, np.union1d(lines[feeds > 1], of_texts)


def _edges_of_lines(text: _Text, heads: np.ndarray) -> Columns:
    data, words = text.block.data, text.words
    starts, ends = words.starts[heads], _ends(text, heads)
    lines = text.sums(heads)
    length = words.ends[heads] - starts
    bullets = sum(
        (_begin(data, starts, bullet) & (length == len(bullet))).astype(np.int64) for bullet in quality.BULLETS
    )
    kinds = {
        "punctuated_lines": np.isin(data[ends - 1], [ending[0] for ending in quality.ENDINGS]),
        "ellipsis_lines": np.any([_begin(data, ends - len(e), e) for e in quality.ELLIPSES], axis=0),
        "bullet_lines": np.asarray(bullets) > 0,
    }
    return {name: _share(text.sums(heads[is_so]), lines) for name, is_so in kinds.items()}


def _begin(data: np.ndarray, positions: np.ndarray, wanted: bytes) -> np.ndarray:
    """Whether `wanted` stands at each position; outside of the data stands nothing."""
    at = [data.take(positions + offset, mode="clip") == byte for offset, byte in enumerate(wanted)]
    return np.all(at, axis=0)


def _ends(text: _Text, heads: np.ndarray) -> np.ndarray:
    return text.words.ends[np.append(heads, len(text.words.ends))[1:] - 1]


def _duplicates(text: _Text, heads: np.ndarray, unit: str) -> Columns:
    starts, ends = text.words.starts[heads], _ends(text, heads)
    sizes = ends - starts
    order, is_repeat = _equals(spans(text.words.sums, starts, ends), text.of_word[heads])
    repeats = order[is_repeat]
    return {
        f"duplicate_{unit}s": _share(text.sums(heads[repeats]), text.sums(heads)),
        f"duplicate_{unit}_bytes": _share(text.sums(heads[repeats], sizes[repeats]), text.sums(heads, sizes)),
    }


def _repetition(text: _Text) -> Columns:
    """What occurs twice begins with something shorter that does: each length looks only where the last one found."""
    columns: Columns = {}
    firsts = np.arange(len(text.of_word))
    for n in (*quality.TOP_GRAMS, *quality.REPEATED_GRAMS):
        same = _same_grams(text, n, firsts)
        if n in quality.TOP_GRAMS:
            columns[f"top_{n}gram"] = _top_gram(text, n, same)
        else:
            columns[f"repeated_{n}grams"] = _repeated_grams(text, n, same)
        firsts = np.sort(same.firsts)
    return columns


class _Same(NamedTuple):
    """The first words of n-grams that occur twice or more in their text, the equal ones together and in order."""

    firsts: np.ndarray
    is_repeat: np.ndarray


def _same_grams(text: _Text, n: int, firsts: np.ndarray) -> _Same:
    of = text.of_word
    firsts = firsts[firsts + n <= len(of)]
    firsts = firsts[of[firsts] == of[firsts + n - 1]]
    order, is_repeat = _equals(grams(text.words.hashes, n)[firsts], of[firsts])
    is_shared = is_repeat | np.append(is_repeat, False)[1:]
    return _Same(firsts[order[is_shared]], is_repeat[is_shared])


def _top_gram(text: _Text, n: int, same: _Same) -> np.ndarray:
    heads = np.flatnonzero(~same.is_repeat)
    times = np.diff(np.append(heads, len(same.firsts)))
    first = same.firsts[heads]
    covered = (text.before[first + n] - text.before[first] + n - 1) * times
    most = np.zeros(len(text.sizes), np.int64)
    np.maximum.at(most, text.of_word[first], covered)
    return np.minimum(_share(most, text.sizes), 1.0)


def _repeated_grams(text: _Text, n: int, same: _Same) -> np.ndarray:
    repeats = same.firsts[same.is_repeat]
    change = np.zeros(len(text.of_word) + 1, np.int64)
    change[repeats] += 1
    change[repeats + n] -= 1
    covered = np.flatnonzero(np.cumsum(change[:-1]))
    return _share(text.sums(covered, np.diff(text.before)[covered]), text.word_bytes)


def _equals(hashes: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An order that puts equal hashes of one text beside each other, and whether each repeats the one before it.

    The index stands in the low bits of what is sorted, so that a plain sort keeps the order of the text.
    """
    bits = np.uint64(max(len(hashes), 1).bit_length())
    salted = hashes ^ mixed(of.astype(np.uint64) + np.uint64(1))
    keys = np.sort((salted >> bits << bits) | np.arange(len(hashes), dtype=np.uint64))
    groups = keys >> bits
    is_repeat = np.zeros(len(keys), bool)
    is_repeat[1:] = groups[1:] == groups[:-1]
    return (keys & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64), is_repeat


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
