"""Train, validation and test without near-copies across them."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from rensa import RMinHash  # pyright: ignore[reportAttributeAccessIssue] - a compiled module without stubs

from thruline.models.datasets import PEOPLE
from thruline.models.text_features import normalise

PERMUTATIONS = 32
BAND = 4  # 8 bands of 4: two texts that share 60 % of their shingles meet with probability 2/3, at 80 % with .98
LARGEST_TESTED_SHARE = 0.02  # a family larger than this would decide a test alone; it goes to train
TRAIN, VALIDATION = 0.7, 0.85


def build(rows: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """The rows without copies and contradictions, with a column `split`, in an order that only content decides.

    Exact copies (after normalising) are dropped, and so are texts that carry both labels. Near-copies become one
    group, which never straddles; of near-copies in different pages or records only the first stays. Rows that name
    people are learned from and never judged by: no test, threshold or calibration changes when one of them goes.
    """
    keyed = rows.with_columns(pl.Series("key", [_key(text) for text in rows["text"]], pl.String))
    agreed = keyed.filter((pl.col("key") != "") & (pl.col("label").n_unique().over("key") == 1))
    unique = agreed.sort("key", "origin", "group", "text").unique("key", keep="first", maintain_order=True)
    grouped = unique.with_columns(_families(unique["key"].to_list(), unique["group"].to_list()))
    kept = grouped.filter(pl.col("group") != "")
    return kept.with_columns(_split(kept, seed)).drop("key")


def group_of(name: str) -> str:
    """How rows of a page or record are marked once they are split."""
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", " ", normalise(text)).strip()


def _families(keys: Sequence[str], groups: Sequence[str]) -> pl.Series:
    """For each row its family; "" for a row that repeats another page or record and should go."""
    parent = list(range(len(keys)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    repeats: set[int] = set()
    for first, *others in _meetings(keys):
        for other in others:
            if groups[first] == groups[other] == "":
                parent[root(other)] = root(first)
            elif groups[first] != groups[other]:
                repeats.add(other if groups[other] else first)
    names = (groups[i] or keys[root(i)] for i in range(len(keys)))
    return pl.Series("group", ["" if i in repeats else group_of(name) for i, name in enumerate(names)], pl.String)


def _meetings(keys: Sequence[str]) -> Iterable[list[int]]:
    """Rows whose MinHash agrees in a whole band."""
    if not keys:
        return []
    met: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    sketches = np.array(RMinHash.digests_from_token_sets([_shingles(key) for key in keys], PERMUTATIONS, 0), np.uint32)
    for band in range(0, PERMUTATIONS, BAND):
        for i, part in enumerate(sketches[:, band : band + BAND]):
            met[band, part.tobytes()].append(i)
    return met.values()


def _shingles(key: str) -> list[str]:
    """Words and pairs of words, with every number alike: templates differ by their numbers."""
    words = re.sub(r"\d+", "0", key).split()
    return [*words, *(f"{a} {b}" for a, b in pairwise(words))]


def _split(rows: pl.DataFrame, seed: int) -> pl.Series:
    sizes: dict[str, int] = dict(rows["group"].value_counts().iter_rows())
    limit = max(2, LARGEST_TESTED_SHARE * len(rows))
    taught = {group for group, size in sizes.items() if size > limit}
    taught |= set(rows.filter(pl.col("origin") == PEOPLE.name)["group"])
    sides = {group: "train" if group in taught else _side(group, seed) for group in sizes}
    return pl.Series("split", [sides[group] for group in rows["group"]], pl.String)


def _side(group: str, seed: int) -> str:
    draw = int.from_bytes(hashlib.blake2b(f"{seed} {group}".encode(), digest_size=8).digest(), "little") / 2**64
    return "train" if draw < TRAIN else "validation" if draw < VALIDATION else "test"
