"""Measures dense plans on given rows, questions and filters, against the exact product of all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from thruline.ports.dense import DenseIndex, Found
from thruline.vectors.goals import FilterRecall, Measured
from thruline.vectors.plans import DensePlan
from thruline.vectors.rates import Rate, lots, rate

K = 10
SAME = 1e-5  # cosines that differ by less are equal: float32 products are summed in another order
TOPICS = 64  # neighbourhoods that the rows are parted into, to hide those around a question
SHARES = (0.5, 0.1, 0.01, 0.001)
AWAY_SHARES = (0.1, 0.01)
UNFILTERED = "no filter"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One search: a question under a filter, and the score of the worst neighbour that it should find.

    mask: bool by row, None for all. wanted: how many neighbours there are to find, at least 1.
    """

    query: np.ndarray
    mask: np.ndarray | None
    filter: str
    least: float
    wanted: int
    is_foreign: bool = False


class _Tried(NamedTuple):
    found: int
    ms: float


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Unit rows (n, dims) float32 and what is asked of them. shares: of the rows that each filter lets through.

    stored: the rows as an index that serves is given them.
    """

    stored: np.ndarray
    rows: np.ndarray
    trials: Sequence[Trial]
    shares: Mapping[str, float]


def bench(
    stored: np.ndarray, questions: np.ndarray, foreign: np.ndarray, groups: Mapping[str, np.ndarray], *, each: int,
    seen: Sequence[float] = (), seed: int = 0,
) -> Bench:  # fmt: skip
    """All questions without a filter, and `each` of them under every filter; questions, foreign: (m, dims).

    stored: (n, dims), float16 as the store has them, or float32.

    groups: masks by name. Besides them filters let a random share through, also such as were `seen`, and shares of what
    is farthest from the topic of the question, as a filter by team does to another team's question. None lets through
    fewer than K rows.
    """
    rng = np.random.default_rng(seed)
    rows, count = unit(stored.astype(np.float32)), len(stored)
    trials = [_trial(rows, q, None, UNFILTERED) for q in questions]
    trials += [_trial(rows, q, None, UNFILTERED, is_foreign=True) for q in foreign]
    shares = {UNFILTERED: 1.0}
    fixed = {n: mask for n, mask in groups.items() if K <= np.count_nonzero(mask) < count}
    shown = {f"{s:.1%} at random".replace(".0%", "%"): s for s in (*SHARES, *seen) if s * count >= 2 * K}
    fixed |= {name: rng.random(count) < s for name, s in shown.items()}
    for name, mask in fixed.items():
        shares[name] = float(mask.mean())
        trials += [_trial(rows, q, mask, name) for q in _some(questions, each, rng)]
    topics = _Topics(rows, rng)
    for share in (s for s in AWAY_SHARES if s * count >= 2 * K):
        name = f"{share:.0%} far from the question"
        shares[name] = share
        trials += [_trial(rows, q, topics.away(q, share), name) for q in _some(questions, each, rng)]
    return Bench(stored=stored, rows=rows, trials=trials, shares=shares)


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; what is stored as float16 is a little off."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def measure(plan: DensePlan, index: DenseIndex, on: Bench, *, check: Callable[[], None] = lambda: None) -> Measured:
    """Build the index and do every trial; check: called between them, may raise. Times are of this process alone."""
    began = time.perf_counter()
    index.build(on.stored)
    built = time.perf_counter() - began
    _warm(index, on)
    tried: list[_Tried] = []
    for trial in on.trials:
        check()
        tried.append(_try(index, on.rows, trial))
    done = list(zip(on.trials, tried, strict=True))
    own = [(t, d) for t, d in done if not t.is_foreign]
    times, stats = np.array([d.ms for _, d in own]), index.stats()
    recall = _rate(own)
    if index.traits.is_exact and recall.value == 1:
        recall = recall._replace(low=1.0)  # it scores every row: nothing is left to chance
    return Measured(
        plan=plan, recall=recall, foreign=_rate([(t, d) for t, d in done if t.is_foreign]),
        filters=tuple(
            FilterRecall(name=name, share=share, recall=_rate([(t, d) for t, d in own if t.filter == name]))
            for name, share in on.shares.items()
        ),
        p50_ms=float(np.quantile(times, 0.5)), p95_ms=float(np.quantile(times, 0.95)),
        memory=stats.memory, build_s=built, elsewhere=stats.disk,
    )  # fmt: skip


def scaled(one: Measured, times: float) -> Measured:
    """As it would be with so many times the rows: time, memory and build grow with them, recall is as it was found."""
    return replace(
        one, p50_ms=one.p50_ms * times, p95_ms=one.p95_ms * times, memory=round(one.memory * times),
        build_s=one.build_s * times, elsewhere=round(one.elsewhere * times),
    )  # fmt: skip


def _trial(
    rows: np.ndarray, query: np.ndarray, mask: np.ndarray | None, name: str, *, is_foreign: bool = False
) -> Trial:
    scores = rows @ query if mask is None else rows[mask] @ query
    wanted = min(K, len(scores))
    least = float(-np.partition(-scores, wanted - 1)[wanted - 1])
    return Trial(query=query, mask=mask, filter=name, least=least, wanted=wanted, is_foreign=is_foreign)


def _try(index: DenseIndex, rows: np.ndarray, trial: Trial) -> _Tried:
    """The faster of two: what another process took meanwhile is not the plan's."""
    first = _timed(index, trial)
    found, again_s = _timed(index, trial)
    allowed = found.rows if trial.mask is None else found.rows[trial.mask[found.rows]]
    hits = int(np.count_nonzero(rows[allowed] @ trial.query >= trial.least - SAME))
    return _Tried(min(hits, trial.wanted), min(first.seconds, again_s) * 1000)


class _Timed(NamedTuple):
    found: Found
    seconds: float


def _timed(index: DenseIndex, trial: Trial) -> _Timed:
    """What it would take on a machine with nothing else to do: by the clock, or in CPU time where that is less."""
    began, began_cpu = time.perf_counter(), time.process_time()
    found = index.search(trial.query, K, trial.mask)
    took, took_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    return _Timed(found, took if index.traits.lives == "server" else min(took, took_cpu))


def _rate(done: Sequence[tuple[Trial, _Tried]]) -> Rate:
    return rate(lots([(d.found, t.wanted) for t, d in done]))


def _warm(index: DenseIndex, on: Bench) -> None:
    for trial in on.trials[:3]:
        index.search(trial.query, K, trial.mask)


def _some(questions: np.ndarray, most: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for n in rng.permutation(len(questions))[:most]:
        yield questions[n]


class _Topics:
    """The rows parted by which of some of them they lie nearest to."""

    def __init__(self, rows: np.ndarray, rng: np.random.Generator) -> None:
        self._centres = rows[rng.choice(len(rows), min(TOPICS, len(rows)), replace=False)]
        self._of_row = np.argmax(rows @ self._centres.T, axis=1)
        self._sizes = np.bincount(self._of_row, minlength=len(self._centres))

    def away(self, query: np.ndarray, share: float) -> np.ndarray:
        """The topics farthest from a question, whole, until they hold a share of the rows and at least K."""
        farthest = np.argsort(self._centres @ query)
        least = max(K, share * len(self._of_row))
        upto = int(np.searchsorted(np.cumsum(self._sizes[farthest]), least)) + 1
        return np.isin(self._of_row, farthest[:upto])
