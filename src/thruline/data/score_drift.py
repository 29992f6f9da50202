"""Whether what a source brings now scores otherwise than what it brought before: looked at after each block, for ever.

The last 20, 100 and 500 documents are compared with all before them. A move needs an effect, a gap between the two
distributions of .2 (two normal ones half a standard deviation apart have that), and evidence: the p-value of the gap,
times all that is compared in this look, below 1 % / (k (k + 1)) at the k-th look. Those levels add up to 1 %: that is
the chance of any alarm without a cause in the whole life of a source whose documents come in no order of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from thruline.data.drift import ks_p
from thruline.data.score_blocks import FEWEST, LANGUAGE, Block, Counts, mean, quantile, together, without

EFFECT = 0.2
LEVEL = 0.01  # of false alarms, in all looks together
BACK = 0.05  # a p-value above it: as before, for all that can be told
WINDOWS = (FEWEST, 100, 500)
_SIZE = 0.05  # two medians that differ by less than their bins tell nothing: then the averages do
Bins = Mapping[int | str, int]


@dataclass(frozen=True, kw_only=True)
class Move:
    """A score that has moved. block: the first of those that differ; window: how many documents showed it.

    before, now: the median, or the mean where the medians are equal; of `language` the share of the one named.
    """

    score: str
    block: int
    window: int
    distance: float
    before: float
    now: float
    language: str = ""


class Look(NamedTuple):
    """What one look saw. back: scores that had moved, and are as before again."""

    moved: tuple[Move, ...]
    back: tuple[str, ...]


class _Split(NamedTuple):
    """The last documents, and all before them."""

    at: int
    documents: int
    before: Counts
    now: Counts


def look(blocks: Sequence[Block], held: Mapping[str, Move]) -> Look:
    """What has moved by the last of these blocks, and of what moved earlier (held) what is back."""
    splits = list(_splits(blocks))
    level = LEVEL / (blocks[-1].number * (blocks[-1].number + 1)) if blocks else 0.0
    tests = [(split, score) for split in splits for score in split.now if score in split.before and score not in held]
    found: dict[str, tuple[float, Move]] = {}
    for split, score in tests:
        move = _move(blocks, split, score)
        if move.distance >= EFFECT:
            p = _p(score, move.distance, split.before, split.now) * len(tests)
            if p <= min(level, found.get(score, (1.0, move))[0]):
                found[score] = (p, move)
    moved = sorted((move for _, move in found.values()), key=lambda m: -m.distance)
    return Look(tuple(moved), tuple(score for score, move in held.items() if _is_back(blocks, move)))


def _splits(blocks: Sequence[Block]) -> Iterator[_Split]:
    """One for each size that leaves at least as many documents before as the least that are compared."""
    behind = list(accumulate(block.documents for block in reversed(blocks)))
    whole = _counts(blocks)
    seen: set[int] = set()
    for size in WINDOWS:
        taken = next((n for n, total in enumerate(behind, 1) if total >= size), 0)
        at = len(blocks) - taken
        if taken and at not in seen and behind and behind[-1] - behind[taken - 1] >= FEWEST:
            seen.add(at)
            now = _counts(blocks[at:])
            yield _Split(at, behind[taken - 1], without(whole, now), now)


def _is_back(blocks: Sequence[Block], move: Move) -> bool:
    """Whether as many documents as showed the move, the last ones, score as those before it did."""
    behind = list(accumulate(block.documents for block in reversed(blocks)))
    taken = next((n for n, total in enumerate(behind, 1) if total >= move.window), len(blocks))
    old = [block for block in blocks if block.number < move.block]
    before, now = _counts(old), _counts(blocks[len(blocks) - taken :])
    if not before or len(blocks) - taken < len(old):
        return False
    gap = _gap(move.score, before, now)[0]
    return gap < EFFECT / 2 or _p(move.score, gap, before, now) > BACK


def _counts(blocks: Sequence[Block]) -> Counts:
    return together(block.counts for block in blocks)


def _move(blocks: Sequence[Block], split: _Split, score: str) -> Move:
    gap, language = _gap(score, split.before, split.now)
    before, now = split.before[score], split.now[score]
    if score == LANGUAGE:
        was, is_now = _share(before, language), _share(now, language)
    else:
        was, is_now = quantile(before, 0.5), quantile(now, 0.5)
        if abs(was - is_now) <= _SIZE * max(was, is_now):
            was, is_now = mean(before), mean(now)
    return Move(
        score=score, block=blocks[split.at].number, window=split.documents, distance=gap, before=was, now=is_now,
        language=language,
    )  # fmt: skip


def _gap(score: str, before: Counts, now: Counts) -> tuple[float, str]:
    """The largest gap between two distribution functions; of languages between two shares, and of which."""
    one, other = before.get(score, {}), now.get(score, {})
    if not one or not other:
        return 0.0, ""
    bins = sorted({*one, *other}, key=str) if score == LANGUAGE else sorted({*one, *other}, key=_number)
    gaps = [_share(other, bin) - _share(one, bin) for bin in bins]
    if score == LANGUAGE:  # the one that came, where one came as another went
        widest = max(range(len(bins)), key=lambda i: (round(abs(gaps[i]), 6), gaps[i]))
        return abs(gaps[widest]), str(bins[widest])
    return max(map(abs, accumulate(gaps))), ""


def _p(score: str, gap: float, before: Counts, now: Counts) -> float:
    """Chance of this gap or a larger one by chance alone; too large, never too small, since values share bins."""
    one, other = before[score], now[score]
    choices = len({*one, *other}) if score == LANGUAGE else 1
    return min(1.0, choices * ks_p(gap, sum(one.values()), sum(other.values())))


def _share(bins: Bins, bin: int | str) -> float:
    return bins.get(bin, 0) / sum(bins.values())


def _number(bin: int | str) -> int:
    assert isinstance(bin, int)
    return bin
