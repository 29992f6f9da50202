"""A disposable index over unit vectors: rebuilt from the store of record at any time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

from thruline.core.units import Bytes

if TYPE_CHECKING:
    import numpy as np


Scan = Literal["none", "gather", "whole", "masked", "engine", "standby"]


class Found(NamedTuple):
    """rows: int64 positions, best first. scores: float32 cosine. Both of length <= k.

    scan: how they were found: every allowed row `gather`ed and scored, the `whole` index scanned, a scan that left out
    what is `masked`, in the engine's own way, or by a local `standby` while the engine's server is away. candidates:
    how many rows were scored exactly; 0 where nobody counts.
    missed: allowed rows that could not be looked at, since the place that holds them is away.
    """

    rows: np.ndarray
    scores: np.ndarray
    scan: Scan = "engine"
    candidates: int = 0
    missed: int = 0


Promise = Literal["recall", "filters", "hidden nearest", "count", "fresh", "deleted", "repeatable", "erased"]
# What the suite holds every engine to, as the reference says it.
PROMISES: Mapping[Promise, str] = {
    "recall": "finds its share of the ten nearest among all rows",
    "filters": "finds it among a random 90, 50, 10 and 1 % of the rows",
    "hidden nearest": "finds it where the filter hides the rows that are nearest to the question",
    "count": "gives k whenever k are allowed, however few that is of all",
    "fresh": "finds a row when adding it has returned",
    "deleted": "never finds a deleted row",
    "repeatable": "two builds of the same rows answer the same, to the bit",
    "erased": "leaves no byte of a deleted row in its files or its server's tables",
}


@dataclass(frozen=True, kw_only=True)
class DenseTraits:
    """What an engine promises, so that a planner can work around what it does not.

    is_exact: it scores every allowed row. mask: `before` when what may not be found is left out before anything is
    scored, so that k come back whenever k are allowed; `after` when fewer may. lives: whether its rows go with this
    process, lie in files of this machine, or on a server. recall: the share of the ten nearest that the suite holds it
    to. gaps: promises that it does not keep, each with the reason.
    """

    is_exact: bool
    mask: Literal["before", "after"]
    lives: Literal["process", "files", "server"] = "process"
    recall: float = 0.999
    gaps: Mapping[Promise, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DenseStats:
    """rows: that can be found. deleted: still taking room. memory: of this process; disk: of files or a server."""

    rows: int
    deleted: int
    memory: Bytes
    disk: Bytes = 0


@runtime_checkable
class Keepable(Protocol):
    """An index that can be put away as bytes, so that the next process need not build it."""

    def dump(self) -> Mapping[str, bytes] | None:
        """All of it, in named parts; None where it cannot be, as while rows that are gone lie in it."""
        ...

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """As it was put away; replaces what was there. Raises Corrupt for what another version, or nobody, put away."""
        ...


class DenseIndex(Protocol):
    """Maximum inner product over numbered rows: 0..n-1 of the matrix given at the start, then n.. as they are added.

    A row keeps its number, also where others are deleted. Many threads may search while one adds or deletes: a
    search sees some moment between.
    """

    traits: DenseTraits

    def build(self, vectors: np.ndarray) -> None:
        """Take (n, dims) float32 unit rows, or float16; replaces what was there. n may be 0."""
        ...

    def add(self, vectors: np.ndarray) -> None:
        """Take more rows, numbered on from the last, deleted ones counted; they can be found when this returns."""
        ...

    def delete(self, rows: np.ndarray) -> None:
        """Never find these rows (int64) again, and keep nothing of their values; one that is gone is no error."""
        ...

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best rows among those where mask is true; scores are exact cosines.

        mask: bool of length <= rows ever given; rows beyond its end are not allowed. When fewer than k rows are
        allowed, all of them come back; k never costs rows that the mask allows, unless the traits say `after`.
        """
        ...

    def stats(self) -> DenseStats:
        """What it holds now."""
        ...

    def close(self) -> None:
        """Give memory, files and connections back; what lies on a server stays until it is dropped there."""
        ...


class KeptIndex(DenseIndex, Protocol):
    """A dense index whose rows lie in files or on a server, and are still there when it is opened again.

    `build` sends what is not there yet; what is there and was not given is not found, and goes with `scrub`.
    """

    out_of_scope: tuple[str, ...]  # where deleted rows can still lie after `scrub`, as a receipt has to say

    def check(self) -> None:
        """Raises Unavailable where the place is away."""
        ...

    def scrub(self) -> None:
        """Keep nothing there, in no byte that can be reached, but the rows that this index holds now."""
        ...

    def drop(self) -> None:
        """Take all of it away from there, under whatever options it was made."""
        ...
