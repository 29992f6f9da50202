"""How the vector sets of an index are spread over segments: by the leading bits of their record's digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import isqrt
from typing import NamedTuple

from thruline.core.ids import ArtifactId
from thruline.vectors.recipes import Recipe

# A change costs the rows of the segments that it touches, and a row for each segment there is. With four times the
# square root of the sets both stay small, for one record of a million (4,300 rows) and for 1 % of 50,000 (20,000).
SEGMENT_SETS = 64  # in a small index; a larger one has more in each
SEGMENTS_A_ROOT = 4


class Segment(NamedTuple):
    """The sets whose records begin alike."""

    id: ArtifactId
    chunks: int


class Tree(NamedTuple):
    """A generation from its top to its segments. sets: how many there are in all. segments: by bucket."""

    generation: ArtifactId
    recipe: Recipe
    sets: int
    segments: Mapping[int, Segment]


def bits(sets: int) -> int:
    """By how many leading bits so many sets are spread."""
    wanted = min(-(-sets // SEGMENT_SETS), SEGMENTS_A_ROOT * isqrt(sets))
    return max(wanted - 1, 0).bit_length()


def bucket(record: str, spread: int) -> int:
    """Where a record's set belongs; spread: by how many bits."""
    return int(record.rpartition(":")[2][:8], 16) >> (32 - spread)


def buckets(sets: Mapping[ArtifactId, ArtifactId]) -> dict[int, list[ArtifactId]]:
    """Vector sets (by record) in id order, in buckets in order; empty ones are left out.

    How many buckets there are depends on how many sets there are, so which one a record is in depends on no history.
    """
    spread = bits(len(sets))
    within: defaultdict[int, list[ArtifactId]] = defaultdict(list)
    for record, vectors in sets.items():
        within[bucket(record, spread)].append(vectors)
    return {number: sorted(within[number]) for number in sorted(within)}
